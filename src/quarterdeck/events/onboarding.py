"""What happens while a tenant joins and leaves. Ids are opaque; evidence is never public."""

from dataclasses import dataclass
from typing import ClassVar

from quarterdeck.kernel.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class PreflightRequested(Event):
    """Somebody had connections examined."""

    action: ClassVar[str] = "preflight:run"
    public: ClassVar[frozenset[str]] = frozenset({"connections"})
    connections: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PreflightCleared(Event):
    """What was kept of preflight is kept no more."""

    action: ClassVar[str] = "preflight:clear"


@dataclass(frozen=True, slots=True, kw_only=True)
class OnboardingRecorded(Event):
    """Somebody said how an item of a tenant's checklist stands."""

    action: ClassVar[str] = "onboarding:record"
    about: ClassVar[str] = "item"
    public: ClassVar[frozenset[str]] = frozenset({"item", "state"})
    item: str
    state: str
    evidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantVerified(Event):
    """A tenant was verified after it was added: listed, synced, its data flowing, or not."""

    action: ClassVar[str] = "onboarding:verify"
    public: ClassVar[frozenset[str]] = frozenset({"state", "resources"})
    state: str
    resources: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantOffboarded(Event):
    """A tenant left: it is archived and disconnected, and its evidence was kept."""

    action: ClassVar[str] = "onboarding:end"
    public: ClassVar[frozenset[str]] = frozenset({"connections", "resources"})
    connections: int
    resources: int
