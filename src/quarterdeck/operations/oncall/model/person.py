"""Somebody whom a schedule names, and who that is. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Known(StrEnum):
    """What is known of somebody."""

    KNOWN = "known"
    SHUT_OUT = "shut out"
    UNKNOWN = "not known"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody whom a schedule names.

    Attributes:
        word: as the schedule has it: an address, or an id.
        id: of the principal; empty where there is none.
    """

    word: str
    name: str
    known: Known = Known.UNKNOWN
    id: str = ""


NOBODY = Person(word="", name="nobody")


@dataclass(frozen=True, slots=True)
class People:
    """Those whom schedules name, by their words."""

    found: Mapping[str, Person]

    def of(self, word: str) -> Person:
        """Who that is; somebody not known where nobody is."""
        if not word:
            return NOBODY
        return self.found.get(word, Person(word=word, name=word))

    def same(self, one: str, other: str) -> bool:
        """Whether two words are the same person."""
        mine, theirs = self.of(one), self.of(other)
        return one.lower() == other.lower() or (bool(mine.id) and mine.id == theirs.id)
