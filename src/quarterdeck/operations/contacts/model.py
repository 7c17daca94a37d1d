"""A contact: who or what can be reached, at which level, about what, and how. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from quarterdeck.kernel.errors import Conflict, Invalid, NotFound
from quarterdeck.kernel.text import is_storable

NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?")
MAIL = re.compile(r"[^@\s]+@[^@\s]+")
WORD = re.compile(r"[a-z0-9]+")
MAX_TEXT, MAX_MANY, MAX_LEVEL = 500, 50, 9
LONGEST_MIN = 366 * 24 * 60


class UnusableContact(Invalid):
    """A contact that cannot be kept; the message says which part, and why."""


class NoSuchContact(NotFound):
    """There is no such contact, or none that this actor may see."""


class ContactChanged(Conflict):
    """Somebody else changed the contact meanwhile."""


class Section(StrEnum):
    """What a contact is in the directory, in its order."""

    ON_CALL = "on-call"
    ESCALATION = "escalation"
    EXPERT = "expert"
    STAKEHOLDER = "stakeholder"
    VENDOR = "vendor"
    CUSTOMER = "customer"


class Means(StrEnum):
    """By what somebody is reached."""

    MAIL = "mail"
    PHONE = "phone"
    SMS = "sms"
    PAGER = "pager"
    CHAT = "chat"
    PORTAL = "portal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """One way to reach them.

    Attributes:
        address: a mail address, a number, a channel or a person's name there, a page.
        note: what to know of it: ``say severity A``.
    """

    means: Means
    address: str
    note: str = ""

    def __post_init__(self) -> None:
        _check_text(f"the address by {self.means.value}", self.address, least=1)
        _check_text("a channel's note", self.note)
        if self.means is Means.MAIL and not MAIL.fullmatch(self.address):
            raise UnusableContact(f"{self.address[:80]!r} is no mail address; expected NAME@HOST")


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """An entry of the directory; its name is its own within the tenant.

    Attributes:
        level: of escalation, 1 to 9; 0: of none.
        channels: the first is tried first.
        responds_in_min: within how many minutes they promise to answer; None: no promise.
        coverage: when: ``24/7``.
        topics: what they know about, in words as alerts have them: ``database``.
        tenants: of a customer: which tenants are theirs.
        critical_only: nobody calls them for less.
    """

    name: str
    title: str
    section: Section
    level: int = 0
    channels: tuple[Channel, ...]
    responds_in_min: int | None = None
    coverage: str = ""
    topics: tuple[str, ...] = ()
    tenants: tuple[str, ...] = ()
    critical_only: bool = False
    note: str = ""

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name):
            raise UnusableContact(
                f"{self.name[:80]!r} is no name; expected a-z, 0-9 and dashes, at most 64"
            )
        _check_text("title", self.title, least=1)
        _check_text("coverage", self.coverage)
        _check_text("note", self.note)
        for word in (*self.topics, *self.tenants):
            _check_text("a topic or tenant", word, least=1)
        if not 0 <= self.level <= MAX_LEVEL:
            raise UnusableContact(f"level is 0 to {MAX_LEVEL}; 0: of none")
        if self.responds_in_min is not None and not 1 <= self.responds_in_min <= LONGEST_MIN:
            raise UnusableContact(f"responds_in_min is 1 to {LONGEST_MIN}")
        if not 1 <= len(self.channels) <= MAX_MANY:
            raise UnusableContact(f"a contact is reached by 1 to {MAX_MANY} channels")
        if max(len(self.topics), len(self.tenants)) > MAX_MANY:
            raise UnusableContact(f"a contact has at most {MAX_MANY} topics, and tenants")

    def knows(self, words: frozenset[str]) -> bool:
        """Whether one of its topics is among ``words``, each of its words being there."""
        return any(words_of([topic]) <= words for topic in self.topics)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A contact as it stands.

    Attributes:
        by: who wrote it so, and ``at`` when.
    """

    tenant: str
    version: int
    by: str
    at: datetime
    contact: Contact


def words_of(texts: Iterable[str]) -> frozenset[str]:
    """The words of ``texts``, in lower case: ``atp-database`` has two."""
    return frozenset(word for text in texts for word in WORD.findall(text.lower()))


def _check_text(what: str, text: str, *, least: int = 0) -> None:
    if not least <= len(text.strip()) or len(text) > MAX_TEXT:
        raise UnusableContact(f"{what} has {least} to {MAX_TEXT} characters")
    if not is_storable(text) or "\n" in text:
        raise UnusableContact(f"{what} must be one line, without NUL and lone surrogates")
