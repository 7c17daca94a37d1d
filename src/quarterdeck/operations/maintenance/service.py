"""What people do with maintenance windows, and what the clock does."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Engine

from quarterdeck.access.tenants import service as access
from quarterdeck.events.maintenance import (
    MaintenanceBegan,
    MaintenanceEnded,
    MaintenanceScheduled,
)
from quarterdeck.kernel.clock import Clock
from quarterdeck.kernel.ids import PLATFORM, TenantId
from quarterdeck.kernel.work import Actor, Tenants, Work, begin, read
from quarterdeck.operations.maintenance import store
from quarterdeck.operations.maintenance.model import (
    LONGEST_NOTICE,
    MOST_MINUTES,
    NoSuchWindow,
    UnusableWindow,
    Window,
    WindowEnded,
    WindowState,
)

READ, WRITE = "health:read", "maintenance:write"
NOBODY = Actor("quarterdeck", frozenset())
MOST = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a window shall be; ``start`` None: now."""

    reason: str
    duration_minutes: int
    tenant: str = PLATFORM
    environment: str = ""
    services: tuple[str, ...] = ()
    start: datetime | None = None


def schedule(work: Work, plan: Plan) -> Window:
    """Enter a window. One that starts now is active at once."""
    work.require(WRITE, plan.tenant)
    if plan.tenant != PLATFORM:
        access.require_open(work, plan.tenant)
    start = plan.start or work.now
    _check_start(work.now, start)
    window = Window(
        id=work.new_id(),
        tenant=TenantId(plan.tenant),
        reason=plan.reason,
        start=start,
        end=start + _length(plan.duration_minutes),
        environment=plan.environment,
        services=plan.services,
        state=WindowState.ACTIVE if start <= work.now else WindowState.SCHEDULED,
        by=work.actor.id,
    )
    store.add(work.db, window)
    work.publish(
        MaintenanceScheduled(
            tenant=window.tenant,
            window=window.id,
            environment=window.environment,
            services=",".join(window.services),
            reason=window.reason,
            start=window.start.isoformat(),
            end=window.end.isoformat(),
        )
    )
    if window.state is WindowState.ACTIVE:
        work.publish(_began(window))
    return window


def end(work: Work, window: str) -> Window:
    """End a window before its time, or call it off before it began.

    Raises:
        WindowEnded: it is over already.
    """
    tenants = work.tenants(WRITE)
    found = store.of_id(work.db, tenants, window)
    if found is None:
        raise NoSuchWindow(f"no maintenance window {window[:80]}")
    if not store.end(work.db, tenants, window, work.now, work.actor.id):
        raise WindowEnded("this window is over already")
    work.publish(_ended(found, early=True))
    return replace(found, state=WindowState.ENDED, ended_at=work.now, ended_by=work.actor.id)


def end_all(work: Work, tenant: str = PLATFORM) -> list[Window]:
    """End every window of a tenant that is active now; none is no fault."""
    tenants = work.require(WRITE, tenant)
    active = store.newest(work.db, tenants, states=[WindowState.ACTIVE], limit=MOST)
    return [end(work, one.id) for one in active if one.tenant == tenant]


def windows(
    work: Work, *, states: tuple[WindowState, ...] = (), before: str = "", limit: int = MOST
) -> list[Window]:
    """Windows that the actor may see, last entered first; the platform's are everybody's."""
    return store.newest(
        work.db, work.tenants(READ), states=list(states), before=before, limit=limit
    )


def active(work: Work, tenant: str = "") -> list[Window]:
    """Windows that are open now, of one tenant and the platform, or of all one may see."""
    if not any(held == READ for held, _ in work.actor.grants):
        return []
    found = windows(work, states=(WindowState.ACTIVE,))
    # By the clock, not by the mark alone: the mark comes a moment later.
    now = [one for one in found if one.start <= work.now < one.end]
    return [one for one in now if not tenant or one.tenant in (tenant, PLATFORM)]


def covering(work: Work, tenant: str, environment: str = "", service: str = "") -> list[Window]:
    """The windows that cover this now. For those who watch, in no person's name."""
    own = Tenants(frozenset({tenant}))
    found = store.newest(work.db, own, states=list(store.OPEN), limit=MOST)
    now = [one for one in found if one.start <= work.now < one.end]
    return [one for one in now if one.covers(tenant, environment, service)]


def spans(work: Work, tenants: Tenants, since: datetime, until: datetime) -> list[Window]:
    """The windows that were open at some time in [since, until), the platform's among them.

    For those who count, in no person's name. One that was called off before it began is none.
    """
    found = store.between(work.db, tenants, since, until)
    return [one for one in found if one.ended_at is None or one.ended_at > one.start]


def of_id(work: Work, tenants: Tenants, window: str) -> Window | None:
    """One window, if it is there; in no person's name."""
    return store.of_id(work.db, tenants, window)


def turn(engine: Engine, clock: Clock) -> bool:
    """Mark and tell of windows whose start or end has come; for a pulse."""
    with read(engine, NOBODY, clock) as work:
        if not store.due(work.db, work.now):
            return False
    with begin(engine, NOBODY, clock) as work:
        for window in store.due(work.db, work.now):
            _move(work, window)
    return False


def _move(work: Work, window: Window) -> None:
    if window.end <= work.now:
        if store.move(work.db, window, WindowState.ENDED, work.now):
            work.publish(_ended(window, early=False))
    elif store.move(work.db, window, WindowState.ACTIVE, work.now):
        work.publish(_began(window))


def _began(window: Window) -> MaintenanceBegan:
    return MaintenanceBegan(
        tenant=window.tenant,
        window=window.id,
        environment=window.environment,
        services=",".join(window.services),
        reason=window.reason,
        end=window.end.isoformat(),
    )


def _ended(window: Window, *, early: bool) -> MaintenanceEnded:
    return MaintenanceEnded(
        tenant=window.tenant,
        window=window.id,
        environment=window.environment,
        services=",".join(window.services),
        early=early,
    )


def _check_start(now: datetime, start: datetime) -> None:
    if start < now - timedelta(minutes=1):
        raise UnusableWindow("a window starts now or later")
    if start > now + LONGEST_NOTICE:
        raise UnusableWindow(f"a window starts within {LONGEST_NOTICE.days} days")


def _length(minutes: int) -> timedelta:
    if not 1 <= minutes <= MOST_MINUTES:  # before an end is reckoned that no calendar has
        raise UnusableWindow(f"a window is 1 to {MOST_MINUTES} minutes long")
    return timedelta(minutes=minutes)
