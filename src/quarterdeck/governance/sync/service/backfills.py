"""Asking for the costs of past days (runbook 000, section 4.3)."""

from datetime import date

from quarterdeck.events.governance import BackfillRequested
from quarterdeck.governance.connections import service as connections
from quarterdeck.governance.connections.model import Connection
from quarterdeck.governance.sync.model import COSTS, Policies, policy
from quarterdeck.governance.sync.service.requests import BACKFILLS, NothingConnected
from quarterdeck.kernel.errors import Invalid
from quarterdeck.kernel.ids import JobId
from quarterdeck.kernel.jobs import service as jobs
from quarterdeck.kernel.jobs.model import Job, NewJob
from quarterdeck.kernel.jobs.queue import enqueue
from quarterdeck.kernel.work import Tenants, Work

MOST_DAYS = 3660


class UnusableDates(Invalid):
    """The days of a backfill are none, or not in the past."""


def request_backfill(
    work: Work, known: Policies, first: date, last: date, only: Tenants | None = None
) -> list[JobId]:
    """Have the costs from ``first`` to ``last``, both in it, read for every connection.

    ``only`` as in ``request_sync``. Asked twice while it waits or runs, it is that same job;
    asked again later, it reads again, and nothing is doubled.

    Raises:
        UnusableDates: names the field.
        UnknownDomain: this installation reads no costs.
        NothingConnected: says how to connect a tenant.
    """
    tenants = only or work.tenants("sync:trigger")
    policy(known, COSTS)
    _check(first, last, work.now.date())
    found = connections.of(work.db, tenants)
    if not found:
        raise NothingConnected(
            "no cloud directory is connected; connect one with POST /api/v1/tenants"
        )
    return [_requested(work, connection, first, last) for connection in found]


def waiting(work: Work) -> list[Job]:
    """Backfills that have not ended, oldest first."""
    found = jobs.running(work, work.tenants("sync:read"))
    return [job for job in found if job.kind == BACKFILLS]


def _check(first: date, last: date, today: date) -> None:
    if last < first:
        raise UnusableDates(f"end_date {last} is before start_date {first}")
    if last > today:
        raise UnusableDates(f"end_date {last} is in the future; today is {today}")
    if (last - first).days >= MOST_DAYS:
        raise UnusableDates(f"start_date {first} is more than {MOST_DAYS} days before end_date")


def _requested(work: Work, connection: Connection, first: date, last: date) -> JobId:
    span = {"first": first.isoformat(), "last": last.isoformat()}
    job = enqueue(
        work.db,
        work.now,
        NewJob(
            kind=BACKFILLS,
            tenant=connection.tenant,
            body={"connection": connection.id, **span},
            dedup=f"backfill:{connection.id}:{first}:{last}",
            actor=work.actor.id,
            request=work.request,
        ),
    )
    work.publish(BackfillRequested(tenant=connection.tenant, run=job, **span))
    return job
