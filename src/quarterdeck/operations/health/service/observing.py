"""What becomes of what probes find: states, edges, history. In no person's name."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from quarterdeck.events.health import (
    ServiceCameBack,
    ServiceDegraded,
    ServiceEdge,
    ServiceLostFromSight,
    ServiceWentDown,
)
from quarterdeck.kernel.clock import since
from quarterdeck.kernel.work import ANY, Tenants, Work
from quarterdeck.operations.health.model.claim import Claim, Finding
from quarterdeck.operations.health.model.history import Change
from quarterdeck.operations.health.model.state import Standing, State, judged, summed
from quarterdeck.operations.health.model.tree import causes
from quarterdeck.operations.health.store import checks, looks, restarts
from quarterdeck.operations.health.store import registry as store

KEPT = timedelta(days=30)
UNSEEN = "nobody looked at it for too long; see whether a worker runs: quarterdeck status"

EDGES: Mapping[State, type[ServiceEdge]] = {
    State.DOWN: ServiceWentDown,
    State.DEGRADED: ServiceDegraded,
    State.UNKNOWN: ServiceLostFromSight,
}


def due(work: Work) -> bool:
    """Whether it is some service's turn to be looked at."""
    return looks.due(work.db, work.now)


def unseen(work: Work) -> bool:
    """Whether there are services that nobody looked at for too long."""
    return looks.stale(work.db, work.now)


def every_standing(work: Work) -> list[Standing]:
    """All services of all tenants, for metrics of the platform."""
    return store.all_standing(work.db, Tenants(frozenset({ANY})))


def claim(work: Work, most: int) -> list[Claim]:
    """Take at most ``most`` services whose turn it is; nobody else gets these."""
    return looks.claim(work.db, work.now, most)


def observe(work: Work, findings: Sequence[Finding]) -> int:
    """Keep what was found, and tell of every change; how many services changed."""
    looks.add_looks(work.db, findings)
    edges = []
    for finding in findings:
        after = _after(finding)
        settled = looks.settle(work.db, finding.claim, after)
        if settled and after.state is not finding.claim.standing.state:
            edges.append((finding.claim, after))
    # All are settled first: those that fell together see each other.
    _tell(work, edges)
    return len(edges)


def lose_sight(work: Work) -> int:
    """Have services be unknown that nobody looked at for too long; how many."""
    lost = looks.lose(work.db, work.now, UNSEEN)
    _tell(work, [(one, _unseen(work, one)) for one in lost if _was_known(one)])
    return len(lost)


def prune(work: Work) -> bool:
    """Forget history older than 30 days, a little at a time; whether there may be more."""
    before = work.now - KEPT
    dropped = looks.prune(work.db, before) + checks.prune(work.db, before)
    return dropped + restarts.prune(work.db, before) > 0


def _was_known(one: Claim) -> bool:
    return one.standing.state is not State.UNKNOWN


def _unseen(work: Work, one: Claim) -> Standing:
    return replace(one.standing, state=State.UNKNOWN, since=work.now, reason=UNSEEN)


def _after(finding: Finding) -> Standing:
    before = finding.claim.standing
    probes = {probe.name: probe for probe in before.service.probes}
    seen = {
        name: judged(probes[name], outcome, before.seen.get(name), finding.at)
        for name, outcome in finding.outcomes.items()
    }
    state, reason = summed(before.service, seen)
    return Standing(
        service=before.service,
        state=state,
        since=before.since if state is before.state else finding.at,
        looked_at=finding.at,
        reason=reason,
        seen=seen,
    )


def _tell(work: Work, edges: Sequence[tuple[Claim, Standing]]) -> None:
    blame: dict[tuple[str, str], dict[str, tuple[str, ...]]] = {}
    for claimed, after in edges:
        key = (after.service.tenant, after.service.environment)
        if key not in blame:
            blame[key] = _blame(work, *key)
        because = blame[key].get(after.service.name, ())
        change = Change(
            at=work.now,
            state=after.state,
            was=claimed.standing.state,
            reason=after.reason,
            because_of=because,
        )
        looks.add_change(work.db, claimed.id, after.service.tenant, change)
        _publish(work, claimed.standing, after, because)


def _blame(work: Work, tenant: str, environment: str) -> dict[str, tuple[str, ...]]:
    own = Tenants(frozenset({tenant}))
    group = store.all_standing(work.db, own, environment=environment)
    edges = {one.service.name: one.service.depends_on for one in group}
    return causes(edges, {one.service.name: one.state for one in group})


def _publish(work: Work, before: Standing, after: Standing, because: tuple[str, ...]) -> None:
    service = after.service
    said = {
        "tenant": service.tenant,
        "environment": service.environment,
        "service": service.name,
        "region": service.region,
        "was": before.state.value,
        "reason": after.reason,
        "because_of": ",".join(because),
    }
    if after.state in EDGES:
        work.publish(EDGES[after.state](**said))
    elif before.looked_at is not None:  # the first look at a healthy service is no news
        after_s = since(work.now, before.since).total_seconds()
        work.publish(ServiceCameBack(**said, after_s=after_s))
