"""What people ask about syncs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from quarterdeck.governance.connections import service as connections
from quarterdeck.governance.sync.freshness import Age
from quarterdeck.governance.sync.model import Policies, Policy, Run, RunState
from quarterdeck.governance.sync.patterns import Pattern
from quarterdeck.governance.sync.patterns import found as found_in
from quarterdeck.governance.sync.service import changes, policies
from quarterdeck.governance.sync.service.freshness import freshness
from quarterdeck.governance.sync.service.requests import SYNC
from quarterdeck.governance.sync.store import holds, latest, marks, runs
from quarterdeck.governance.sync.store import policies as store
from quarterdeck.governance.sync.store.runs import Figures
from quarterdeck.kernel import schedules
from quarterdeck.kernel.clock import micros, since
from quarterdeck.kernel.errors import NotFound
from quarterdeck.kernel.ids import JobId
from quarterdeck.kernel.jobs import service as jobs
from quarterdeck.kernel.jobs.model import Job
from quarterdeck.kernel.work import Tenants, Work

RECENT = timedelta(hours=24)
LOOKED_THROUGH = 2000
"""Newest runs in which patterns are looked for."""


class RunNotFound(NotFound):
    """No such run."""


class NoReport(NotFound):
    """No report was prepared of the run."""


class SyncHealth(StrEnum):
    """How sync does: by the age of the data first, by failures second."""

    HEALTHY = "healthy"
    DEGRADED = "degraded"
    UNHEALTHY = "unhealthy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Overall:
    """All syncs in five figures (runbook 000, section 2.2).

    Attributes:
        recent_failures: runs without success in the last 24 h.
        consecutive_failures: of the connection that does worst; one success sets it to 0.
    """

    status: SyncHealth
    last_sync: datetime | None
    next_sync: datetime | None
    recent_failures: int
    consecutive_failures: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Upkeep:
    """How one domain is kept up to date.

    Attributes:
        running: runs on their way.
        paused: tenants for which it is paused, where the policy itself is not.
        held: connections that wait for their cloud.
        stale: tenants whose data is too old, of ``tenants`` that are connected.
        never: those of which none came yet, and none is overdue.
        next_whole: when a listing that is read by its changes is due to be read whole; None
            where all is read whole each time.
    """

    policy: Policy
    figures: Figures | None
    next_run: datetime | None
    running: int
    tenants: int
    stale: int
    never: int
    paused: int
    held: int
    next_whole: datetime | None = None


def spot(run: Run) -> tuple[int, str]:
    """The spot of a run in the history: what its page's cursor says."""
    return micros(run.started_at), run.id


def history(
    work: Work,
    *,
    only: Tenants | None = None,
    states: Sequence[str] = (),
    domains: Sequence[str] = (),
    before: tuple[int, str] | None = None,
    limit: int,
) -> list[Run]:
    """The next ``limit`` runs, newest first, ``before`` a spot."""
    tenants = only or work.tenants("sync:read")
    return runs.newest(work.db, tenants, states=states, domains=domains, before=before, limit=limit)


def durations(work: Work, limit: int = 100) -> list[Run]:
    """Runs that have ended, newest first: how long each took, by domain."""
    tenants = work.tenants("sync:read")
    ended = [state for state in RunState if state is not RunState.RUNNING]
    return runs.newest(work.db, tenants, states=ended, limit=limit)


def over_limit(work: Work, run: Run, kept: Policies) -> bool:
    """Whether ``run`` takes, or took, longer than its domain may; ``kept`` as it is kept now."""
    if run.domain not in kept:
        return False
    took = since(work.now, run.started_at) if run.duration is None else run.duration
    return took > kept[run.domain].limit


def patterns_of(work: Work, known: Policies, tenant: str = "") -> list[Pattern]:
    """Patterns in the failures of the last 24 h."""
    tenants = work.require("sync:read", tenant) if tenant else work.tenants("sync:read")
    late = runs.since(work.db, tenants, work.now - RECENT, LOOKED_THROUGH)
    return found_in(late, policies.current(work.db, known))


def report_if_any(work: Work, run: str) -> str | None:
    """The report that was prepared of a run, if one was."""
    return holds.report(work.db, work.tenants("sync:read"), run)


def report_of(work: Work, run: str) -> str:
    """The report that was prepared of a run; raise NoReport if none was."""
    run_of(work, run)
    text = report_if_any(work, run)
    if text is None:
        raise NoReport(
            f"no report was prepared of run {run[:80]}: its failure is known, or did not recur"
        )
    return text


def running(work: Work) -> list[Run]:
    """Runs on their way, newest first, with their progress; at most 200."""
    return runs.running(work.db, work.tenants("sync:read"))


def run_of(work: Work, run: str) -> Run:
    """One run; raise RunNotFound if there is none."""
    found = runs.of_id(work.db, work.tenants("sync:read"), run)
    if found is None:
        raise RunNotFound(f"no run {run[:80]}; one that still waits for a worker is a job")
    return found


def changes_of(work: Work, run: str, after: int = -1) -> Sequence[changes.Change]:
    """A run's next changes, in order: its leaf in the log holds the root over all of them."""
    run_of(work, run)
    return changes.changes(work, work.tenants("resources:read"), run, after)


def cancel(work: Work, run: str) -> Job:
    """Stop a run, or the job that would begin it."""
    return jobs.cancel(work, JobId(run))


def health(work: Work, known: Policies) -> Overall:
    """How sync does over all that the actor may see."""
    tenants = work.tenants("sync:read")
    newest = runs.newest(work.db, tenants, limit=1)
    in_a_row = latest.most_failures(work.db, tenants)
    stale = any(f.state is Age.STALE for f in freshness(work, known))
    return Overall(
        status=_status(in_a_row, stale=stale),
        last_sync=newest[0].ended_at or newest[0].started_at if newest else None,
        next_sync=min((due for _, due in _scheduled(work, tenants)), default=None),
        recent_failures=runs.failures_since(work.db, tenants, work.now - RECENT),
        consecutive_failures=in_a_row,
    )


def upkeep(work: Work, known: Policies) -> list[Upkeep]:
    """How each domain is kept up to date: one entry a domain."""
    tenants = work.tenants("sync:read")
    known = policies.current(work.db, known)
    figures = {f.domain: f for f in runs.figures(work.db, tenants)}
    ages = freshness(work, known)
    active = runs.running(work.db, tenants)
    due = list(_scheduled(work, tenants))
    paused = store.paused(work.db, tenants)
    held = holds.held(work.db, tenants)
    return [
        Upkeep(
            policy=kept,
            figures=figures.get(domain),
            next_run=min((at for of, at in due if of == domain), default=None),
            running=sum(run.domain == domain for run in active),
            tenants=sum(f.domain == domain for f in ages),
            stale=sum(f.domain == domain and f.state is Age.STALE for f in ages),
            never=sum(f.domain == domain and f.state is Age.NEVER for f in ages),
            paused=sum(p.domain == domain for p in paused),
            held=sum(h.domain == domain for h in held),
            next_whole=_next_whole(work, tenants, kept),
        )
        for domain, kept in known.items()
    ]


def _next_whole(work: Work, tenants: Tenants, kept: Policy) -> datetime | None:
    if not kept.whole_every:
        return None
    there = {one.id for one in connections.of(work.db, tenants)}
    read_whole = marks.read_whole(work.db, tenants, kept.domain)
    last = min((at for connection, at in read_whole if connection in there), default=None)
    return None if last is None else last + kept.whole_every


def _status(failures: int, *, stale: bool) -> SyncHealth:
    if stale:
        return SyncHealth.UNHEALTHY
    return SyncHealth.DEGRADED if failures else SyncHealth.HEALTHY


def _scheduled(work: Work, tenants: Tenants) -> Iterator[tuple[str, datetime]]:
    for schedule, due in schedules.of_tenants(work.db, tenants):
        if schedule.kind == SYNC:
            yield schedule.body["domain"], due
