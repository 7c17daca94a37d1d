"""/alerts: what wants somebody, as a list and one by one."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Query
from pydantic import Field
from starlette.responses import HTMLResponse, RedirectResponse

from quarterdeck.console import lines
from quarterdeck.console.frame import Frame, InFrame, see
from quarterdeck.console.measured import picture
from quarterdeck.console.pages.views import saved
from quarterdeck.console.preferences import back_to
from quarterdeck.operations.alerts import service
from quarterdeck.operations.alerts.model import LIVE, Alert, AlertState, Filter, Severity
from quarterdeck.operations.alerts.service import around, lifecycle, looking, noise
from quarterdeck.operations.contacts import service as contacts
from quarterdeck.operations.incidents.service import looking as incidents
from quarterdeck.operations.routing.service.muting import seen_one
from quarterdeck.operations.routing.service.outgoing import outgoing
from quarterdeck.operations.silences import service as silences
from quarterdeck.web.deps import InWork
from quarterdeck.web.paging import InPage
from quarterdeck.web.permissions import needs
from quarterdeck.web.routes import HouseRoute

router = APIRouter(include_in_schema=False, route_class=HouseRoute)

READS = needs("alerts:read")
SHOWN_PAST = 20
LOOKED_BACK = timedelta(days=30)
MOST_UNDONE = 300  # alerts whose numbers fit into an address
MAX_WORD = 200
Word = Annotated[str, Query(max_length=MAX_WORD)]
Said = Annotated[str, Form(max_length=500)]
Ids = Annotated[list[Annotated[int, Field(ge=1, le=looking.LARGEST_ID)]], Form(max_length=500)]
KINDS = {Severity.CRITICAL: "critical", Severity.WARNING: "warning", Severity.INFO: "unknown"}
UNDO = {"acknowledge": "unacknowledge", "resolve": "reopen"}
PAST = {
    "acknowledge": "acknowledged",
    "unacknowledge": "no longer acknowledged",
    "resolve": "resolved",
    "reopen": "firing again",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """What the filter bar asks for: each field a part of the address."""

    q: str = ""
    state: str = ""
    severity: str = ""
    type: str = ""
    label: str = ""

    @property
    def asked(self) -> dict[str, str]:
        """The filter as an address has it; without what it does not ask for."""
        words = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {name: word for name, word in words.items() if word}

    @property
    def wanted(self) -> Filter:
        """It as a filter; a word that is none of those there are asks for nothing."""
        name, sign, value = self.label.partition("=")
        return Filter(
            states=tuple(one for one in AlertState if one == self.state) or LIVE,
            severities=tuple(one for one in Severity if one == self.severity),
            types=(self.type,) if self.type else (),
            labels=((name.strip(), value.strip()),) if sign else (),
            words=self.q,
        )


def bar_of(
    q: Word = "",
    state: Word = "",
    severity: Word = "",
    type_: Annotated[str, Query(alias="type", max_length=MAX_WORD)] = "",
    label: Word = "",
) -> Bar:
    """What the address asks for."""
    return Bar(q=q, state=state, severity=severity, type=type_, label=label)


InBar = Annotated[Bar, Depends(bar_of)]


@router.get("/alerts/noise", response_class=HTMLResponse, **READS)
def noisy(frame: InFrame) -> HTMLResponse:
    """Which alerts wake people for nothing."""
    return frame.show(
        "noise.html", found=noise.noise(frame.work, frame.shell.tenant, LOOKED_BACK), days=30
    )


@router.get("/alerts", response_class=HTMLResponse, **READS)
def alerts(
    frame: InFrame, page: InPage, bar: InBar, done: Word = "", ids: Word = ""
) -> HTMLResponse:
    """Alerts that fire, newest first; its filter is its address."""
    tenant = frame.shell.tenant
    before = int(page.after[0] or 0) if page.after else None
    found = looking.listed(frame.work, bar.wanted, tenant=tenant, before=before, limit=page.fetch)
    counts = looking.counts(frame.work, tenant)
    shown = found[: page.limit]
    return frame.show(
        "alerts.html",
        bar=bar,
        shown=shown,
        changed=_changed(frame, shown),
        counts=counts,
        firing=sum(counts.values()),
        worst=_worst(found),
        kinds=KINDS,
        states=list(AlertState),
        severities=list(Severity),
        following=page.next((found[page.limit - 1].id,)) if len(found) > page.limit else "",
        past=service.past(frame.work, tenant=tenant, limit=SHOWN_PAST) if not bar.asked else [],
        people=frame.people(),
        views=saved(frame, "/alerts"),
        query=frame.request.url.query,
        sending=outgoing(frame.work, tenant).counts,
        done=PAST.get(done, ""),
        undo=UNDO.get(done, ""),
        undone=[one for one in ids.split("-") if one.isdecimal()],
    )


@router.get("/alerts/{alert}", response_class=HTMLResponse, **READS)
def alert_page(frame: InFrame, alert: int) -> HTMLResponse:
    """One alert: what, since when, how bad, what to do, and how it ended before."""
    found = looking.account(frame.work, alert)
    seen, labels = seen_one(frame.work, found.alert), found.alert.sign.labels
    return frame.show(
        "alert.html",
        alert=found.alert,
        history=found.history,
        similar=found.similar,
        seen=seen,
        muting=[silences.of_id(frame.work, one) for one in seen.muting.silences],
        kind=KINDS[found.alert.sign.severity],
        people=frame.people(),
        runbook=_safe(found.alert.runbook),
        source=_safe(found.alert.sign.generator_url),
        picture=picture(frame, found.alert),
        size=(lines.WIDTH, lines.HEIGHT),
        changed=around.changed(frame.work, [found.alert]).get(alert, []),
        incidents=incidents.about_alert(frame.work, found.alert.sign.tenant, alert),
        knowing=contacts.suggested(frame.work, found.alert.sign.tenant, labels.values()),
        matchers=[f'{name}="{value}"' for name, value in labels.items()],
    )


@router.post("/alerts/acknowledge", **needs("alerts:acknowledge"))
def acknowledge(
    work: InWork,
    alert: Ids,
    back: Annotated[str, Form()] = "/alerts",
    *,
    undo: Annotated[bool, Form()] = False,
) -> RedirectResponse:
    """Look after alerts; or take that back."""
    return _handle(work, "unacknowledge" if undo else "acknowledge", alert, back)


@router.post("/alerts/resolve", **needs("alerts:resolve"))
def resolve_many(
    work: InWork,
    alert: Ids,
    back: Annotated[str, Form()] = "/alerts",
    *,
    undo: Annotated[bool, Form()] = False,
) -> RedirectResponse:
    """Say that nobody is needed any more; or take that back."""
    return _handle(work, "reopen" if undo else "resolve", alert, back)


@router.post("/alerts/{alert}/resolve", **needs("alerts:resolve"))
def resolve(alert: int, work: InWork, back: Annotated[str, Form()] = "/alerts") -> RedirectResponse:
    """Say that nobody is needed any more."""
    service.resolve(work, alert)
    return see(back_to(back))


def _handle(work: InWork, how: str, alerts: list[int], back: str) -> RedirectResponse:
    """Do it, and say so on the page it was asked on, with the way back."""
    changed = lifecycle.handle(work, how, Filter(ids=tuple(alerts)))
    address, _, query = back_to(back).partition("?")
    kept = [part for part in query.split("&") if part and not part.startswith(("done=", "ids="))]
    few = changed if len(changed) <= MOST_UNDONE and address == "/alerts" else []
    said = [urlencode({"done": how, "ids": "-".join(map(str, few))})] if few else []
    return see("?".join(part for part in (address, "&".join([*kept, *said])) if part))


def _changed(frame: Frame, shown: list[Alert]) -> dict[int, int]:
    """How much was changed in the half hour before each alert."""
    return {alert: len(some) for alert, some in around.changed(frame.work, shown).items()}


def _worst(found: list[Alert]) -> str:
    marks = [KINDS[one.sign.severity] for one in found if one.state is not AlertState.RESOLVED]
    return next((mark for mark in KINDS.values() if mark in marks), "ok")


def _safe(address: str) -> str:
    """An address that may be followed: labels come from anybody."""
    return address if address.startswith(("https://", "http://", "/alerts/")) else ""
