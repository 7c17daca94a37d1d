"""The job that makes an export."""

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path
from time import monotonic
from typing import IO, Any

from quarterdeck.kernel.installation import make_private
from quarterdeck.kernel.jobs.kind import JobKind
from quarterdeck.kernel.jobs.model import Cancelled, GiveUp
from quarterdeck.kernel.jobs.run import Run
from quarterdeck.trail.export import bundle, formats, service
from quarterdeck.trail.export.model import Export, ExportEnded, Form, Picked, Written
from quarterdeck.trail.export.selection import Source, picked
from quarterdeck.trail.freeze.model import Frozen
from quarterdeck.trail.policy import service as policy

PRIVATE = 0o600


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """Where exports are made.

    Attributes:
        folder: where their files stay.
        bytes_per_s: the most that one writes; 0 is no bound.
    """

    source: Source
    folder: Path
    bytes_per_s: int = 0


@dataclass(slots=True)
class Pace:
    """Keeps a run within its budget of bytes. Instants are seconds of a clock that never steps."""

    bytes_per_s: int
    began_s: float

    def behind_s(self, written: int, now_s: float) -> float:
        """How long to wait until ``written`` bytes are within the budget."""
        if not self.bytes_per_s:
            return 0.0
        return max(0.0, written / self.bytes_per_s - (now_s - self.began_s))


def export_kind(press: Press) -> JobKind:
    """Makes exports. One that was cut short begins anew; its file is there whole, or not."""

    def make(run: Run) -> None:
        try:
            _make(press, run)
        except ExportEnded as ended:
            raise Cancelled(run.job.id) from ended
        except Frozen as frozen:
            raise GiveUp(str(frozen)) from frozen

    return JobKind(name=service.EXPORT, run=make, max_attempts=3)


def _make(press: Press, run: Run) -> None:
    with run.work() as work:
        export = service.to_make(work, run.tenants, run.body["export"])
    make_private(press.folder)
    path = press.folder / export.file
    part = path.with_suffix(f".{run.job.fence}.part")
    try:
        with _private(part) as out:
            written = _write(press, run, export, out)
            file = _settled(out)
        with run.work() as work:
            service.finish(work, run.tenants, export, written, file)
            # Before the commit: an export that is done has its file.
            part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _write(press: Press, run: Run, export: Export, out: IO[bytes]) -> Written:
    policies: dict[str, Any] = {}
    records = _noted(
        press.source, picked(press.source, export, _told(press, run, export, out)), policies
    )
    if export.form is Form.BUNDLE:
        return bundle.write(out, press.source, export, records, policies)
    return formats.write(out, export.form, records)


def _told(press: Press, run: Run, export: Export, out: IO[bytes]) -> Callable[[int, int], None]:
    pace = Pace(press.bytes_per_s, monotonic())

    def told(done: int, total: int) -> None:
        run.progress(done, total, "records")
        with run.work() as work:
            service.to_make(work, run.tenants, export.id)
        run.stop.wait(pace.behind_s(out.tell(), monotonic()))

    return told


def _noted(source: Source, records: Iterable[Picked], policies: dict[str, Any]) -> Iterator[Picked]:
    """The same records; ``policies`` grows by those that they name."""
    for one in records:
        if one.view is not None and (digest := str(one.view.record["policy"])) not in policies:
            with source.engine.connect() as db:
                policies[digest] = policy.text(db, digest)
        yield one


def _settled(out: IO[bytes]) -> tuple[str, int]:
    out.flush()
    os.fsync(out.fileno())
    size = out.seek(0, os.SEEK_END)
    out.seek(0)
    return file_digest(out, "sha256").hexdigest(), size  # type: ignore[arg-type]  # it reads


def _private(path: Path) -> IO[bytes]:
    flags = os.O_RDWR | os.O_CREAT | os.O_TRUNC
    return os.fdopen(os.open(path, flags, PRIVATE), "w+b")
