"""Asking for a sync, now or again and again."""

from collections.abc import Collection, Sequence
from datetime import timedelta

from quarterdeck.events.governance import SyncRequested
from quarterdeck.governance.connections import service as connections
from quarterdeck.governance.connections.model import Connection
from quarterdeck.governance.sync.model import DOMAINS, Policies, Policy, policy
from quarterdeck.governance.sync.store import latest, runs
from quarterdeck.governance.sync.store import policies as store
from quarterdeck.kernel.errors import Conflict
from quarterdeck.kernel.ids import JobId
from quarterdeck.kernel.jobs.model import NewJob, RetryLater
from quarterdeck.kernel.jobs.queue import enqueue
from quarterdeck.kernel.jobs.run import Run as JobRun
from quarterdeck.kernel.schedules import Schedule
from quarterdeck.kernel.work import Tenants, Work, read

SYNC = "governance.sync"
CHECK = "governance.check"
BACKFILLS = "governance.backfill"
CHECK_EVERY = timedelta(minutes=5)
AT_ONCE = len(DOMAINS)
"""Syncs of one tenant at once: with one directory, none ever waits for another."""

TURN_PAUSE = timedelta(seconds=5)


class SyncIsPaused(Conflict):
    """The domain is paused: nothing begins until somebody resumes it."""


class NothingConnected(Conflict):
    """There is no connection to sync."""


def request_sync(
    work: Work, known: Policies, domain: str, only: Tenants | None = None
) -> list[JobId]:
    """Have every connection synced now; the ids of the runs, which are those of their jobs.

    ``only`` are tenants on which the actor holds ``sync:trigger``; None is all of those.
    A connection whose sync waits or runs already is not synced twice: it is that same run.

    A tenant for which the domain is paused is passed by.

    Raises:
        NothingConnected: says how to connect a tenant.
        SyncIsPaused: says how to resume it.
    """
    tenants = only or work.tenants("sync:trigger")
    kept = policy(store.changed(work.db, known), domain)
    found = connections.of(work.db, tenants)
    if not found:
        raise NothingConnected(
            "no cloud directory is connected; connect one with POST /api/v1/tenants"
        )
    paused = {p.tenant for p in store.paused(work.db, tenants) if p.domain == domain}
    awake = [c for c in found if c.tenant not in paused and not kept.paused]
    if not awake:
        raise SyncIsPaused(
            f"sync of {domain} is paused; resume it with quarterdeck sync resume {domain}"
        )
    return [_requested(work, connection, kept.domain) for connection in awake]


def await_turn(run: JobRun) -> None:
    """Return if ``run`` may begin; raise RetryLater while enough of its tenant are under way.

    Whoever was asked for first goes first. So a tenant with many directories, or with one
    that answers slowly, takes no more than its share of a worker's threads.
    """
    with read(run.engine, run.actor, run.clock) as work:
        ahead = runs.ahead(work.db, run.tenants, SYNC, run.job.id)
    if ahead >= AT_ONCE:
        raise RetryLater(f"{ahead} syncs of this tenant are under way", TURN_PAUSE)


def schedule_of(connection: Connection, kept: Policy) -> Schedule:
    """What has a connection's domain read again and again."""
    return Schedule(
        name=dedup(connection, kept.domain),
        kind=SYNC,
        tenant=connection.tenant,
        every=kept.interval,
        dedup=dedup(connection, kept.domain),
        body=body(connection, kept.domain, 1),
    )


def schedules(
    connection: Connection, known: Policies, paused: Collection[str] = ()
) -> list[Schedule]:
    """What runs again and again for a connection: its syncs, and the check of its credential.

    ``paused`` are domains that are paused for its tenant.
    """
    syncs = [
        schedule_of(connection, kept)
        for kept in known.values()
        if not kept.paused and kept.domain not in paused
    ]
    check = Schedule(
        name=f"check:{connection.id}",
        kind=CHECK,
        tenant=connection.tenant,
        every=min([CHECK_EVERY, *(kept.interval for kept in known.values())]),
        body={"connection": connection.id},
    )
    return [*syncs, check]


def schedule_names(connection: Connection, domains: Sequence[str]) -> list[str]:
    """The names of a connection's schedules."""
    return [*(dedup(connection, domain) for domain in domains), f"check:{connection.id}"]


def dedup(connection: Connection, domain: str) -> str:
    """What a scheduled and a requested sync share, so that only one of them waits or runs."""
    return f"sync:{connection.id}:{domain}"


def body(
    connection: Connection, domain: str, attempt: int, before: str = "", doubted: Sequence[str] = ()
) -> dict[str, object]:
    """What a sync job is told.

    ``before`` is the error of the run that it repeats, ``doubted`` the listings that were
    empty in it, and were not believed.
    """
    told: dict[str, object] = {"connection": connection.id, "domain": domain, "attempt": attempt}
    told |= {"before": before} if before else {}
    return told | {"doubted": list(doubted)} if doubted else told


def _requested(work: Work, connection: Connection, domain: str) -> JobId:
    own = Tenants(frozenset({connection.tenant}))
    record = latest.of_connection(work.db, own, connection.id, domain)
    job = enqueue(
        work.db,
        work.now,
        NewJob(
            kind=SYNC,
            tenant=connection.tenant,
            body=body(connection, domain, 1),
            dedup=dedup(connection, domain),
            due_at=max(record.not_before, work.now) if record else work.now,
            actor=work.actor.id,
            request=work.request,
        ),
    )
    work.publish(SyncRequested(tenant=connection.tenant, run=job, domain=domain))
    return job
