"""What people do with projections: look, hold, let go on, have made anew."""

from dataclasses import dataclass
from datetime import datetime

from quarterdeck.events.trail import ProjectionPaused, ProjectionRebuilt, ProjectionResumed
from quarterdeck.kernel.clock import micros, rfc3339
from quarterdeck.kernel.errors import Invalid
from quarterdeck.kernel.ids import PLATFORM, JobId
from quarterdeck.kernel.jobs.model import NewJob
from quarterdeck.kernel.jobs.queue import enqueue
from quarterdeck.kernel.work import Work
from quarterdeck.trail.log.ports import Reader
from quarterdeck.trail.projections import store
from quarterdeck.trail.projections.model import Compared, Name, NotYours, UnknownProjection

REBUILD, PAUSES = "trail.rebuild", "projections:pause"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be rebuilt.

    Attributes:
        since, until: only what occurred from then to then; None: no bound.
        dry: compare, and change nothing.
    """

    projection: str
    tenant: str
    since: datetime | None = None
    until: datetime | None = None
    dry: bool = True


def pause(work: Work, projection: str) -> bool:
    """Hold a projection of every log; False if it was held. What comes meanwhile waits."""
    _require_everywhere(work)
    held = store.pause(work.db, _known(projection), micros(work.now))
    if held:
        work.publish(ProjectionPaused(tenant=PLATFORM, projection=projection))
    return held


def resume(work: Work, projection: str) -> bool:
    """Let a projection go on where it stood; False if it was not held."""
    _require_everywhere(work)
    freed = store.resume(work.db, _known(projection))
    if freed:
        work.publish(ProjectionResumed(tenant=PLATFORM, projection=projection))
    return freed


def request_rebuild(work: Work, reader: Reader, wish: Wish) -> JobId:
    """Have a projection of one tenant's log made anew; the job that does it.

    While one waits or runs, asking again is that same job.
    """
    work.require("projections:rebuild", wish.tenant)
    projection = _known(wish.projection)
    if wish.since and wish.until and wish.since > wish.until:
        raise Invalid("from is later than to")
    if projection == Name.SEARCH and (wish.since or wish.until):
        raise Invalid("search is made anew whole: leave from and to out")
    if not reader.size(wish.tenant):
        raise Invalid(f"the log of {wish.tenant} has no records")
    body = {
        "projection": projection,
        "since": None if wish.since is None else micros(wish.since),
        "until": None if wish.until is None else micros(wish.until),
        "dry": wish.dry,
    }
    new = NewJob(
        kind=REBUILD,
        tenant=wish.tenant,
        body=body,
        dedup=f"rebuild:{projection}:{wish.tenant}",
        actor=work.actor.id,
        request=work.request,
    )
    return enqueue(work.db, work.now, new)


def record_rebuild(work: Work, wish: Wish, records: int, found: Compared) -> None:
    """Tell what a rebuild found. The permission was required of who asked for it."""
    work.publish(
        ProjectionRebuilt(
            tenant=wish.tenant,
            projection=wish.projection,
            dry=wish.dry,
            records=records,
            rows=found.rows,
            missing=found.missing,
            surplus=found.surplus,
            where="; ".join(found.where),
            since=rfc3339(wish.since) if wish.since else "",
            until=rfc3339(wish.until) if wish.until else "",
        )
    )


def _require_everywhere(work: Work) -> None:
    work.tenants(PAUSES)
    if not work.actor.may(PAUSES, PLATFORM):
        raise NotYours(f"a projection is held for every log: you need {PAUSES} on the platform")


def _known(projection: str) -> str:
    if projection not in list(Name):
        raise UnknownProjection(f"no projection {projection[:40]!r}; there are {', '.join(Name)}")
    return projection
