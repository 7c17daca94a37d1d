"""/alert-rules: what must hold before an alert fires, and what each rule says now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from quarterdeck.console import lines
from quarterdeck.console.frame import RANGES, Frame, InFrame, changing, looking, see
from quarterdeck.console.measured import chart
from quarterdeck.kernel.errors import Invalid
from quarterdeck.operations.metrics.spans import steps
from quarterdeck.operations.rules.baseline import Baseline, Beside, Deviation, NoBaseline
from quarterdeck.operations.rules.forms import native
from quarterdeck.operations.rules.model import Kept, PromQL, Rule, RuleChanged, State
from quarterdeck.operations.rules.promql import promql
from quarterdeck.operations.rules.service import comparing, exchanging, trying, writing
from quarterdeck.operations.rules.service import looking as rules
from quarterdeck.operations.rules.service.trying import UnusableInstant
from quarterdeck.operations.rules.sign import remedy
from quarterdeck.web.deps import By, Installation, InWork
from quarterdeck.web.permissions import needs
from quarterdeck.web.routes import HouseRoute

router = APIRouter(include_in_schema=False, route_class=HouseRoute)

READS, WRITES = needs("alerts:read"), needs("rules:write")
HERE = "/alert-rules"
PAGE = 40
HOUR, SMALL = timedelta(hours=1), timedelta(minutes=2)
EVERY = {
    "1h": timedelta(minutes=1),
    "24h": timedelta(minutes=20),
    "7d": timedelta(hours=2),
    "30d": timedelta(hours=8),
}
KINDS = {
    State.ERROR: "critical",
    State.FIRING: "critical",
    State.PENDING: "warning",
    State.UNKNOWN: "unknown",
    State.INACTIVE: "ok",
    State.DISABLED: "stale",
}
BESIDES = {
    Beside.USUAL: "ok",
    Beside.ABOVE: "warning",
    Beside.BELOW: "warning",
    Beside.UNKNOWN: "unknown",
}
EXAMPLE = """\
rules:
  - name: high-cpu
    threshold: {of: CpuPercentage, function: avg, window: PT5M, is: '>', value: 80}
    for: PT5M
    severity: critical
    runbook: https://wiki.example/cpu
"""
Word = Annotated[str, Query(max_length=400)]
Why = Annotated[str, Form(max_length=2000)]
Words = Annotated[str, Form(max_length=300_000)]
Seen = Annotated[str, Form(pattern=r"^([A-Za-z0-9_.:-]{1,200}@[0-9]{1,9})?$")]
Number = Annotated[int, Query(ge=0, le=2**31 - 1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A rule as the list shows it.

    Attributes:
        elsewhere: Prometheus has its numbers, if one is attached.
        chart: its numbers of the last hour with its threshold; None: there are none.
    """

    kept: Kept
    condition: str
    elsewhere: bool
    chart: lines.Chart | None


@router.get(HERE, response_class=HTMLResponse, **READS)
def listed(frame: InFrame, state: Word = "", after: Word = "") -> HTMLResponse:
    """All rules, each with its state, its last value and its numbers of the last hour."""
    return _list(frame, state, after)


@router.post(HERE, **WRITES)
def apply(
    request: Request,
    actor: By,
    of: Annotated[str, Form(max_length=200)],
    text: Words = "",
    why: Why = "",
    seen: Seen = "",
) -> Response:
    """Apply the rules of a text; what is refused is said beside it.

    ``seen``: the rule that is changed, and at which version it was seen.
    """
    rule, _, version = seen.partition("@")
    expected = {rule: int(version)} if seen else writing.ANY
    words = text.replace("\r\n", "\n")
    try:
        with changing(request, actor) as work:
            work.require("rules:write", of)
            done = exchanging.carry_in(work, of, words, why=why, expected=expected)
    except (Invalid, RuleChanged) as error:
        with looking(request, actor) as frame:
            return _list(frame, "", "", refused=str(error), text=text, of=of)
    changed = [*done.created, *done.changed]
    return see(f"{HERE}/{of}/{changed[0]}" if len(changed) == 1 else HERE)


@router.post(HERE + "/catalogue", **WRITES)
def catalogue(work: InWork, of: Annotated[str, Form(max_length=200)]) -> RedirectResponse:
    """Apply the rules of runbook 004's alert catalogue."""
    exchanging.install_catalogue(work, of)
    return see(HERE)


@router.get(HERE + "/{tenant}/{rule}", response_class=HTMLResponse, **READS)
def one(
    frame: InFrame, tenant: str, rule: str, at: Word = "", old: Number = 0, new: Number = 0
) -> HTMLResponse:
    """One rule: what it says, about what, since when, how it came to be; and a test in place."""
    account = rules.one(frame.work, tenant, rule)
    history = rules.history(frame.work, tenant, rule)
    tried, refused = _tried(frame, tenant, account.kept.rule, at)
    ats = _ats(frame)
    drawn = trying.drawn(frame.work, frame.runtime.metrics, tenant, [account.kept.rule], ats)[rule]
    return frame.show(
        "rule.html",
        account=account,
        kept=account.kept,
        rule=account.kept.rule,
        remedy=remedy(account.kept.rule),
        condition=promql(account.kept.rule.condition),
        elsewhere=isinstance(account.kept.rule.condition, PromQL),
        kinds=KINDS,
        chart=chart(account.kept.rule, ats, drawn),
        drawn=drawn,
        ats=ats,
        size=(lines.WIDTH, lines.HEIGHT),
        history=history,
        diff=rules.diff(frame.work, tenant, rule, old, new) if old and new else "",
        asked=(old, new),
        tried=tried,
        refused=refused,
        at=at or frame.work.now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        text=native.write([account.kept.rule]),
        baseline=_baseline(frame, tenant, account.kept),
        besides=BESIDES,
        people=frame.people(),
    )


def _baseline(frame: Frame, tenant: str, kept: Kept) -> tuple[Baseline, Sequence[Deviation]] | None:
    """What is usual, and how far off it is; None: nobody recorded it, or nobody can."""
    if isinstance(kept.rule.condition, PromQL):
        return None
    try:
        return comparing.compared(frame.work, frame.runtime.metrics, tenant, kept.rule.name)
    except NoBaseline:
        return None


@router.post(HERE + "/{tenant}/{rule}/baseline", **WRITES)
def record_baseline(
    work: InWork,
    runtime: Installation,
    tenant: str,
    rule: str,
    days: Annotated[int, Form(ge=1, le=14)],
) -> RedirectResponse:
    """Call usual what the numbers of a rule were in the last days."""
    comparing.record(work, runtime.metrics, tenant, rule, work.now - timedelta(days=days), work.now)
    return see(f"{HERE}/{tenant}/{rule}#usual")


@router.post(HERE + "/{tenant}/{rule}/enable", **WRITES)
def enable(work: InWork, tenant: str, rule: str, why: Why = "") -> RedirectResponse:
    """Have a rule be evaluated."""
    writing.enable(work, tenant, rule, on=True, why=why)
    return see(f"{HERE}/{tenant}/{rule}")


@router.post(HERE + "/{tenant}/{rule}/disable", **WRITES)
def disable(work: InWork, tenant: str, rule: str, why: Why = "") -> RedirectResponse:
    """Have a rule be evaluated no more until it is enabled."""
    writing.enable(work, tenant, rule, on=False, why=why)
    return see(f"{HERE}/{tenant}/{rule}")


@router.post(HERE + "/{tenant}/{rule}/rollback", **WRITES)
def roll_back(
    work: InWork,
    tenant: str,
    rule: str,
    version: Annotated[int, Form(ge=1, le=2**31 - 1)],
    why: Why = "",
) -> RedirectResponse:
    """Have a rule be again what it was at a version."""
    writing.roll_back(work, tenant, rule, version, why)
    return see(f"{HERE}/{tenant}/{rule}")


@router.post(HERE + "/{tenant}/{rule}/delete", **WRITES)
def delete(work: InWork, tenant: str, rule: str, why: Why = "") -> RedirectResponse:
    """Have a rule hold no more; its history stays."""
    writing.delete(work, tenant, rule, why)
    return see(HERE)


def _list(
    frame: Frame, state: str, after: str, refused: str = "", text: str = "", of: str = ""
) -> HTMLResponse:
    wanted = [one for one in State if one.value == state]
    tenant, _, name = after.partition("/")
    found = rules.listed(
        frame.work, frame.shell.tenant, states=wanted, after=(tenant, name), limit=PAGE + 1
    )
    shown = found[:PAGE]
    last = shown[-1] if len(found) > PAGE else None
    more = {"state": state, "after": f"{last.tenant}/{last.rule.name}"} if last else {}
    counts = rules.counts(frame.work, frame.shell.tenant)
    return frame.show(
        "rules.html",
        rows=_rows(frame, shown),
        counts=counts,
        total=sum(counts.values()),
        states=list(State),
        state=state,
        kinds=KINDS,
        following=frame.shell.link(HERE, **more) if more else "",
        refused=refused,
        text=text or EXAMPLE,
        of=of or frame.shell.tenant,
        size=(lines.WIDTH, lines.HEIGHT),
    )


def _rows(frame: Frame, shown: Sequence[Kept]) -> list[Row]:
    ats = steps(frame.work.now - HOUR, frame.work.now, SMALL)
    rows = []
    for tenant in dict.fromkeys(kept.tenant for kept in shown):
        own = [kept for kept in shown if kept.tenant == tenant]
        drawn = trying.drawn(
            frame.work, frame.runtime.metrics, tenant, [kept.rule for kept in own], ats
        )
        rows += [
            Row(
                kept=kept,
                condition=promql(kept.rule.condition),
                elsewhere=isinstance(kept.rule.condition, PromQL),
                chart=chart(kept.rule, ats, drawn[kept.rule.name]),
            )
            for kept in own
        ]
    return rows


def _ats(frame: Frame) -> list[datetime]:
    span = frame.shell.span
    ats = steps(frame.work.now - RANGES[span], frame.work.now, EVERY[span])
    return ats if ats and ats[-1] == frame.work.now else [*ats, frame.work.now]


def _tried(frame: Frame, tenant: str, rule: Rule, at: str) -> tuple[trying.Tried | None, str]:
    if not at:
        return None, ""
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        return None, f"expected a time as 2026-03-01T12:00:00Z, got {at[:40]!r}"
    if moment.tzinfo is None:
        return None, "expected a time with its zone, as 2026-03-01T12:00:00Z"
    try:
        return trying.tried(frame.work, frame.runtime.metrics, tenant, rule, moment), ""
    except UnusableInstant as error:
        return None, str(error)
