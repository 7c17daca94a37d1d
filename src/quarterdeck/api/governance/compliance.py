"""/api/v1/compliance: how the estate stands by the cloud's own checks."""

from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import Depends, Query, Request, Response

from quarterdeck.api.governance.compliance_bodies import (
    AdviceBody,
    AdviceList,
    DayBody,
    DescribedBody,
    DriftBody,
    DriftList,
    GroupBody,
    GroupRow,
    StateBody,
    States,
    SummaryBody,
    TallyBody,
    Trend,
)
from quarterdeck.governance.compliance.model.state import Filter
from quarterdeck.governance.compliance.model.verdict import Verdict
from quarterdeck.governance.compliance.service import queries
from quarterdeck.governance.connections.service import tenants_named
from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.web import ndjson
from quarterdeck.web.deps import InRead
from quarterdeck.web.paging import InPage, Key
from quarterdeck.web.permissions import needs
from quarterdeck.web.problems import problems
from quarterdeck.web.routes import api_router

router = api_router(prefix="/compliance", tags=["compliance"])

READS = needs(queries.READ)
TREND_DAYS = 30

Word = Annotated[str, Query(max_length=1024)]
Named = Annotated[
    list[str],
    Query(
        default_factory=list,
        description="Ids of tenants or of their directories; repeated, or parted by commas.",
    ),
]


def only_of(work: InRead, tenant_ids: Named) -> Tenants | None:
    """The tenants that a request names; None: all that one may see."""
    names = [name for part in tenant_ids for name in part.split(",") if name]
    return tenants_named(work, queries.READ, names) if names else None


def filter_of(
    subscription: Annotated[Word, Query(description="The id.")] = "",
    resource_group: Annotated[Word, Query(description="In any case.")] = "",
    policy: Annotated[Word, Query(description="Name, display name or id, in any case.")] = "",
    assignment: Annotated[Word, Query(description="Of assignment or set: name or id.")] = "",
    state: Annotated[Verdict | None, Query(description="Only this verdict.")] = None,
    text: Annotated[Word, Query(description="Part of a resource's id, in any case.")] = "",
) -> Filter:
    """Which states a request asks for."""
    return Filter(
        subscription=subscription,
        group=resource_group,
        policy=policy,
        assignment=assignment,
        verdict=state,
        text=text,
    )


Only = Annotated[Tenants | None, Depends(only_of)]
Asked = Annotated[Filter, Depends(filter_of)]


@router.get("/summary", responses=problems(401, 403, 404, 422), **READS)
def get_compliance_summary(request: Request, work: InRead, only: Only) -> SummaryBody:
    """Scores, counts, coverage and age, for all and by tenant and policy."""
    return SummaryBody.of(queries.summary(work, only, request.app.state.cache), work.now)


@router.get(
    "/states",
    responses={
        200: {"model": States, "content": {ndjson.MEDIA_TYPE: {}}},
        **problems(401, 403, 404, 422),
    },
    **READS,
)
def list_policy_states(
    request: Request, response: Response, work: InRead, page: InPage, only: Only, asked: Asked
) -> Any:  # noqa: ANN401  a page, or a stream of all
    """What each policy says of each resource, by resource; all of it as NDJSON if accepted."""
    if ndjson.asked_for(request):
        return _streamed(request, asked, only, page.after)
    rows = queries.page(work, asked, only, _spot(page.after), page.fetch)
    return States(
        states=[StateBody.of(one) for one in page.turn(response, rows, queries.spot)],
        counts=TallyBody.of(queries.total(work, asked, only)),
    )


@router.get("/states/{state}", responses=problems(401, 403, 404), **READS)
def get_policy_state(state: str, work: InRead) -> DescribedBody:
    """One state, all that the cloud said of it, and its history; also one that is closed."""
    return DescribedBody.told(queries.described(work, state))


@router.get("/groups", responses=problems(401, 403, 404, 422), **READS)
def list_compliance_groups(work: InRead, only: Only, asked: Asked) -> list[GroupRow]:
    """Every resource group with its counts, worst first: a bare array."""
    return [GroupRow.of(*row) for row in queries.groups(work, asked, only)]


@router.get("/groups/{group}/summary", responses=problems(401, 403, 404, 422), **READS)
def get_compliance_group(group: str, work: InRead, only: Only, asked: Asked) -> list[GroupBody]:
    """A resource group with counts by policy, once for each subscription that has one so named."""
    return [GroupBody.told(one) for one in queries.group(work, group, asked, only)]


@router.get("/trend", responses=problems(401, 403, 404, 422), **READS)
def get_compliance_trend(
    work: InRead,
    only: Only,
    first: Annotated[date | None, Query(description="The first day; 30 days back.")] = None,
    last: Annotated[date | None, Query(description="The last day; today.")] = None,
) -> Trend:
    """How each day ended. A day on which nothing was read is null: a gap, never zero."""
    until = last or work.now.date()
    back = min(timedelta(days=TREND_DAYS - 1), until - date.min)
    since = first or until - back
    return Trend(days=[DayBody.of(day) for day in queries.trend(work, only, since, until)])


@router.get("/drift", responses=problems(401, 403, 404, 422), **READS)
def list_compliance_drift(
    response: Response, work: InRead, page: InPage, only: Only, asked: Asked
) -> DriftList:
    """What turned from compliant to non-compliant and still is, newest first."""
    rows = queries.drift(work, asked, only, _since(page.after), page.fetch)
    return DriftList(
        drift=[DriftBody.told(s) for s in page.turn(response, rows, queries.drift_spot)]
    )


@router.get("/advice", responses=problems(401, 403, 404, 422), **READS)
def list_advice(
    response: Response,
    work: InRead,
    page: InPage,
    only: Only,
    category: Annotated[Word, Query(description="As Advisor names it: Security, Cost.")] = "",
) -> AdviceList:
    """The cloud's own recommendations, those of high impact first."""
    rows = queries.advice(work, category, only, _weight(page.after), page.fetch)
    shown = page.turn(response, rows, queries.advice_spot)
    return AdviceList(advice=[AdviceBody.of(one) for one in shown])


def _streamed(request: Request, asked: Filter, only: Tenants | None, after: Key | None) -> Response:
    def rows(work: Work, last: Key | None, limit: int) -> Any:  # noqa: ANN401  states
        return queries.page(work, asked, only, _spot(last), limit)

    listing = ndjson.Listing(rows=rows, key=queries.spot, line=_line)
    return ndjson.streamed(request, listing, after)


def _line(found: Any) -> bytes:  # noqa: ANN401  a state
    return StateBody.of(found).model_dump_json().encode()


def _spot(key: Key | None) -> tuple[str, str] | None:
    return None if key is None else (str(key[0]), str(key[1]))


def _since(key: Key | None) -> tuple[int, str] | None:
    return None if key is None else (int(key[0] or 0), str(key[1]))


_weight = _since
