"""The job that makes a projection anew."""

from sqlalchemy import Engine

from quarterdeck.kernel.clock import instant
from quarterdeck.kernel.jobs.kind import JobKind
from quarterdeck.kernel.jobs.run import Run
from quarterdeck.trail.projections.service.control import REBUILD, Wish, record_rebuild
from quarterdeck.trail.projections.service.fields import Fields
from quarterdeck.trail.projections.service.rebuild import Rebuild


def rebuild_kind(read: Engine, fields: Fields) -> JobKind:
    """Runs rebuilds over the read models ``read``. One that was cut short begins anew."""

    def rebuild(run: Run) -> None:
        wish = _wish(run)
        anew = Rebuild(
            read=read,
            reader=fields.reader,
            fields=fields,
            projection=wish.projection,
            log=run.tenant,
            since=run.body["since"],
            until=run.body["until"],
            dry=wish.dry,
        )
        records, found = anew.run(lambda done, total: run.progress(done, total, "records"))
        with run.work() as work:
            record_rebuild(work, wish, records, found)

    return JobKind(name=REBUILD, run=rebuild, max_attempts=3)


def _wish(run: Run) -> Wish:
    since, until = run.body["since"], run.body["until"]
    return Wish(
        projection=run.body["projection"],
        tenant=run.tenant,
        since=None if since is None else instant(since),
        until=None if until is None else instant(until),
        dry=run.body["dry"],
    )
