"""What people did about messages that nobody took."""

from dataclasses import dataclass
from typing import ClassVar

from quarterdeck.kernel.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRetried(Event):
    """Somebody had a message sent anew that was given up.

    Attributes:
        what: what it is about: ``page/ID``, ``channel/NAME``.
    """

    action: ClassVar[str] = "messages:retry"
    about: ClassVar[str] = "message"
    public: ClassVar[frozenset[str]] = frozenset({"message", "what"})
    message: str
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageLetGo(Event):
    """Somebody let a message go that was not told.

    Attributes:
        what: what it is about: ``page/ID``, ``channel/NAME``.
    """

    action: ClassVar[str] = "messages:drop"
    about: ClassVar[str] = "message"
    public: ClassVar[frozenset[str]] = frozenset({"message", "what"})
    message: str
    what: str
