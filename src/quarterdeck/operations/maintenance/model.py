"""A maintenance window: what is worked on, why, from when to when. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from quarterdeck.kernel.errors import Conflict, Invalid, NotFound
from quarterdeck.kernel.ids import PLATFORM, TenantId

MOST_MINUTES = 30 * 24 * 60
MAX_TEXT, MAX_SERVICES = 500, 100
LONGEST_NOTICE = timedelta(days=366)


class UnusableWindow(Invalid):
    """A window that cannot be; the message says why."""


class NoSuchWindow(NotFound):
    """There is no such window, or none that this actor may see."""


class WindowEnded(Conflict):
    """The window is over already."""


class WindowState(StrEnum):
    """Where a window is."""

    SCHEDULED = "scheduled"
    ACTIVE = "active"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A maintenance window.

    Attributes:
        tenant: whose; the platform's own is everybody's.
        environment: empty: every one. services: empty: all of it.
        end: planned; ``ended_at`` is when it was over indeed.
        ended_by: empty where its time came.
    """

    id: str
    tenant: TenantId
    reason: str
    start: datetime
    end: datetime
    environment: str = ""
    services: tuple[str, ...] = ()
    state: WindowState = WindowState.SCHEDULED
    by: str = ""
    ended_at: datetime | None = None
    ended_by: str = ""

    def __post_init__(self) -> None:
        if not self.reason.strip() or len(self.reason) > MAX_TEXT:
            raise UnusableWindow(f"a window has a reason, at most {MAX_TEXT} characters")
        if len(self.services) > MAX_SERVICES or any("," in name for name in self.services):
            raise UnusableWindow(f"at most {MAX_SERVICES} services, by their names")
        if self.services and not self.environment:
            raise UnusableWindow("services are of an environment: name it")
        if not timedelta(0) < self.end - self.start <= timedelta(minutes=MOST_MINUTES):
            raise UnusableWindow(f"a window is 1 to {MOST_MINUTES} minutes long")

    @property
    def duration_minutes(self) -> int:
        """How long it was planned to be."""
        return round((self.end - self.start) / timedelta(minutes=1))

    def covers(self, tenant: str, environment: str = "", service: str = "") -> bool:
        """Whether it is about this; a window of a part does not cover the whole."""
        return (
            self.tenant in (tenant, PLATFORM)
            and self.environment in ("", environment)
            and (not self.services or service in self.services)
        )
