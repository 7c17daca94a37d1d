"""What quick-reference cards tell: that one was written or removed."""

from dataclasses import dataclass
from typing import ClassVar

from quarterdeck.kernel.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class CardWritten(Event):
    """Somebody wrote a card, or changed it.

    Attributes:
        digest: SHA-256 of what it says, as JSON with sorted keys, hexadecimal.
    """

    action: ClassVar[str] = "cards:write"
    about: ClassVar[str] = "card"
    public: ClassVar[frozenset[str]] = frozenset({"card", "version", "digest"})
    card: str
    version: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CardRemoved(Event):
    """Somebody took a card away."""

    action: ClassVar[str] = "cards:remove"
    about: ClassVar[str] = "card"
    public: ClassVar[frozenset[str]] = frozenset({"card", "version"})
    card: str
    version: str
