"""Asking for a sync, now or again and again."""

from collections.abc import Sequence
from datetime import timedelta

from quarterdeck.events.governance import SyncRequested
from quarterdeck.governance.connections import service as connections
from quarterdeck.governance.connections.model import Connection
from quarterdeck.governance.sync.model import Policies, policy
from quarterdeck.governance.sync.store import latest
from quarterdeck.kernel.errors import Conflict
from quarterdeck.kernel.ids import JobId
from quarterdeck.kernel.jobs.model import NewJob
from quarterdeck.kernel.jobs.queue import enqueue
from quarterdeck.kernel.schedules import Schedule
from quarterdeck.kernel.work import Tenants, Work

SYNC = "governance.sync"
CHECK = "governance.check"
CHECK_EVERY = timedelta(minutes=5)


class NothingConnected(Conflict):
    """There is no connection to sync."""


def request_sync(
    work: Work, known: Policies, domain: str, only: Tenants | None = None
) -> list[JobId]:
    """Have every connection synced now; the ids of the runs, which are those of their jobs.

    ``only`` are tenants on which the actor holds ``sync:trigger``; None is all of those.
    A connection whose sync waits or runs already is not synced twice: it is that same run.

    Raises:
        NothingConnected: says how to connect a tenant.
    """
    tenants = only or work.tenants("sync:trigger")
    kept = policy(known, domain)
    found = connections.of(work.db, tenants)
    if not found:
        raise NothingConnected(
            "no cloud directory is connected; connect one with POST /api/v1/tenants"
        )
    return [_requested(work, connection, kept.domain) for connection in found]


def schedules(connection: Connection, known: Policies) -> list[Schedule]:
    """What runs again and again for a connection: its syncs, and the check of its credential."""
    syncs = [
        Schedule(
            name=dedup(connection, domain),
            kind=SYNC,
            tenant=connection.tenant,
            every=kept.interval,
            dedup=dedup(connection, domain),
            body=body(connection, domain, 1),
        )
        for domain, kept in known.items()
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


def body(connection: Connection, domain: str, attempt: int) -> dict[str, object]:
    """What a sync job is told."""
    return {"connection": connection.id, "domain": domain, "attempt": attempt}


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
