"""What people ask of retention. Each function is one use case in one transaction."""

from quarterdeck.kernel.ids import JobId
from quarterdeck.kernel.jobs.model import NewJob
from quarterdeck.kernel.jobs.queue import enqueue
from quarterdeck.kernel.work import Work
from quarterdeck.trail.retention import store
from quarterdeck.trail.retention.model import NothingKeepsTime, Plan, Purge
from quarterdeck.trail.retention.service.planning import (
    Ground,
    done,
    planned,
    refuse,
    retention_of,
)

JOB = "trail-purge"
MOST_SHOWN = 100_000


def plan(work: Work, ground: Ground, tenant: str) -> Plan:
    """What a purge would do now, up to 100,000 records; changes nothing."""
    mine = work.require("retention:write", tenant)
    return planned(work, ground, tenant, done(work, mine), MOST_SHOWN)


def purge(work: Work, tenant: str) -> JobId:
    """Have a job remove what is due; ``plan`` says what that is.

    Raises:
        NothingKeepsTime: no policy says how long records are kept.
        OnHold: the whole tenant is on legal hold.
        Frozen, EvidenceHeld: the trail is being looked into.
    """
    work.require("retention:write", tenant)
    refuse(work, tenant)
    if not retention_of(work, tenant).days:
        raise NothingKeepsTime(f"no retention policy says how long records of {tenant} are kept")
    return enqueue(
        work.db,
        work.now,
        NewJob(
            kind=JOB,
            tenant=tenant,
            dedup=f"{JOB}:{tenant}",
            actor=work.actor.id,
            request=work.request,
        ),
    )


def purges(work: Work) -> list[Purge]:
    """What was purged, newest first."""
    return store.of_tenants(work.db, work.tenants("trail:verify"))
