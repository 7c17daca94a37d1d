"""/exports: what is exported again and again, and its files."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated

from fastapi import Form
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse

from quarterdeck.console.frame import InFrame, see
from quarterdeck.governance.exports import service as exports
from quarterdeck.governance.exports.jobs import path_of
from quarterdeck.governance.exports.model import MAX_NAME, MOST_KEPT, Export, ExportNotFound, File
from quarterdeck.governance.exports.service import NewExport
from quarterdeck.governance.exports.sources import SOURCES
from quarterdeck.runtime import Runtime
from quarterdeck.web import csv
from quarterdeck.web.deps import InRead, Installation, InWork
from quarterdeck.web.permissions import needs
from quarterdeck.web.routes import Router

router = Router(include_in_schema=False)

READS, WRITES = needs("resources:read"), needs("exports:create")
MAX_WORD = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An export with its files, newest first."""

    export: Export
    files: Sequence[File]


@router.get("/exports", response_class=HTMLResponse, **READS)
def page(frame: InFrame) -> HTMLResponse:
    """Exports of the tenants that are looked at."""
    tenant = frame.shell.tenant
    rows = [
        Row(export=one, files=exports.files(frame.work, one.id))
        for one in exports.listed(frame.work)
        if tenant in ("", one.tenant)
    ]
    may = frame.holds("exports:create")
    return frame.show("exports.html", rows=rows, may=may, sources=list(SOURCES))


@router.post("/exports", **WRITES)
def begin(  # noqa: PLR0913, PLR0917  the fields of the form
    work: InWork,
    name: Annotated[str, Form(min_length=1, max_length=MAX_NAME)],
    of: Annotated[str, Form()],
    what: Annotated[str, Form()] = "resources",
    tag: Annotated[str, Form(max_length=MAX_WORD)] = "",
    type_: Annotated[str, Form(alias="type", max_length=MAX_WORD)] = "",
    form: Annotated[csv.Format, Form()] = csv.Format.CSV,
    hours: Annotated[int, Form(ge=1, le=8784)] = 24,
    kept: Annotated[int, Form(ge=1, le=MOST_KEPT)] = 7,
) -> RedirectResponse:
    """Have something exported from now on."""
    wanted = {word: value for word, value in (("tag", tag), ("type", type_)) if value}
    exports.schedule(
        work,
        NewExport(
            tenant=of,
            name=name,
            what=what,
            wanted=wanted,
            form=form,
            every=timedelta(hours=hours),
            kept=kept,
        ),
    )
    return see("/exports")


@router.post("/exports/{export}/run", **WRITES)
def run(export: str, work: InWork) -> RedirectResponse:
    """Export it once more now."""
    exports.run_now(work, export)
    return see("/exports")


@router.post("/exports/{export}/remove", **WRITES)
def remove(export: str, work: InWork, runtime: Installation) -> RedirectResponse:
    """Export it no more; its files go too."""
    for file in exports.remove(work, export):
        path_of(_folder(runtime), file).unlink(missing_ok=True)
    return see("/exports")


@router.get("/exports/{export}/files/{file}", response_class=FileResponse, **READS)
def download(export: str, file: str, work: InRead, runtime: Installation) -> FileResponse:
    """A file, as it was written."""
    found = exports.file_of(work, export, file)
    path = path_of(_folder(runtime), found)
    if not path.is_file():
        raise ExportNotFound(f"{path.name} is not here any more; run the export again")
    named = f"export-{found.at:%Y%m%dT%H%M%SZ}.{found.form}"
    return FileResponse(path, media_type=csv.MEDIA_TYPES[found.form], filename=named)


def _folder(runtime: Runtime) -> Path:
    return Path(runtime.settings.data) / "exports"
