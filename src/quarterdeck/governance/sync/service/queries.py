"""What people ask about syncs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from quarterdeck.governance.inventory import service as inventory
from quarterdeck.governance.inventory.model import Change
from quarterdeck.governance.sync.freshness import Age
from quarterdeck.governance.sync.model import Policies, Policy, Run
from quarterdeck.governance.sync.service.freshness import freshness
from quarterdeck.governance.sync.service.requests import SYNC
from quarterdeck.governance.sync.store import latest, runs
from quarterdeck.governance.sync.store.runs import Figures
from quarterdeck.kernel import schedules
from quarterdeck.kernel.clock import micros
from quarterdeck.kernel.errors import NotFound
from quarterdeck.kernel.ids import JobId
from quarterdeck.kernel.jobs import service as jobs
from quarterdeck.kernel.jobs.model import Job
from quarterdeck.kernel.work import Tenants, Work

RECENT = timedelta(hours=24)


class RunNotFound(NotFound):
    """No such run."""


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
        stale: tenants whose data is too old, of ``tenants`` that are connected.
    """

    policy: Policy
    figures: Figures | None
    next_run: datetime | None
    running: int
    tenants: int
    stale: int


def spot(run: Run) -> tuple[int, str]:
    """The spot of a run in the history: what its page's cursor says."""
    return micros(run.started_at), run.id


def history(
    work: Work,
    *,
    only: Tenants | None = None,
    states: Sequence[str] = (),
    before: tuple[int, str] | None = None,
    limit: int,
) -> list[Run]:
    """The next ``limit`` runs, newest first, ``before`` a spot."""
    tenants = only or work.tenants("sync:read")
    return runs.newest(work.db, tenants, states=states, before=before, limit=limit)


def running(work: Work) -> list[Run]:
    """Runs on their way, newest first, with their progress; at most 200."""
    return runs.running(work.db, work.tenants("sync:read"))


def run_of(work: Work, run: str) -> Run:
    """One run; raise RunNotFound if there is none."""
    found = runs.of_id(work.db, work.tenants("sync:read"), run)
    if found is None:
        raise RunNotFound(f"no run {run[:80]}; one that still waits for a worker is a job")
    return found


def changes_of(work: Work, run: str, after: int = -1) -> list[Change]:
    """A run's next changes, in order: its leaf in the log holds the root over all of them."""
    run_of(work, run)
    return inventory.changes(work, work.tenants("resources:read"), run, after)


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
    figures = {f.domain: f for f in runs.figures(work.db, tenants)}
    ages = freshness(work, known)
    active = runs.running(work.db, tenants)
    due = list(_scheduled(work, tenants))
    return [
        Upkeep(
            policy=kept,
            figures=figures.get(domain),
            next_run=min((at for of, at in due if of == domain), default=None),
            running=sum(run.domain == domain for run in active),
            tenants=sum(f.domain == domain for f in ages),
            stale=sum(f.domain == domain and f.state is Age.STALE for f in ages),
        )
        for domain, kept in known.items()
    ]


def _status(failures: int, *, stale: bool) -> SyncHealth:
    if stale:
        return SyncHealth.UNHEALTHY
    return SyncHealth.DEGRADED if failures else SyncHealth.HEALTHY


def _scheduled(work: Work, tenants: Tenants) -> Iterator[tuple[str, datetime]]:
    for schedule, due in schedules.of_tenants(work.db, tenants):
        if schedule.kind == SYNC:
            yield schedule.body["domain"], due
