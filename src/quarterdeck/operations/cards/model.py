"""A quick-reference card: what to do at once, in a few steps. Pure."""

import re
from dataclasses import dataclass
from datetime import datetime

from quarterdeck.kernel.errors import Conflict, Invalid, NotFound
from quarterdeck.kernel.text import is_storable

NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?")
ADDRESS = re.compile(r"https?://\S+")
MAX_TEXT, MAX_COMMAND, MAX_STEPS, MAX_WORDS = 500, 2000, 12, 20


class UnusableCard(Invalid):
    """A card that cannot be kept; the message says which part, and why."""


class NoSuchCard(NotFound):
    """There is no such card, or none that this actor may see."""


class CardChanged(Conflict):
    """Somebody else changed the card meanwhile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing to do, or one of several ways to do it.

    Attributes:
        command: a line for a terminal; what differs stands in braces: ``{service}``.
        url: where to look.
    """

    text: str
    command: str = ""
    url: str = ""

    def __post_init__(self) -> None:
        _check_text("a step", self.text, least=1)
        _check_text("a command", self.command, most=MAX_COMMAND)
        _check_text("an address", self.url)
        if self.url and not ADDRESS.fullmatch(self.url):
            raise UnusableCard(f"{self.url[:80]!r} is no address; expected https://...")


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A card; its name is its own within the tenant.

    Attributes:
        use: when to take it in hand.
        severities: of an incident beside which it is shown, in the words of its ladder.
        steps: in the order in which they are done.
    """

    name: str
    title: str
    use: str = ""
    severities: tuple[str, ...] = ()
    steps: tuple[Step, ...]

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name):
            raise UnusableCard(
                f"{self.name[:80]!r} is no name; expected a-z, 0-9 and dashes, at most 64"
            )
        _check_text("title", self.title, least=1)
        _check_text("use", self.use)
        for word in self.severities:
            _check_text("a severity", word, least=1)
        if not 1 <= len(self.steps) <= MAX_STEPS:
            raise UnusableCard(f"a card has 1 to {MAX_STEPS} steps: more is a runbook")
        if len(self.severities) > MAX_WORDS:
            raise UnusableCard(f"a card has at most {MAX_WORDS} severities")

    def is_for(self, words: frozenset[str]) -> bool:
        """Whether it is shown beside an incident whose severity is called one of ``words``."""
        known = {word.casefold() for word in words}
        return any(word.casefold() in known for word in self.severities)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A card as it stands.

    Attributes:
        by: who wrote it so, and ``at`` when.
    """

    tenant: str
    version: int
    by: str
    at: datetime
    card: Card


def _check_text(what: str, text: str, *, least: int = 0, most: int = MAX_TEXT) -> None:
    if not least <= len(text.strip()) or len(text) > most:
        raise UnusableCard(f"{what} has {least} to {most} characters")
    if not is_storable(text) or "\n" in text:
        raise UnusableCard(f"{what} must be one line, without NUL and lone surrogates")
