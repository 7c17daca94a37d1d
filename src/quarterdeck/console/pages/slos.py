"""/slos: what was promised of services, and what of each error budget is spent."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import Query
from starlette.responses import HTMLResponse

from quarterdeck.console import lines
from quarterdeck.console.frame import Frame, InFrame
from quarterdeck.console.kept import MARKS
from quarterdeck.operations.slos.drawing import Left, lefts
from quarterdeck.operations.slos.model.standing import Standing, Verdict
from quarterdeck.operations.slos.planning import steps
from quarterdeck.operations.slos.service import applying, looking, reporting
from quarterdeck.web.permissions import needs
from quarterdeck.web.routes import page_router

router = page_router()

READS = needs(applying.READ)


@router.get("/slos", response_class=HTMLResponse, **READS)
def slos(frame: InFrame) -> HTMLResponse:
    """Every SLO with what is left of its budgets."""
    found = looking.slos(frame.work, frame.shell.tenant)
    return frame.show(
        "slos.html", found=found, counts=looking.verdicts(found), states=MARKS, verdicts=Verdict
    )


@router.get("/slos/report", response_class=HTMLResponse, **READS)
def sla_report(
    frame: InFrame, month: Annotated[str, Query(pattern=r"[0-9]{4}-[0-9]{2}")] = ""
) -> HTMLResponse:
    """What was attained of each promise in a month (UTC); without one, the last whole month."""
    first = _first(month, frame.shell.now)
    following = (first + timedelta(days=32)).replace(day=1)
    rows = reporting.report(frame.work, first, following, frame.shell.tenant)
    return frame.show(
        "sla-report.html",
        rows=rows,
        first=first,
        earlier=f"{first - timedelta(days=1):%Y-%m}",
        later=f"{following:%Y-%m}" if following <= frame.shell.now else "",
        going_on=following > frame.shell.now,
    )


def _first(month: str, now: datetime) -> datetime:
    last = (now.astimezone(UTC).replace(day=1) - timedelta(days=1)).strftime("%Y-%m")
    try:
        return datetime.strptime(month or last, "%Y-%m").replace(tzinfo=UTC)
    except ValueError as error:
        raise reporting.UnusablePeriod(f"{month} is no month; expected YYYY-MM") from error


@router.get("/slos/{tenant}/{slo}", response_class=HTMLResponse, **READS)
def one_slo(frame: InFrame, tenant: str, slo: str) -> HTMLResponse:
    """One SLO: how its budgets were spent, its windows, what the policy demands."""
    shown = looking.slo_of(frame.work, tenant, slo)
    drawn = [(one, _drawn(frame, tenant, one)) for one in shown.objectives]
    return frame.show(
        "slo.html",
        shown=shown,
        drawn=drawn,
        states=MARKS,
        steps=steps(shown.slo),
        size=(lines.WIDTH, lines.HEIGHT),
        held={(one.objective, one.what): one.since for one in shown.holding},
        text=applying.export(frame.work, tenant, slo),
    )


def _drawn(frame: Frame, tenant: str, one: Standing) -> tuple[list[Left], lines.Chart | None]:
    line = looking.burn_down(frame.work, tenant, one.slo, one.objective)
    if all(point.share is None for point in line[1:]):  # a budget begins whole: that alone is none
        return [], None
    ats = [point.at for point in line]
    return line, lines.chart(ats, [("left", lefts(line))])
