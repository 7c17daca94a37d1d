"""What people did about deliveries and dead letters."""

from dataclasses import dataclass
from typing import ClassVar

from quarterdeck.kernel.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLettersReplayed(Event):
    """Dead letters of a tenant are delivered once more; ``messages`` says how many.

    Attributes:
        incident: in whose name; empty: in none.
    """

    action: ClassVar[str] = "deadletters:replay"
    about: ClassVar[str] = "replay"
    public: ClassVar[frozenset[str]] = frozenset(
        {"replay", "consumer", "messages", "filter", "incident"}
    )
    replay: str
    consumer: str
    messages: int
    filter: str
    incident: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetterTested(Event):
    """A dead letter was delivered to another environment, to see whether it would do."""

    action: ClassVar[str] = "deadletters:replay"
    about: ClassVar[str] = "message"
    public: ClassVar[frozenset[str]] = frozenset({"consumer", "message", "environment"})
    consumer: str
    message: str
    environment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetterClassified(Event):
    """A person said what kind of failure a dead letter is."""

    action: ClassVar[str] = "deadletters:triage"
    about: ClassVar[str] = "message"
    public: ClassVar[frozenset[str]] = frozenset({"consumer", "message", "kind"})
    consumer: str
    message: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetterQuarantined(Event):
    """A dead letter is left out of every replay from now on, for the reason given."""

    action: ClassVar[str] = "deadletters:triage"
    about: ClassVar[str] = "message"
    public: ClassVar[frozenset[str]] = frozenset({"consumer", "message"})
    consumer: str
    message: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsumerPaused(Event):
    """A consumer rests until it is resumed."""

    action: ClassVar[str] = "deliveries:control"
    about: ClassVar[str] = "consumer"
    public: ClassVar[frozenset[str]] = frozenset({"consumer", "reason"})
    consumer: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsumerResumed(Event):
    """A consumer that rested goes on."""

    action: ClassVar[str] = "deliveries:control"
    about: ClassVar[str] = "consumer"
    public: ClassVar[frozenset[str]] = frozenset({"consumer"})
    consumer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRetried(Event):
    """A consumer that was stuck at ``position`` tries again at once."""

    action: ClassVar[str] = "deliveries:control"
    about: ClassVar[str] = "consumer"
    public: ClassVar[frozenset[str]] = frozenset({"consumer", "position"})
    consumer: str
    position: int
