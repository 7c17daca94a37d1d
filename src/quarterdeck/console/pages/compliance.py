"""/compliance: how the estate stands by the cloud's own checks, and what drifted."""

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from fastapi import Query
from starlette.responses import HTMLResponse

from quarterdeck.console.frame import Frame, InFrame
from quarterdeck.governance.compliance.model.state import Filter
from quarterdeck.governance.compliance.model.verdict import Verdict
from quarterdeck.governance.compliance.service import queries
from quarterdeck.kernel.work import Tenants
from quarterdeck.web.paging import InPage, Key
from quarterdeck.web.permissions import needs
from quarterdeck.web.routes import page_router

router = page_router()

READS = needs(queries.READ)
SHOWN_DRIFT = 10
SHOWN_POLICIES = 12
SHOWN_ADVICE = 5
DAYS = 30
WIDTH, HEIGHT = 600, 120
MAX_WORD = 1024
Word = Annotated[str, Query(max_length=MAX_WORD)]
VERDICTS = [verdict.value for verdict in Verdict]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A line over days, 0 to 100 percent, parted where nothing was read.

    Attributes:
        lines: points of each unbroken stretch, as SVG writes them.
        dots: stretches of one day alone.
    """

    lines: list[str]
    dots: list[tuple[float, float]]


@router.get("/compliance", response_class=HTMLResponse, **READS)
def compliance(frame: InFrame) -> HTMLResponse:
    """The answer in a line; by tenant, by policy, what drifted, and the trend."""
    work, only = frame.work, _only(frame)
    today = work.now.date()
    days = queries.trend(work, only, today - timedelta(days=DAYS - 1), today)
    return frame.show(
        "compliance.html",
        found=queries.summary(work, only, frame.request.app.state.cache),
        drift=queries.drift(work, Filter(), only, None, SHOWN_DRIFT),
        advice=queries.advice(work, "", only, None, SHOWN_ADVICE),
        days=days,
        score=chart([day.score_percent for day in days]),
        secure=chart([day.secure_percent for day in days]),
        size=(WIDTH, HEIGHT),
        shown_policies=SHOWN_POLICIES,
    )


@router.get("/compliance/states", response_class=HTMLResponse, **READS)
def states(  # noqa: PLR0913, PLR0917  the filter bar: each a part of the address
    frame: InFrame,
    page: InPage,
    q: Word = "",
    policy: Word = "",
    assignment: Word = "",
    group: Word = "",
    state: Word = "",
) -> HTMLResponse:
    """What each policy says of each resource; the filter is the address."""
    wanted = Filter(
        text=q,
        policy=policy,
        assignment=assignment,
        group=group,
        verdict=Verdict(state) if state in VERDICTS else None,
    )
    only = _only(frame)
    found = queries.page(frame.work, wanted, only, _spot(page.after), page.fetch)
    more = len(found) > page.limit
    return frame.show(
        "policy_states.html",
        wanted=wanted,
        verdicts=VERDICTS,
        shown=found[: page.limit],
        tally=queries.total(frame.work, wanted, only),
        first=page.after is None,
        following=page.next(queries.spot(found[page.limit - 1])) if more else "",
        filtered=any((q, policy, assignment, group, wanted.verdict)),
        query=frame.request.url.query,
    )


@router.get("/compliance/states/{state}", response_class=HTMLResponse, **READS)
def state(frame: InFrame, state: str) -> HTMLResponse:
    """One state: what it says, since when, its exact JSON, its history."""
    found = queries.described(frame.work, state)
    return frame.show(
        "policy_state.html",
        state=found.state,
        body=json.loads(found.body),
        history=found.history,
    )


def chart(values: list[float | None]) -> Chart:
    """``values`` as lines in a box of ``WIDTH`` by ``HEIGHT``; None parts them, never zero."""
    step = WIDTH / max(len(values) - 1, 1)
    stretches: list[list[tuple[float, float]]] = [[]]
    for number, value in enumerate(values):
        if value is None:
            stretches.append([])
        else:
            point = (round(number * step, 1), round(HEIGHT * (1 - value / 100), 1))
            stretches[-1].append(point)
    lines = [s for s in stretches if len(s) > 1]
    return Chart(
        lines=[" ".join(f"{x},{y}" for x, y in stretch) for stretch in lines],
        dots=[stretch[0] for stretch in stretches if len(stretch) == 1],
    )


def _only(frame: Frame) -> Tenants | None:
    tenant = frame.shell.tenant
    return frame.work.require(queries.READ, tenant) if tenant else None


def _spot(key: Key | None) -> tuple[str, str] | None:
    return None if key is None else (str(key[0]), str(key[1]))
