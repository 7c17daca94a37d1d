"""What people do with exports. Each function is one use case in one transaction."""

from dataclasses import replace
from pathlib import Path

from sqlalchemy import Connection

from quarterdeck.events.trail_exports import (
    ExportCancelled,
    ExportDownloaded,
    ExportFinished,
    ExportRequested,
)
from quarterdeck.kernel.clock import micros
from quarterdeck.kernel.jobs.model import NewJob
from quarterdeck.kernel.jobs.queue import enqueue
from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.trail.export import store
from quarterdeck.trail.export.model import (
    Ask,
    Export,
    ExportBeyondYou,
    ExportEnded,
    ExportInvalid,
    ExportsUnavailable,
    State,
    TrailExportNotFound,
    Written,
)
from quarterdeck.trail.freeze.service import refuse_frozen
from quarterdeck.trail.log import service as log
from quarterdeck.trail.log.ports import Reader
from quarterdeck.trail.log.record import Class
from quarterdeck.trail.policy import service as policy
from quarterdeck.trail.policy.model import Treatment

EXPORT = "trail.export"
EXPORTS = "exports:create"
DISCLOSES = "trail:disclose"
RANKS = list(Treatment)


def request(work: Work, reader: Reader, ask: Ask, enclosed: str = "") -> Export:
    """Have an export made; what it may show is settled now, by who asks.

    ``enclosed``: reports that a bundle is to bear, JSON.

    Raises:
        Frozen: an investigation is open.
        ExportInvalid: the range is not one of proven records.
    """
    tenant = ask.tenant
    work.require(EXPORTS, tenant)
    work.require("trail:read", tenant)
    if ask.disclose:
        work.require(DISCLOSES, tenant)
    refuse_frozen(work.db, tenant)
    signed = log.checkpoint(work, reader, tenant)
    end = signed.size if ask.end is None else ask.end
    if not 0 <= ask.first < end <= signed.size:
        raise ExportInvalid(
            f"expected 0 <= first < end <= {signed.size} (proven records), "
            f"got {ask.first} and {end}"
        )
    made = Export(
        id=work.new_id(),
        tenant=tenant,
        form=ask.form,
        first=ask.first,
        end=end,
        complete=ask.complete,
        wanted=ask.wanted,
        disclose=ask.disclose,
        requester=work.actor.id,
        treatments=_treatments(work, tenant),
        policy=policy.standing(work.db, tenant).classification.digest,
        size=signed.size,
        note=signed.note,
        at=micros(work.now),
        enclosed=enclosed,
    )
    made = replace(made, job=_job(work, made))
    store.add(work.db, made)
    work.publish(
        ExportRequested(
            tenant=tenant,
            export=made.id,
            form=made.form,
            first=made.first,
            end=made.end,
            complete=made.complete,
            disclose=made.disclose,
            filter=made.filter or {},
        )
    )
    return made


def exports(work: Work, before: str = "", limit: int = 50) -> list[Export]:
    """The exports that the actor may see, newest first."""
    return store.newest(work.db, work.tenants(EXPORTS), before, limit)


def bytes_since(db: Connection, since: int) -> int:
    """What all tenants' exports came to since then, bytes. No use case: for a check."""
    return store.bytes_since(db, since)


def export(work: Work, export_id: str) -> Export:
    """One export."""
    return _one(work, work.tenants(EXPORTS), export_id)


def cancel(work: Work, export_id: str) -> Export:
    """Stop an export that is not done; its job ends at its next page.

    Raises:
        ExportEnded: it is done, or was stopped already.
    """
    tenants = work.tenants(EXPORTS)
    found = _one(work, tenants, export_id)
    ended = replace(found, state=State.CANCELLED, finished_at=micros(work.now))
    if found.state is not State.ASKED or not store.end(work.db, tenants, ended):
        raise ExportEnded(f"export {export_id} is {found.state}")
    work.publish(ExportCancelled(tenant=found.tenant, export=found.id))
    return ended


def download(work: Work, folder: Path | None, export_id: str) -> tuple[Export, Path]:
    """The file of an export that is done. That it was handed out is told.

    Raises:
        TrailExportNotFound: there is none, or it is not done.
        ExportBeyondYou: who asked for it was shown more than the actor may see.
        Frozen: an investigation is open.
    """
    found = _one(work, work.tenants(EXPORTS), export_id)
    work.require("trail:read", found.tenant)
    if found.state is not State.DONE:
        raise TrailExportNotFound(f"export {export_id} is {found.state}: it has no file")
    _refuse_beyond(work, found)
    refuse_frozen(work.db, found.tenant)
    path = folder / found.file if folder else None
    if path is None or not path.is_file():
        raise ExportsUnavailable(
            f"the file of export {export_id} is not on this machine: ask where it was made, "
            "or export again"
        )
    work.publish(ExportDownloaded(tenant=found.tenant, export=found.id, sha256=found.sha256))
    return found, path


def to_make(work: Work, tenants: Tenants, export_id: str) -> Export:
    """The export that a job is to make; the right was checked when it was asked for.

    Raises:
        ExportEnded: it was stopped meanwhile.
        Frozen: an investigation is open.
    """
    found = _one(work, tenants, export_id)
    if found.state is not State.ASKED:
        raise ExportEnded(f"export {export_id} is {found.state}")
    refuse_frozen(work.db, found.tenant)
    return found


def finish(
    work: Work, tenants: Tenants, made: Export, written: Written, file: tuple[str, int]
) -> None:
    """An export's file (its digest, and its bytes) is there; raise as ``to_make`` does."""
    refuse_frozen(work.db, made.tenant)
    done = replace(
        made,
        state=State.DONE,
        sha256=file[0],
        size_bytes=file[1],
        records=written.records,
        withheld=written.withheld,
        disclosed=written.disclosed,
        finished_at=micros(work.now),
    )
    if not store.end(work.db, tenants, done):
        raise ExportEnded(f"export {made.id} was stopped")
    work.publish(
        ExportFinished(
            tenant=made.tenant,
            export=made.id,
            sha256=done.sha256,
            records=done.records,
            withheld=done.withheld,
            disclosed=done.disclosed,
        )
    )


def _one(work: Work, tenants: Tenants, export_id: str) -> Export:
    found = store.one(work.db, tenants, export_id)
    if found is None:
        raise TrailExportNotFound(f"no export {export_id}")
    return found


def _job(work: Work, made: Export) -> str:
    new = NewJob(
        kind=EXPORT,
        tenant=made.tenant,
        body={"export": made.id},
        actor=work.actor.id,
        request=work.request,
    )
    return enqueue(work.db, work.now, new)


def _treatments(work: Work, tenant: str) -> dict[str, str]:
    return {str(cls): str(policy.treatment(work, tenant, cls)) for cls in Class}


def _refuse_beyond(work: Work, found: Export) -> None:
    if found.disclosed:
        work.require(DISCLOSES, found.tenant)
    mine = _treatments(work, found.tenant)
    for cls, shown in found.treatments.items():
        if RANKS.index(Treatment(mine[cls])) < RANKS.index(Treatment(shown)):
            raise ExportBeyondYou(
                f"export {found.id} may show fields of class {cls} that you may not see: "
                "ask for one of your own"
            )
