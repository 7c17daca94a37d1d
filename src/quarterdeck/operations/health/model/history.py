"""How services were over time. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from quarterdeck.operations.health.model.state import State


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A service went from one state into another.

    Attributes:
        because_of: what was sick before it and explains it; none: it was the root itself.
    """

    at: datetime
    state: State
    was: State
    reason: str
    because_of: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """Looks of one probe within five minutes, from ``at`` on."""

    probe: str
    at: datetime
    looks: int
    failed: int
    mean_ms: float
    most_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """One component as a health check found it."""

    name: str
    state: State
    detail: str
    took_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkup:
    """A health check: components looked at one by one, at one moment.

    Attributes:
        environment: the registry's; ``INSTALLATION`` is this installation's own roles.
        by: who asked for it; the schedule's is ``quarterdeck``.
    """

    id: str
    tenant: str
    environment: str
    at: datetime
    took_ms: float
    state: State
    by: str
    components: Sequence[Component]

    @property
    def failing(self) -> list[str]:
        """The names of the components that are not healthy."""
        return [one.name for one in self.components if one.state is not State.HEALTHY]
