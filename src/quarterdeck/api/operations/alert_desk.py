"""/api/v1/alerts: look for alerts, at one of them, and handle many at once."""

from dataclasses import asdict
from datetime import timedelta
from typing import Annotated, Self

from fastapi import Query, Response
from pydantic import BaseModel, Field

from quarterdeck.api.operations.alert_bodies import (
    AccountBody,
    AlertBody,
    ChangeBody,
    ChangedBody,
    Handled,
    Meant,
    MutingBody,
)
from quarterdeck.kernel.work import Work
from quarterdeck.operations.alerts.model import LIVE, AlertState, Filter, Severity
from quarterdeck.operations.alerts.service import around, lifecycle, looking, noise
from quarterdeck.operations.routing.service.muting import seen_one
from quarterdeck.web.deps import InRead, InWork
from quarterdeck.web.faults import InvalidRequest
from quarterdeck.web.paging import InPage
from quarterdeck.web.permissions import needs
from quarterdeck.web.problems import problems
from quarterdeck.web.routes import api_router

router = api_router(prefix="/alerts", tags=["alerts"])

UNDO = {
    "acknowledge": "unacknowledge",
    "unacknowledge": "acknowledge",
    "resolve": "reopen",
    "reopen": "resolve",
}
READS = problems(401, 403, 404, 422)
WRITES = problems(401, 403, 404, 409, 422)


class AlertPage(BaseModel):
    """Alerts, newest first, and how many fire."""

    alerts: list[AlertBody]
    counts: dict[str, int] = Field(description="How many fire, by their state.")


class NoiseBody(BaseModel):
    """What came of the alerts of one type."""

    type: str
    fired: int
    acknowledged: int
    by_itself: int = Field(description="Ended with no hand laid on them.")
    untouched: int = Field(description="Of these, how many nobody had acknowledged.")
    short: int = Field(description="Ended by themselves within five minutes.")
    share: float = Field(description="Untouched of what fired, 0 to 1.")

    @classmethod
    def of(cls, one: noise.Noise) -> Self:
        return cls(**asdict(one), share=round(one.share, 4))


class NoiseReport(BaseModel):
    """Which alerts are noise."""

    days: int
    types: list[NoiseBody]


class Asked(BaseModel):
    """What is asked of the list."""

    tenant: str = Field("", description="Only of this tenant.")
    state: list[AlertState] = Field([], description="Repeat it; else those that fire.")
    type: list[str] = Field([], description="Repeat it for more.")
    severity: list[Severity] = []
    label: list[str] = Field([], max_length=20, description="A pair, as node=a; repeat it.")
    q: str = Field("", max_length=200, description="In the title.")

    @property
    def filter(self) -> Filter:
        """It as a filter; raise InvalidRequest where a label is no pair."""
        pairs = [one.partition("=") for one in self.label]
        if any(not sign for _, sign, _ in pairs):
            breach = {"detail": "expected NAME=VALUE", "parameter": "label", "location": "query"}
            raise InvalidRequest("a label is asked for as NAME=VALUE", (breach,))
        return Filter(
            states=tuple(self.state) or LIVE,
            types=tuple(self.type),
            severities=tuple(self.severity),
            labels=tuple((name, value) for name, _, value in pairs),
            words=self.q,
        )


@router.get("", responses=READS, **needs("alerts:read"))
def search_alerts(
    work: InRead, response: Response, page: InPage, asked: Annotated[Asked, Query()]
) -> AlertPage:
    """Look for alerts, newest first."""
    before = int(page.after[0] or 0) if page.after else None
    rows = looking.listed(work, asked.filter, tenant=asked.tenant, before=before, limit=page.fetch)
    shown = page.turn(response, rows, lambda one: (one.id,))
    return AlertPage(
        alerts=[AlertBody.of(one) for one in shown], counts=looking.counts(work, asked.tenant)
    )


@router.get("/noise", responses=READS, **needs("alerts:read"))
def measure_alert_noise(
    work: InRead,
    tenant: Annotated[str, Query(description="Only of this tenant.")] = "",
    days: Annotated[int, Query(ge=1, le=366, description="How far to look back.")] = 30,
) -> NoiseReport:
    """Which types of alerts end by themselves with nobody on them, the noisiest first."""
    found = noise.noise(work, tenant, timedelta(days=days))
    return NoiseReport(days=days, types=[NoiseBody.of(one) for one in found])


@router.get("/{alert}", responses=READS, **needs("alerts:read"))
def get_alert(alert: int, work: InRead) -> AccountBody:
    """One alert: who hears of it, what was done with it, how it ended before."""
    found = looking.account(work, alert)
    seen = seen_one(work, found.alert)
    changed = around.changed(work, [found.alert])
    return AccountBody(
        alert=AlertBody.of(found.alert),
        muted=MutingBody.of(seen.muting),
        receivers=seen.receivers,
        changed=[ChangedBody.of(one) for one in changed.get(alert, ())],
        history=[ChangeBody.of(one) for one in found.history],
        similar=[AlertBody.of(one) for one in found.similar],
    )


@router.post("/acknowledge", responses=WRITES, **needs("alerts:acknowledge"))
def acknowledge_alerts(work: InWork, meant: Meant) -> Handled:
    """Look after alerts: they are quiet until they are resolved, and then are armed again."""
    return _handled(work, "acknowledge", meant)


@router.post("/unacknowledge", responses=WRITES, **needs("alerts:acknowledge"))
def unacknowledge_alerts(work: InWork, meant: Meant) -> Handled:
    """Take an acknowledgement back."""
    return _handled(work, "unacknowledge", meant)


@router.post("/resolve", responses=WRITES, **needs("alerts:resolve"))
def resolve_alerts(work: InWork, meant: Meant) -> Handled:
    """Resolve alerts: by their ids, or all of a type."""
    return _handled(work, "resolve", meant)


@router.post("/reopen", responses=WRITES, **needs("alerts:resolve"))
def reopen_alerts(work: InWork, meant: Meant) -> Handled:
    """Take a resolution back, but of those whose cause has begun another alert."""
    return _handled(work, "reopen", meant)


def _handled(work: Work, how: str, meant: Meant) -> Handled:
    changed = lifecycle.handle(work, how, meant.filter, meant.by, meant.tenant)
    return Handled(changed=changed, undo=f"/api/v1/alerts/{UNDO[how]}")
