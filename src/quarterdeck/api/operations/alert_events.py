"""/alerts/events: alerts in the words of runbook 001, under /api/v1 and as they stand."""

from datetime import datetime
from typing import Annotated, Self

from fastapi import Query
from pydantic import BaseModel, Field

from quarterdeck.operations.alerts.model import LIVE, Alert, AlertState, Filter, Severity
from quarterdeck.operations.alerts.service import lifecycle, looking
from quarterdeck.web.bodies import Body
from quarterdeck.web.deps import InRead, InWork
from quarterdeck.web.permissions import needs
from quarterdeck.web.problems import problems
from quarterdeck.web.routes import Router, api_router

router = api_router(prefix="/alerts/events", tags=["alerts"])
root_router = Router(prefix="/alerts/events", tags=["alerts"])

ABOUT = ("resource", "resource_id", "instance", "node", "pod", "service", "domain", "job")
"""Labels that name what an alert is about, the nearest first."""

READS, WRITES = problems(401, 403, 422), problems(401, 403, 404, 409, 422)
States = Annotated[list[AlertState], Query(description="Repeat it; else those that fire.")]


class EventBody(BaseModel):
    """A triggered alert."""

    id: int
    rule: str
    resource: str | None = Field(description="What it is about, where a label says so.")
    time: datetime = Field(description="Since when it fires.")
    state: AlertState
    severity: Severity
    title: str
    tenant: str
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    resolved_at: datetime | None

    @classmethod
    def of(cls, alert: Alert) -> Self:
        labels = alert.sign.labels
        return cls(
            id=alert.id,
            rule=alert.sign.type,
            resource=next((labels[name] for name in ABOUT if name in labels), None),
            time=alert.starts_at,
            state=alert.state,
            severity=alert.sign.severity,
            title=alert.sign.title,
            tenant=alert.sign.tenant,
            acknowledged_at=alert.acknowledged_at,
            acknowledged_by=alert.acknowledged_by or None,
            resolved_at=alert.ends_at,
        )


class Acknowledgement(Body):
    """Who looks after an alert."""

    acknowledged_by: str = Field("", max_length=200, description="Empty: whoever asks.")


@root_router.get("", responses=READS, name="list_triggered", **needs("alerts:read"))
@router.get("", responses=READS, **needs("alerts:read"))
def list_alert_events(work: InRead, state: States = []) -> list[EventBody]:  # noqa: B006  FastAPI copies it
    """Alerts that fire, newest first; at most 500."""
    wanted = Filter(states=tuple(state) or LIVE)
    return [EventBody.of(one) for one in looking.listed(work, wanted)]


@root_router.put(
    "/{alert}/acknowledge",
    responses=WRITES,
    name="acknowledge_triggered",
    **needs("alerts:acknowledge"),
)
@router.put("/{alert}/acknowledge", responses=WRITES, **needs("alerts:acknowledge"))
def acknowledge_alert_event(
    alert: int, work: InWork, said: Acknowledgement | None = None
) -> EventBody:
    """Look after an alert. The body may be left out; a second time changes nothing."""
    by = said.acknowledged_by if said else ""
    return EventBody.of(lifecycle.acknowledge(work, alert, by))
