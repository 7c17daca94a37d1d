"""Messages that nobody took, and what people did about them."""

from dataclasses import dataclass
from typing import ClassVar

from quarterdeck.kernel.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRefused(Event):
    """A message that pages somebody was refused for good, given up, or came back.

    Attributes:
        what: what it is about: ``page/ID``.
    """

    action: ClassVar[str] = "messages:send"
    about: ClassVar[str] = "message"
    public: ClassVar[frozenset[str]] = frozenset({"message", "what"})
    outcome: ClassVar[str] = "failure"
    message: str
    what: str
    why: str


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
