"""Costs as files: /api/v1/exports/costs in three forms and in FOCUS, /api/v1/costs/imports."""

from dataclasses import replace
from typing import Annotated, Self

from fastapi import Body, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from quarterdeck.api.governance.costs import InAsked, listing_of, spot_of
from quarterdeck.governance.costs import focus
from quarterdeck.governance.costs.columns import COLUMNS
from quarterdeck.governance.costs.model import Entry
from quarterdeck.governance.costs.service import files, summaries
from quarterdeck.governance.costs.service.files import Imported
from quarterdeck.governance.costs.service.summaries import READ
from quarterdeck.kernel.ids import TenantId
from quarterdeck.kernel.work import Work
from quarterdeck.web import csv, parquet
from quarterdeck.web.csv import Format, Sheet
from quarterdeck.web.deps import InRead, InWork
from quarterdeck.web.paging import Key
from quarterdeck.web.permissions import needs
from quarterdeck.web.problems import problems
from quarterdeck.web.routes import api_router
from quarterdeck.web.streaming import SMALL_ROWS

router = api_router(tags=["costs"])

InForm = Annotated[Format, Query(alias="format", description="How the file is written.")]
ASKED = problems(401, 403, 404, 422)


class ImportedBody(BaseModel):
    """What a file brought."""

    id: str
    rows: int = Field(description="Lines of the file.")
    added: int = Field(description="Entries of the ledger: sums by subscription, service, group.")
    restated: int
    lost: int = Field(description="Entries of the file's days that it has no more.")
    columns_kept: list[str] = Field(description="Kept with the file as it came; not read.")

    @classmethod
    def of(cls, found: Imported) -> Self:
        return cls(
            id=found.id,
            rows=found.rows,
            added=found.tally.added,
            restated=found.tally.restated,
            lost=found.tally.lost,
            columns_kept=found.kept,
        )


@router.get(
    "/exports/costs",
    response_class=StreamingResponse,
    responses=csv.ANSWERS | ASKED,
    **needs(READ),
)
def export_costs(
    request: Request, work: InRead, asked: InAsked, form: InForm = Format.CSV
) -> StreamingResponse:
    """Charges as a file, both days of the range in it; streamed, however long."""
    only, listing = asked.tenants(work), listing_of(asked)

    def rows(work: Work, last: Key | None, limit: int) -> list[Entry]:
        return summaries.page(work, listing, only, spot_of(last), limit)

    sheet = Sheet(
        name="costs-export",
        rows=rows,
        key=lambda e: e.spot,
        columns=COLUMNS,
        page_rows=SMALL_ROWS,
    )
    return csv.streamed(request, sheet, form)


@router.get(
    "/exports/costs.focus.csv",
    response_class=StreamingResponse,
    responses=csv.ANSWERS | ASKED,
    **needs(READ),
)
def export_focus(request: Request, work: InRead, asked: InAsked) -> StreamingResponse:
    """Charges in FOCUS 1.2, the open format of cost data, as CSV; both bases in one row."""
    return csv.streamed(request, _focus(work, asked))


@router.get(
    "/exports/costs.focus.parquet",
    response_class=StreamingResponse,
    responses={
        200: {"content": {parquet.MEDIA_TYPE: {"schema": {"type": "string"}}}},
        **problems(401, 403, 404, 422, 503),
    },
    **needs(READ),
)
def export_focus_parquet(request: Request, work: InRead, asked: InAsked) -> StreamingResponse:
    """Charges in FOCUS 1.2 as Parquet; needs the ``analytics`` extra on the server."""
    return parquet.streamed(request, _focus(work, asked))


@router.post(
    "/costs/imports",
    status_code=201,
    responses=problems(401, 403, 404, 409, 413, 422),
    **needs("costs:import"),
)
def import_costs(
    work: InWork,
    tenant: Annotated[str, Query(description="The tenant that was charged.")],
    content: Annotated[bytes, Body(media_type="text/csv")],
) -> ImportedBody:
    """Bring in a file in FOCUS, as CSV. Bringing it in again changes nothing."""
    return ImportedBody.of(files.bring_in(work, TenantId(tenant), content))


def _focus(work: Work, asked: InAsked) -> Sheet[focus.Row]:
    only, listing = asked.tenants(work), listing_of(asked)
    both = replace(listing, basis=None)

    def rows(work: Work, last: Key | None, limit: int) -> list[focus.Row]:
        return files.focus_page(work, both, only, spot_of(last), limit)

    return Sheet(
        name="costs-export.focus",
        rows=rows,
        key=lambda row: row.key,
        columns=focus.COLUMNS,
        page_rows=SMALL_ROWS,
    )
