"""Restarts: those that the supervisor made, and those that an operator's own command makes."""

from collections.abc import Collection
from datetime import timedelta

from prometheus_client import Counter

from quarterdeck.events.health import RestartTried
from quarterdeck.kernel.clock import instant
from quarterdeck.kernel.ids import PLATFORM, TenantId
from quarterdeck.kernel.restarts import Left
from quarterdeck.kernel.work import ANY, Tenants, Work
from quarterdeck.operations.health.model.registry import INSTALLATION
from quarterdeck.operations.health.model.restarts import (
    Means,
    Restart,
    Result,
    command_of,
    is_due,
)
from quarterdeck.operations.health.model.state import Standing, State
from quarterdeck.operations.health.model.tree import causes
from quarterdeck.operations.health.service.registry import READ
from quarterdeck.operations.health.store import registry as store
from quarterdeck.operations.health.store import restarts

LOST = timedelta(minutes=5)
"""An attempt of which nothing was heard for so long: whoever made it died."""

EVERYBODY = Tenants(frozenset({ANY}))
SHOWN = 50
TRIED = Counter(
    "quarterdeck_restarts",
    "Attempts to start a service again, by who made them and what came of them.",
    ["tenant", "environment", "service", "by", "result"],
)


def tried(
    work: Work, tenant: str, environment: str, service: str, limit: int = SHOWN
) -> list[Restart]:
    """Attempts to start a service again, newest first; of our own roles too."""
    return restarts.newest(work.db, work.require(READ, tenant), environment, service, limit)


def told_by_supervisor(work: Work, left: Left) -> None:
    """Keep a restart of one of our own processes. Twice is once."""
    own = Tenants(frozenset({PLATFORM}))
    ended = f"signal {-left.code}" if left.code < 0 else f"exit code {left.code}"
    one = Restart(
        id=left.id,
        tenant=PLATFORM,
        environment=INSTALLATION,
        service=left.role,
        by=Means.SUPERVISOR,
        number=restarts.next_number(work.db, own, INSTALLATION, left.role),
        at=instant(left.at),
        result=Result.STARTED,
        detail=f"it had ended with {ended}; attempt {left.attempt} in a row",
    )
    if restarts.add(work.db, one):
        _tell(work, one, one.result, one.detail)


def claim(work: Work, commands: Collection[str], most: int) -> Restart | None:
    """Take the next service that is down, and that one of ``commands`` starts again.

    Nobody else gets this attempt. At most ``most`` an hour of each.
    """
    for standing in store.all_standing(work.db, EVERYBODY):
        found = _claimed(work, standing, commands, most)
        if found is not None:
            return found
    return None


def settle(work: Work, one: Restart, result: Result, detail: str) -> None:
    """Keep what came of an attempt, and tell of it."""
    own = Tenants(frozenset({one.tenant}))
    if restarts.settle(work.db, own, one, result, detail):
        _tell(work, one, result, detail)


def give_up_lost(work: Work) -> int:
    """Have attempts be not known whose process died; how many."""
    lost = restarts.under_way(work.db, EVERYBODY, work.now - LOST)
    for one in lost:
        settle(work, one, Result.UNKNOWN, "whoever made it died before it said how it went")
    return len(lost)


def _claimed(
    work: Work, standing: Standing, commands: Collection[str], most: int
) -> Restart | None:
    service = standing.service
    name = command_of(service.tenant, service.environment, service.name)
    if standing.state is not State.DOWN or name not in commands:
        return None
    own = Tenants(frozenset({service.tenant}))
    before = restarts.newest(work.db, own, service.environment, service.name, SHOWN)
    if not is_due(standing, _because_of(work, standing), before, work.now, most):
        return None
    number = restarts.next_number(work.db, own, service.environment, service.name)
    one = Restart(
        id=f"{name}/{number}",
        tenant=service.tenant,
        environment=service.environment,
        service=service.name,
        by=Means.COMMAND,
        number=number,
        at=work.now,
        result=Result.UNDER_WAY,
    )
    return one if restarts.add(work.db, one) else None


def _because_of(work: Work, standing: Standing) -> tuple[str, ...]:
    own = Tenants(frozenset({standing.service.tenant}))
    group = store.all_standing(work.db, own, environment=standing.service.environment)
    edges = {one.service.name: one.service.depends_on for one in group}
    states = {one.service.name: one.state for one in group}
    return causes(edges, states).get(standing.service.name, ())


def _tell(work: Work, one: Restart, result: Result, detail: str) -> None:
    TRIED.labels(one.tenant, one.environment, one.service, one.by.value, result.value).inc()
    work.publish(
        RestartTried(
            tenant=TenantId(one.tenant),
            environment=one.environment,
            service=one.service,
            by=one.by.value,
            number=one.number,
            result=result.value,
            detail=detail,
        )
    )
