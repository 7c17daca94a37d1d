"""Text as mappings, lists and words; each scalar is the text it is written as. Pure.

So 10:00 is no number of seconds and ``no`` no truth, as YAML 1.1 would have it.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, TypeVar

import yaml

from quarterdeck.kernel.composing import Unreadable, compose, lined
from quarterdeck.operations.oncall.model.faults import UnusableSchedule

LARGEST = 256 * 1024
MOST_NODES = 50_000
MOST_WHOLE = 999_999
TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
NOTHING = ("", "~", "null")
Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Part:
    """Something in a text, and where it stands: ``layers[0].people``."""

    found: Any
    where: str = "text"

    def refuse(self, why: str) -> UnusableSchedule:
        """What to raise."""
        return UnusableSchedule(f"{self.where}: {why}", "#/text")

    def fields(self, known: Sequence[str]) -> "dict[str, Part]":
        """What a mapping says, by its names; raise where it says what is not ``known``."""
        if not isinstance(self.found, dict):
            raise self.refuse(f"expected a mapping, got {_shown(self.found)}")
        for name in self.found:
            if name not in known:
                raise self.refuse(f"{_shown(name)} is none of {', '.join(known)}")
        return {
            name: Part(value, f"{self.where}.{name}" if self.where != "text" else name)
            for name, value in self.found.items()
            if value not in NOTHING
        }

    def items(self) -> "list[Part]":
        """What a list says."""
        if not isinstance(self.found, list):
            raise self.refuse(f"expected a list, got {_shown(self.found)}")
        return [Part(value, f"{self.where}[{n}]") for n, value in enumerate(self.found)]

    def word(self) -> str:
        """The text that it is."""
        if not isinstance(self.found, str):
            raise self.refuse(f"expected a text, got {_shown(self.found)}")
        if not all(letter.isprintable() or letter == "\n" for letter in self.found):
            raise self.refuse(f"expected what can be printed, got {_shown(self.found)}")
        return self.found

    def one_of(self, words: Sequence[str]) -> str:
        """One of some words."""
        if self.word().lower() not in words:
            raise self.refuse(f"expected one of {', '.join(words)}, got {_shown(self.found)}")
        return self.word().lower()

    def whole(self) -> int:
        """A whole number; JSON has them too."""
        if type(self.found) is int and 0 <= self.found <= MOST_WHOLE:
            return self.found
        if not re.fullmatch(r"[0-9]{1,6}", self.word()):
            raise self.refuse(f"expected a whole number, got {_shown(self.found)}")
        return int(self.word())

    def time(self) -> time:
        """A time of the wall clock."""
        if not TIME.fullmatch(self.word()):
            raise self.refuse(f"expected a time such as 09:00, got {_shown(self.found)}")
        return time.fromisoformat(self.word())

    def date(self) -> date:
        """A day."""
        return self._read(date.fromisoformat, "a date such as 2026-12-25")

    def moment(self) -> datetime:
        """A date and time, aware or by the wall clock."""
        return self._read(datetime.fromisoformat, "a date and time such as 2026-01-05T09:00")

    def _read(self, read: Callable[[str], Found], what: str) -> Found:
        try:
            return read(self.word())
        except ValueError as error:
            raise self.refuse(f"expected {what}, got {_shown(self.found)}") from error


def plain(text: str) -> Part:
    """What a text in YAML or JSON says; raise UnusableSchedule where it is neither."""
    if len(text) > LARGEST:
        raise UnusableSchedule(f"a schedule has at most {LARGEST} characters")
    try:
        node = compose(text, MOST_NODES)
        with lined():
            return Part(yaml.constructor.BaseConstructor().construct_document(node))
    except Unreadable as error:
        raise UnusableSchedule(str(error)) from error


def _shown(found: object) -> str:
    return repr(found)[:80]
