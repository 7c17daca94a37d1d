"""The job that writes an export to its file, page by page."""

from collections.abc import Iterator, Sequence
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

from quarterdeck.governance.exports import service
from quarterdeck.governance.exports.model import Export, File
from quarterdeck.governance.exports.service import EXPORT
from quarterdeck.governance.exports.sources import SOURCES
from quarterdeck.kernel.jobs.kind import JobKind
from quarterdeck.kernel.jobs.run import Run
from quarterdeck.kernel.tabular import written
from quarterdeck.kernel.work import read

PAGE_ROWS = 5000  # each of a few hundred bytes
PRIVATE = 0o700


def kinds(folder: Path, owner_tags: Sequence[str]) -> list[JobKind]:
    """What a worker needs to write exports below ``folder``."""
    return [JobKind(name=EXPORT, run=partial(_write, folder, owner_tags))]


def path_of(folder: Path, file: File) -> Path:
    """Where a file lies."""
    return folder / file.export / file.name


def _write(folder: Path, owner_tags: Sequence[str], run: Run) -> None:
    with read(run.engine, run.actor, run.clock) as work:
        export = service.for_job(work, run.tenants, run.body["export"])
    if export is None:
        return
    (folder / export.id).mkdir(mode=PRIVATE, parents=True, exist_ok=True)
    file = _filled(folder, export, owner_tags, run)
    with run.work() as work:
        old = service.keep(work, run.tenants, export, file)
    for one in old:
        path_of(folder, one).unlink(missing_ok=True)


def _filled(folder: Path, export: Export, owner_tags: Sequence[str], run: Run) -> File:
    # Written aside and renamed: whoever lists the folder sees whole files alone. A run
    # that is taken over writes the same name again.
    part = folder / export.id / f".{run.job.id}.part"
    counted, digest = [0], sha256()
    pages = _pages(export, owner_tags, run, counted)
    with part.open("wb") as out:
        for piece in written(export.form, SOURCES[export.what].columns(owner_tags), pages):
            out.write(piece)
            digest.update(piece)
    file = File(
        id=run.job.id,
        export=export.id,
        tenant=export.tenant,
        form=export.form,
        at=run.clock(),
        rows=counted[0],
        size_bytes=part.stat().st_size,
        digest=digest.hexdigest(),
    )
    part.replace(path_of(folder, file))
    return file


def _pages(
    export: Export, owner_tags: Sequence[str], run: Run, counted: list[int]
) -> Iterator[Sequence[Any]]:
    source, after = SOURCES[export.what], None
    while True:
        with read(run.engine, run.actor, run.clock) as work:
            page = source.rows(work, run.tenants, export.wanted, owner_tags, after, PAGE_ROWS)
        if not page:
            return
        yield page
        after = source.spot(page[-1])
        counted[0] += len(page)
        run.progress(counted[0], 0, "rows")
