"""/api/v1/trail/exports: have records exported, with their proof; and fetch the file."""

from datetime import datetime
from typing import Any, Literal, Self

from fastapi import Request, Response
from fastapi.responses import FileResponse
from pydantic import AwareDatetime, BaseModel, Field

from quarterdeck.kernel.clock import instant, micros
from quarterdeck.kernel.work import begin
from quarterdeck.trail.export import service as exports
from quarterdeck.trail.export.model import MEDIA_TYPES, Ask, Export, Form
from quarterdeck.trail.query.model import Filter
from quarterdeck.web.bodies import Body
from quarterdeck.web.deps import By, InRead, Installation, InWork
from quarterdeck.web.paging import InPage
from quarterdeck.web.permissions import needs
from quarterdeck.web.problems import problems
from quarterdeck.web.routes import api_router

router = api_router(prefix="/trail/exports", tags=["trail"])

MAX_INDEX = 2**53 - 1


class Wanted(Body):
    """Which records: those that are all of this. Left out: whatever."""

    from_: AwareDatetime | None = Field(None, alias="from", description="Occurred then, or later.")
    to: AwareDatetime | None = Field(None, description="Occurred before.")
    actor: str = Field("", max_length=400)
    action: str = Field("", max_length=400)
    resource_type: str = Field("", max_length=400)
    resource: str = Field("", max_length=400)
    outcome: str = Field("", description="success, failure or denied.")
    class_: str = Field("", alias="class", description="That a field of it has.")
    correlation: str = Field("", max_length=400)

    def filter(self) -> Filter:
        return Filter(
            since=None if self.from_ is None else micros(self.from_),
            until=None if self.to is None else micros(self.to),
            actor=self.actor,
            action=self.action,
            type=self.resource_type,
            resource=self.resource,
            outcome=self.outcome,
            cls=self.class_,
            correlation=self.correlation,
        )


class Asked(Body):
    """What to export."""

    tenant: str = Field(max_length=100)
    format: Literal["bundle", "ndjson", "csv", "cloudevents", "ocsf"] = Field(
        "bundle", description="Only a bundle bears its proof, and verifies offline."
    )
    first: int = Field(0, ge=0, le=MAX_INDEX, description="Index of the first record.")
    end: int | None = Field(
        None, ge=0, le=MAX_INDEX, description="After the last; default: all that are proven."
    )
    filter: Wanted | None = Field(None, description="Without one, the export is complete.")
    disclose: bool = Field(
        default=False, description="With committed fields; needs trail:disclose."
    )

    def ask(self) -> Ask:
        return Ask(
            tenant=self.tenant,
            form=Form(self.format),
            first=self.first,
            end=self.end,
            complete=self.filter is None,
            wanted=self.filter.filter() if self.filter else Filter(),
            disclose=self.disclose,
        )


class TrailExportBody(BaseModel):
    """An export."""

    id: str
    tenant: str
    format: str
    state: str = Field(description="asked, done, cancelled or failed.")
    detail: str = Field(description="Why it failed.")
    first: int
    end: int
    complete: bool = Field(description="A record that is missing would show.")
    filter: dict[str, Any] | None
    disclose: bool
    requester: str
    job: str
    looked_at: int = Field(description="Records looked at, of those from first to end.")
    records: int
    withheld: int = Field(description="Of them, those with their hash alone.")
    disclosed: int = Field(description="Committed fields that it shows.")
    tree_size: int = Field(description="Of the checkpoint that it leads to.")
    bytes: int
    sha256: str = Field(description="Of the file, hexadecimal; empty before it is done.")
    created_at: datetime
    finished_at: datetime | None

    @classmethod
    def of(cls, found: Export) -> Self:
        return cls(
            id=found.id,
            tenant=found.tenant,
            format=found.form,
            state=found.state,
            detail=found.detail,
            first=found.first,
            end=found.end,
            complete=found.complete,
            filter=found.filter,
            disclose=found.disclose,
            requester=found.requester,
            job=found.job,
            looked_at=found.looked_at,
            records=found.records,
            withheld=found.withheld,
            disclosed=found.disclosed,
            tree_size=found.size,
            bytes=found.size_bytes,
            sha256=found.sha256,
            created_at=instant(found.at),
            finished_at=None if found.finished_at is None else instant(found.finished_at),
        )


class TrailExports(BaseModel):
    """TrailExports, newest first."""

    exports: list[TrailExportBody]


@router.get("", responses=problems(401, 403, 422), **needs("exports:create"))
def list_trail_exports(work: InRead, page: InPage, response: Response) -> TrailExports:
    """TrailExports that you may have, newest first."""
    before = str(page.after[0]) if page.after else ""
    rows = exports.exports(work, before, page.fetch)
    found = page.turn(response, rows, lambda one: (one.id,))
    return TrailExports(exports=[TrailExportBody.of(one) for one in found])


@router.post(
    "",
    status_code=202,
    responses=problems(401, 403, 404, 409, 422),
    **needs("exports:create"),
)
def create_trail_export(body: Asked, work: InWork, runtime: Installation) -> TrailExportBody:
    """Have an export made. It shows what you may see now; 409 while an investigation is open."""
    return TrailExportBody.of(exports.request(work, runtime.reader, body.ask()))


@router.get("/{export}", responses=problems(401, 403, 404), **needs("exports:create"))
def get_trail_export(export: str, work: InRead) -> TrailExportBody:
    """One export, and how far it is."""
    return TrailExportBody.of(exports.export(work, export))


@router.post("/{export}/cancel", responses=problems(401, 403, 404, 409), **needs("exports:create"))
def cancel_trail_export(export: str, work: InWork) -> TrailExportBody:
    """Stop an export that is not done."""
    return TrailExportBody.of(exports.cancel(work, export))


@router.get(
    "/{export}/file",
    response_class=FileResponse,
    responses={
        200: {"content": {one: {} for one in sorted(set(MEDIA_TYPES.values()))}},
        **problems(401, 403, 404, 409, 503),
    },
    **needs("exports:create"),
)
def download_trail_export(
    request: Request, export: str, actor: By, runtime: Installation
) -> FileResponse:
    """The file of an export that is done. Each time it is handed out is recorded."""
    # Not InWork: a file is no answer to keep under a request's key.
    with begin(runtime.engine, actor, runtime.clock, request.state.request_id) as work:
        found, path = exports.download(work, runtime.exports, export)
    return FileResponse(path, media_type=MEDIA_TYPES[found.form], filename=found.file)
