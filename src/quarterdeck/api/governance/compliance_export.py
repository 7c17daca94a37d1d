"""/api/v1/exports/compliance"""

from typing import Annotated

from fastapi import Query, Request, Response

from quarterdeck.api.governance.compliance import Asked, Only
from quarterdeck.governance.compliance.columns import COLUMNS
from quarterdeck.governance.compliance.model.state import PolicyState
from quarterdeck.governance.compliance.service import queries
from quarterdeck.kernel.work import Work
from quarterdeck.web.csv import ANSWERS, Format, Sheet, streamed
from quarterdeck.web.deps import InRead
from quarterdeck.web.paging import Key
from quarterdeck.web.permissions import needs
from quarterdeck.web.problems import problems
from quarterdeck.web.routes import api_router
from quarterdeck.web.streaming import SMALL_ROWS

router = api_router(prefix="/exports", tags=["compliance"])


@router.get(
    "/compliance",
    response_class=Response,
    responses={**ANSWERS, **problems(401, 403, 404, 422)},
    **needs(queries.READ),
)
def export_compliance(
    request: Request,
    _work: InRead,
    only: Only,
    asked: Asked,
    form: Annotated[Format, Query(alias="format")] = Format.CSV,
) -> Response:
    """One row for each policy state, as a file, streamed."""

    def rows(work: Work, after: Key | None, limit: int) -> list[PolicyState]:
        spot = None if after is None else (str(after[0]), str(after[1]))
        return queries.page(work, asked, only, spot, limit)

    sheet = Sheet(
        name="compliance-export",
        rows=rows,
        key=queries.spot,
        columns=COLUMNS,
        page_rows=SMALL_ROWS,
    )
    return streamed(request, sheet, form)
