"""/costs: what the estate costs, by day and by what; the question is the address."""

from datetime import timedelta
from typing import Annotated

from fastapi import Query
from starlette.responses import HTMLResponse

from quarterdeck.console.bars import HEIGHT, WIDTH, bars
from quarterdeck.console.frame import Frame, InFrame
from quarterdeck.governance.cloud.ports import CostBasis
from quarterdeck.governance.costs.budgets import Spending
from quarterdeck.governance.costs.calendar import Span, month_of
from quarterdeck.governance.costs.control import Control, Verdict
from quarterdeck.governance.costs.coverage import STALE_AFTER
from quarterdeck.governance.costs.question import Question
from quarterdeck.governance.costs.service import summaries
from quarterdeck.governance.costs.service.summaries import BUDGETS, READ, Summary
from quarterdeck.governance.sync.domains import domains
from quarterdeck.governance.sync.model import COSTS
from quarterdeck.kernel.errors import Invalid
from quarterdeck.kernel.work import Tenants
from quarterdeck.web.faults import InvalidRequest
from quarterdeck.web.permissions import needs
from quarterdeck.web.routes import page_router

router = page_router()

MAX_WORD = 400
SHOWN = 100
DIMENSIONS = ("service", "group", "subscription", "tenant")
Word = Annotated[str, Query(max_length=MAX_WORD)]


@router.get("/costs", response_class=HTMLResponse, **needs(READ))
def costs(  # noqa: PLR0913, PLR0917  the filter bar: each a part of the address
    frame: InFrame,
    start: Word = "",
    end: Word = "",
    by: Word = "service",
    basis: CostBasis = CostBasis.ACTUAL,
    currency: Word = "",
    service: Word = "",
    group: Word = "",
    subscription: Word = "",
) -> HTMLResponse:
    """The page; its question is its address, so that each drill-down can be sent on."""
    given = {"service": service, "group": group, "subscription": subscription}
    narrowed = {name: value for name, value in given.items() if value}
    asked = Question(span=_span(frame, start, end), basis=basis, by=by, narrowed=narrowed)
    only = _only(frame)
    cache = frame.request.app.state.cache
    found = summaries.summary(frame.work, asked, only, cache)
    shown = currency or (found.totals[0].currency if found.totals else "")
    drawn = [
        (figure.day, figure.key or "(none)", figure.amount.amount)
        for figure in summaries.daily(frame.work, asked, only, cache)
        if figure.day is not None and figure.amount.currency == shown
    ]
    return frame.show(
        "costs.html",
        found=found,
        asked=asked,
        currency=shown,
        figures=[f for f in found.figures if f.amount.currency == shown],
        limit=SHOWN,
        chart=bars(asked.span, drawn),
        size=(WIDTH, HEIGHT),
        days=drawn,
        state=found.coverage.state(frame.work.now, _stale_after(frame)).value,
        differing=_differing(frame, found, only),
        dimensions=[*DIMENSIONS, *(f"tag:{tag}" for tag in summaries.tags(frame.work, only))],
        names=summaries.subscriptions(frame.work, only),
        query=frame.request.url.query,
        budgets=_budgets(frame),
    )


def _budgets(frame: Frame) -> list[Spending]:
    if not frame.holds(BUDGETS):
        return []
    tenant = frame.shell.tenant
    only = frame.work.require(BUDGETS, tenant) if tenant else None
    return summaries.budgets(frame.work, only)


def _differing(frame: Frame, found: Summary, only: Tenants | None) -> list[Control]:
    every = summaries.controls(frame.work, found.asked.span, found.asked.basis, only)
    return [control for control in every if control.verdict is not Verdict.AGREES]


def _span(frame: Frame, start: str, end: str) -> Span:
    today = frame.work.now.date()
    try:
        last = today.fromisoformat(end) if end else today
        return Span(today.fromisoformat(start) if start else month_of(last), last)
    except (ValueError, Invalid) as error:
        raise InvalidRequest(f"the days cannot be read: {error}") from error


def _only(frame: Frame) -> Tenants | None:
    tenant = frame.shell.tenant
    return frame.work.require(READ, tenant) if tenant else None


def _stale_after(frame: Frame) -> timedelta:
    known = domains(frame.runtime.settings)
    return known[COSTS].stale_after if COSTS in known else STALE_AFTER
