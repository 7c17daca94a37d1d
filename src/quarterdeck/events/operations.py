"""What operations tell the rest of the platform."""

from dataclasses import dataclass
from typing import ClassVar

from quarterdeck.kernel.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertFired(Event):
    """An alert began to fire."""

    action: ClassVar[str] = "alerts:fire"
    about: ClassVar[str] = "alert"
    leaf: ClassVar[bool] = False
    alert: str
    type: str
    severity: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertEnded(Event):
    """What an alert was about has passed."""

    action: ClassVar[str] = "alerts:end"
    about: ClassVar[str] = "alert"
    leaf: ClassVar[bool] = False
    alert: str
    type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertResolved(Event):
    """Somebody resolved an alert.

    Attributes:
        resolved_by: who, in their own words; the actor where they said nothing.
    """

    action: ClassVar[str] = "alerts:resolve"
    about: ClassVar[str] = "alert"
    public: ClassVar[frozenset[str]] = frozenset({"alert", "type"})
    alert: str
    type: str
    resolved_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkersScaled(Event):
    """The supervisor was asked for more workers, or for fewer, by what an alert says."""

    action: ClassVar[str] = "workers:scale"
    about: ClassVar[str] = "role"
    public: ClassVar[frozenset[str]] = frozenset({"role", "before", "after", "reason"})
    role: str
    before: int
    after: int
    reason: str
