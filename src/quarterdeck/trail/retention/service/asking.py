"""What people ask of retention. Each function is one use case in one transaction."""

from quarterdeck.kernel.errors import Conflict
from quarterdeck.kernel.ids import JobId
from quarterdeck.kernel.jobs.model import NewJob
from quarterdeck.kernel.jobs.queue import enqueue
from quarterdeck.kernel.work import Work
from quarterdeck.trail.log.storage import leaves
from quarterdeck.trail.policy.keeping import Purge as When
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
    return _enqueue(work, tenant)


def purge_daily(work: Work) -> list[str]:
    """Have jobs remove what is due of the tenants whose policy says so; of which tenants.

    Passed over: who is on legal hold as a whole, and whose trail is being looked into. For the
    schedule: putting the policy took the right.
    """
    asked = []
    for log in leaves.every(work.db):
        kept = retention_of(work, log.tenant)
        if kept.purge is When.DAILY and kept.days and _may(work, log.tenant):
            _enqueue(work, log.tenant)
            asked.append(log.tenant)
    return asked


def _may(work: Work, tenant: str) -> bool:
    try:
        refuse(work, tenant)
    except Conflict:
        return False
    return True


def _enqueue(work: Work, tenant: str) -> JobId:
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
