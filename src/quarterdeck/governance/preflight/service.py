"""Asking for preflight, and what it found. Each public function is one use case."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from quarterdeck.events.onboarding import PreflightCleared, PreflightRequested
from quarterdeck.governance.connections import service as connections
from quarterdeck.governance.connections.model import Connection
from quarterdeck.governance.preflight import metrics, store
from quarterdeck.governance.preflight.model import Examined, Outcome, Result, overall
from quarterdeck.kernel.ids import PLATFORM, ConnectionId, JobId, TenantId
from quarterdeck.kernel.jobs.model import NewJob
from quarterdeck.kernel.jobs.queue import enqueue
from quarterdeck.kernel.work import ANY, Tenants, Work

RUN, READ = "preflight:run", "connections:read"
PREFLIGHT = "governance.preflight"
CLOUD = "the cloud itself"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What is known of every connection that was to be examined.

    Attributes:
        waiting: connections whose examination has not come in; their checks are not known.
    """

    examined: Sequence[Examined]
    waiting: Sequence[str] = ()

    @property
    def overall(self) -> Outcome:
        """The verdict over all."""
        found = [result.outcome for one in self.examined for result in one.results]
        return overall([*found, *(Outcome.NOT_KNOWN for _ in self.waiting)])

    @property
    def at(self) -> datetime | None:
        """When the oldest examination was made; None where there is none."""
        return min((one.at for one in self.examined), default=None)


def request(work: Work, tenants: Tenants) -> dict[JobId, Connection | None]:
    """Have connections examined now: the jobs that do it, and what each is about.

    None stands for the cloud itself. ``tenants`` are some on which the actor may.
    """
    asked: dict[JobId, Connection | None] = {_enqueued(work, PLATFORM, ""): None}
    for connection in connections.of(work.db, tenants):
        asked[_enqueued(work, connection.tenant, connection.id)] = connection
    for tenant in _told(tenants):
        work.publish(PreflightRequested(tenant=tenant, connections=len(asked) - 1))
    return asked


def examine_soon(work: Work, connection: Connection) -> JobId:
    """Have a new connection examined; for the use case that made it."""
    return _enqueued(work, connection.tenant, connection.id)


def may_run(work: Work) -> Tenants:
    """The tenants whose connections the actor may have examined."""
    return work.tenants(RUN)


def cleared(work: Work) -> None:
    """Say in the log that what was kept of preflight is kept no more."""
    for tenant in _told(may_run(work)):
        work.publish(PreflightCleared(tenant=tenant))


def report(work: Work, jobs: Mapping[JobId, Connection | None]) -> Report:
    """What came of ``jobs``, which the same actor asked for."""
    among = _with_cloud(may_run(work))
    found = [one for one in store.listed(work.db, among) if one.job in jobs]
    come = {one.job for one in found}
    names = {job: CLOUD if about is None else about.name for job, about in jobs.items()}
    return Report(examined=found, waiting=[name for job, name in names.items() if job not in come])


def last(work: Work, tenant: TenantId) -> list[Examined]:
    """The last examination of each of a tenant's connections that still stand."""
    among = work.require(READ, tenant)
    return last_of(work, among)


def last_of(work: Work, among: Tenants) -> list[Examined]:
    """As ``last``, for use cases that checked their own permission."""
    there = {connection.id for connection in connections.of(work.db, among)}
    return [one for one in store.listed(work.db, among) if one.connection in there]


def measure(work: Work, tenants: Tenants) -> None:
    """Tell the metrics what was found last of ``tenants``; for the process that answers."""
    metrics.show(last_of(work, tenants), work.now)


def keep(work: Work, tenants: Tenants, found: Examined) -> None:
    """Keep an examination, for its job."""
    store.put(work.db, tenants, found)


def failed(found: Sequence[Examined]) -> list[Result]:
    """The checks that failed."""
    return [r for one in found for r in one.results if r.outcome is Outcome.FAIL]


def _enqueued(work: Work, tenant: TenantId, connection: ConnectionId | str) -> JobId:
    return enqueue(
        work.db,
        work.now,
        NewJob(
            kind=PREFLIGHT,
            tenant=tenant,
            body={"connection": connection},
            dedup=f"preflight:{connection}",
            actor=work.actor.id,
            request=work.request,
        ),
    )


def _told(tenants: Tenants) -> list[TenantId]:
    return [PLATFORM] if ANY in tenants.ids else [TenantId(t) for t in sorted(tenants.ids)]


def _with_cloud(tenants: Tenants) -> Tenants:
    # How the cloud itself is, is nobody's secret.
    return Tenants(tenants.ids | {PLATFORM})
