"""/api/v1/exports: the inventory as a file; exports that are repeated, and their files."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Self

from fastapi import Query, Request, Response
from fastapi.responses import FileResponse, StreamingResponse
from pydantic import BaseModel, Field

from quarterdeck.api.governance.resources import Asked, Question, owner_tags
from quarterdeck.governance.exports import service as exports
from quarterdeck.governance.exports.jobs import path_of
from quarterdeck.governance.exports.model import MAX_NAME, MOST_KEPT, Export, ExportNotFound, File
from quarterdeck.governance.exports.service import NewExport
from quarterdeck.governance.exports.sources import resource_columns
from quarterdeck.governance.inventory import service as inventory
from quarterdeck.governance.inventory.model import Resource
from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.runtime import Runtime
from quarterdeck.web import csv
from quarterdeck.web.bodies import Body
from quarterdeck.web.csv import Format
from quarterdeck.web.deps import InRead, Installation, InWork
from quarterdeck.web.paging import Key
from quarterdeck.web.permissions import needs
from quarterdeck.web.problems import problems
from quarterdeck.web.routes import api_router
from quarterdeck.web.streaming import SMALL_ROWS

router = api_router(prefix="/exports", tags=["exports"])

InForm = Annotated[Format, Query(alias="format", description="How the file is written.")]


class ExportBody(BaseModel):
    """An export that is repeated."""

    id: str
    tenant: str
    name: str
    what: str
    filter: dict[str, str]
    format: Format
    every_s: int
    kept: int = Field(description="So many files stay.")
    created_at: datetime
    created_by: str

    @classmethod
    def of(cls, export: Export) -> Self:
        return cls(
            id=export.id,
            tenant=export.tenant,
            name=export.name,
            what=export.what,
            filter=dict(export.wanted),
            format=export.form,
            every_s=int(export.every.total_seconds()),
            kept=export.kept,
            created_at=export.created_at,
            created_by=export.created_by,
        )


class NewExportBody(Body):
    """An export to repeat."""

    tenant: str
    name: str = Field(min_length=1, max_length=MAX_NAME, examples=["production, nightly"])
    what: str = Field("resources", examples=["resources"])
    filter: dict[str, str] = Field(
        default_factory=dict, description="The list's own, by the names in its address."
    )
    format: Format = Format.CSV
    every_s: int = Field(
        86_400, ge=900, le=366 * 86_400, description="Seconds from one to the next."
    )
    kept: int = Field(7, ge=1, le=MOST_KEPT, description="So many files stay.")


class FileBody(BaseModel):
    """A file that an export wrote."""

    id: str
    at: datetime
    format: Format
    rows: int
    size_bytes: int
    digest: str = Field(description="SHA-256 of its bytes, hex; the log says the same.")

    @classmethod
    def of(cls, file: File) -> Self:
        return cls(
            id=file.id,
            at=file.at,
            format=file.form,
            rows=file.rows,
            size_bytes=file.size_bytes,
            digest=file.digest,
        )


class Exports(BaseModel):
    """Every export that one may see, by tenant and name."""

    exports: list[ExportBody]


class Files(BaseModel):
    """The files of an export, newest first."""

    files: list[FileBody]


class Started(BaseModel):
    """The job that writes the file."""

    job: str


@router.get(
    "/resources",
    response_class=StreamingResponse,
    responses=csv.ANSWERS | problems(401, 403, 404, 422),
    **needs("resources:read"),
)
def export_resources(
    request: Request,
    work: InRead,
    runtime: Installation,
    asked: Asked,
    form: InForm = Format.CSV,
) -> StreamingResponse:
    """The inventory as a file, by the same filters as its list; streamed, however long."""
    only, fixed = asked.tenants(work), asked.by(work.now)
    return csv.streamed(request, sheet_of(fixed, only, owner_tags(runtime)), form)


def sheet_of(asked: Question, only: Tenants | None, tags: tuple[str, ...]) -> csv.Sheet[Resource]:
    """The list that ``asked`` finds, as a file to be saved."""

    def rows(work: Work, last: Key | None, limit: int) -> list[Resource]:
        return inventory.page(work, asked.wanted, only, last, limit)

    return csv.Sheet(
        name="resources-export",
        rows=rows,
        key=asked.spot,
        columns=resource_columns(tags),
        page_rows=SMALL_ROWS,
    )


@router.get("", responses=problems(401, 403), **needs("resources:read"))
def list_exports(work: InRead) -> Exports:
    """Exports that are repeated."""
    return Exports(exports=[ExportBody.of(export) for export in exports.listed(work)])


@router.post(
    "", status_code=201, responses=problems(401, 403, 404, 409, 422), **needs("exports:create")
)
def schedule_export(body: NewExportBody, work: InWork, response: Response) -> ExportBody:
    """Have something exported again and again, first at once."""
    made = exports.schedule(
        work,
        NewExport(
            tenant=body.tenant,
            name=body.name,
            what=body.what,
            wanted=body.filter,
            form=body.format,
            every=timedelta(seconds=body.every_s),
            kept=body.kept,
        ),
    )
    response.headers["Location"] = f"/api/v1/exports/{made.id}/files"
    return ExportBody.of(made)


@router.delete(
    "/{export}", status_code=204, responses=problems(401, 403, 404), **needs("exports:create")
)
def remove_export(export: str, work: InWork, runtime: Installation) -> None:
    """Export it no more; its files go too."""
    for file in exports.remove(work, export):
        path_of(folder_of(runtime), file).unlink(missing_ok=True)


@router.post(
    "/{export}/run", status_code=202, responses=problems(401, 403, 404), **needs("exports:create")
)
def run_export(export: str, work: InWork) -> Started:
    """Export it once more now."""
    return Started(job=exports.run_now(work, export))


@router.get("/{export}/files", responses=problems(401, 403, 404), **needs("resources:read"))
def list_export_files(export: str, work: InRead) -> Files:
    """The files that an export keeps."""
    return Files(files=[FileBody.of(file) for file in exports.files(work, export)])


@router.get(
    "/{export}/files/{file}",
    response_class=FileResponse,
    responses=csv.ANSWERS | problems(401, 403, 404),
    **needs("resources:read"),
)
def get_export_file(export: str, file: str, work: InRead, runtime: Installation) -> FileResponse:
    """A file, byte for byte as its digest says."""
    return file_answer(runtime, exports.file_of(work, export, file))


def file_answer(runtime: Runtime, file: File) -> FileResponse:
    """The answer that is a file; ExportNotFound where it lies on another machine, or was lost."""
    path = path_of(folder_of(runtime), file)
    if not path.is_file():
        raise ExportNotFound(
            f"{path.name} is not in this server's data directory; run the export again"
        )
    return FileResponse(
        path,
        media_type=csv.MEDIA_TYPES[file.form],
        filename=f"export-{file.at:%Y%m%dT%H%M%SZ}.{file.form}",
    )


def folder_of(runtime: Runtime) -> Path:
    """Where the files of exports lie."""
    return Path(runtime.settings.data) / "exports"
