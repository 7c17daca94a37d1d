"""What maintenance tells: windows that were planned, began and ended."""

from dataclasses import dataclass
from typing import ClassVar

from quarterdeck.kernel.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class MaintenanceScheduled(Event):
    """A window was entered.

    Attributes:
        environment, services: what it is about; empty: all. Services are parted by commas.
        start, end: RFC 3339, UTC.
    """

    action: ClassVar[str] = "maintenance:schedule"
    about: ClassVar[str] = "window"
    public: ClassVar[frozenset[str]] = frozenset({"window", "environment", "start", "end"})
    window: str
    environment: str
    services: str
    reason: str
    start: str
    end: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MaintenanceBegan(Event):
    """The start of a window has come."""

    action: ClassVar[str] = "maintenance:begin"
    about: ClassVar[str] = "window"
    leaf: ClassVar[bool] = False
    window: str
    environment: str
    services: str
    reason: str
    end: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MaintenanceEnded(Event):
    """A window is over: its end has come, or somebody ended it; ``early`` says which."""

    action: ClassVar[str] = "maintenance:end"
    about: ClassVar[str] = "window"
    public: ClassVar[frozenset[str]] = frozenset({"window", "environment", "early"})
    window: str
    environment: str
    services: str
    early: bool
