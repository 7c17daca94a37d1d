"""What people do with exports that are repeated, and what their job keeps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from quarterdeck.access.tenants import service as tenants
from quarterdeck.access.tenants.model import TenantArchivedAlready
from quarterdeck.events.exports import ExportRemoved, ExportScheduled, ExportWritten
from quarterdeck.governance.exports import metrics, store
from quarterdeck.governance.exports.model import Export, ExportNotFound, File
from quarterdeck.governance.exports.sources import SOURCES, source
from quarterdeck.kernel import schedules
from quarterdeck.kernel.ids import JobId, TenantId
from quarterdeck.kernel.jobs.model import NewJob
from quarterdeck.kernel.jobs.queue import enqueue
from quarterdeck.kernel.schedules import Schedule
from quarterdeck.kernel.tabular import Format
from quarterdeck.kernel.work import Tenants, Work

EXPORT = "governance.export"
CREATE = "exports:create"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewExport:
    """An export to repeat; the fields are those of ``Export``."""

    tenant: str
    name: str
    what: str
    wanted: Mapping[str, str]
    form: Format = Format.CSV
    every: timedelta = timedelta(days=1)
    kept: int = 7


def measure(work: Work, among: Tenants) -> None:
    """Tell the metrics how old exports are; for the process that answers.

    Those of tenants that ended are left out: nothing is exported of them any more.
    """
    going_on = tenants.unended(work, among)
    found = [one for one in store.listed(work.db, among) if one.tenant in going_on]
    newest = [next(iter(store.files_of(work.db, among, one.id)), None) for one in found]
    metrics.show(list(zip(found, newest, strict=True)), work.now)


def schedule(work: Work, new: NewExport) -> Export:
    """Have something exported from now on, first at once.

    Raises:
        UnusableExport, ExportExists
    """
    work.require(CREATE, new.tenant)
    work.require(source(new.what, new.wanted).permission, new.tenant)
    tenants.require_open(work, new.tenant)
    export = Export(
        id=work.new_id(),
        tenant=TenantId(new.tenant),
        name=new.name,
        what=new.what,
        wanted=new.wanted,
        form=new.form,
        every=new.every,
        kept=new.kept,
        created_at=work.now,
        created_by=work.actor.id,
    )
    store.add(work.db, export)
    schedules.put(work.db, work.now, _schedule(export))
    work.publish(
        ExportScheduled(
            tenant=export.tenant,
            export=export.id,
            name=export.name,
            what=export.what,
            every_s=int(export.every.total_seconds()),
        )
    )
    return export


def listed(work: Work) -> list[Export]:
    """Exports whose rows the actor may read, by tenant and name."""
    found = store.listed(work.db, work.tenants("resources:read"))
    return [export for export in found if _readable(work, export)]


def export_of(work: Work, export: str) -> Export:
    """One export; ExportNotFound where the actor may not read its rows."""
    found = store.of_id(work.db, work.tenants("resources:read"), export)
    if found is None or not _readable(work, found):
        raise ExportNotFound(f"no export {export[:80]}")
    return found


def remove(work: Work, export: str) -> list[File]:
    """Export it no more, and forget its files: these, for who deletes them."""
    among = work.tenants(CREATE)
    found = store.of_id(work.db, among, export)
    if found is None:
        raise ExportNotFound(f"no export {export[:80]}")
    gone = store.files_of(work.db, among, export)
    store.remove(work.db, among, export)
    schedules.drop(work.db, _schedule(found).name)
    work.publish(ExportRemoved(tenant=found.tenant, export=found.id, name=found.name))
    return gone


def run_now(work: Work, export: str) -> JobId:
    """Export it once more now; its job. One that waits or runs already is that same one."""
    among = work.tenants(CREATE)
    found = store.of_id(work.db, among, export)
    if found is None:
        raise ExportNotFound(f"no export {export[:80]}")
    planned = _schedule(found)
    return enqueue(
        work.db,
        work.now,
        NewJob(
            kind=EXPORT,
            tenant=found.tenant,
            body=planned.body,
            dedup=planned.dedup,
            actor=work.actor.id,
            request=work.request,
        ),
    )


def files(work: Work, export: str) -> list[File]:
    """The files of an export, newest first."""
    found = export_of(work, export)
    return store.files_of(work.db, Tenants(frozenset({found.tenant})), found.id)


def file_of(work: Work, export: str, file: str) -> File:
    """One file of an export; else ExportNotFound."""
    found = next((one for one in files(work, export) if one.id == file), None)
    if found is None:
        raise ExportNotFound(f"export {export[:80]} keeps no file {file[:80]}; the newest are")
    return found


def for_job(work: Work, among: Tenants, export: str) -> Export | None:
    """What a job shall write; None where it was removed, or its tenant ended, meanwhile."""
    found = store.of_id(work.db, among, export)
    if found is None:
        return None
    try:
        tenants.require_open(work, found.tenant)
    except TenantArchivedAlready:
        return None
    return found


def keep(work: Work, among: Tenants, export: Export, file: File) -> Sequence[File]:
    """Keep what was written, and tell; the files that make room for it."""
    if not store.put_file(work.db, among, file):
        return ()
    work.publish(
        ExportWritten(
            tenant=file.tenant,
            export=export.id,
            name=export.name,
            file=file.id,
            rows=file.rows,
            size_bytes=file.size_bytes,
            digest=file.digest,
        )
    )
    old = store.files_of(work.db, among, export.id)[export.kept :]
    for one in old:
        store.forget(work.db, among, one.id)
    return old


def _readable(work: Work, export: Export) -> bool:
    of = SOURCES.get(export.what)
    return of is not None and work.actor.may(of.permission, export.tenant)


def _schedule(export: Export) -> Schedule:
    return Schedule(
        name=f"export:{export.id}",
        kind=EXPORT,
        tenant=export.tenant,
        every=export.every,
        dedup=f"export:{export.id}",
        body={"export": export.id},
    )
