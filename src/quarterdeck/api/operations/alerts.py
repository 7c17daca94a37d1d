"""/api/v1/sync/alerts: what wants somebody; the shapes are those of runbook 000, section 10.3."""

from datetime import datetime
from typing import Annotated, Self

from fastapi import Query
from pydantic import BaseModel, Field

from quarterdeck.operations.alerts import service
from quarterdeck.operations.alerts.model import Alert, AlertState, Severity
from quarterdeck.web.bodies import Body
from quarterdeck.web.deps import InRead, InWork
from quarterdeck.web.permissions import needs
from quarterdeck.web.problems import problems
from quarterdeck.web.routes import Router

router = Router(prefix="/sync/alerts", tags=["alerts"])

OfType = Annotated[
    list[str], Query(default_factory=list, description="Only of this type; repeat for more.")
]


class AlertBody(BaseModel):
    """What wants somebody, and what became of it."""

    id: int
    key: str = Field(description="What it is about: one alert a key fires at a time.")
    tenant: str
    type: str = Field(description="sync_failure, sync_stalled or high_error_rate.")
    severity: Severity
    title: str
    state: AlertState
    starts_at: datetime
    seen_at: datetime = Field(description="When its sign was last seen.")
    times: int = Field(description="How often its sign was seen.")
    ends_at: datetime | None = Field(description="When it was resolved; null while it fires.")
    resolved_by: str | None = Field(description="Null where it fires, or passed by itself.")
    labels: dict[str, str]
    annotations: dict[str, str] = Field(description="What to know of it, and what to do.")

    @classmethod
    def of(cls, alert: Alert) -> Self:
        sign = alert.sign
        return cls(
            id=alert.id,
            key=sign.key,
            tenant=sign.tenant,
            type=sign.type,
            severity=sign.severity,
            title=sign.title,
            state=alert.state,
            starts_at=alert.starts_at,
            seen_at=alert.seen_at,
            times=alert.times,
            ends_at=alert.ends_at,
            resolved_by=alert.resolved_by or None,
            labels=dict(sign.labels),
            annotations=dict(sign.annotations),
        )


class AlertList(BaseModel):
    """Alerts that fire, newest first; at most 500."""

    alerts: list[AlertBody]


class Resolution(Body):
    """Who resolves an alert."""

    resolved_by: str = Field("", max_length=200, description="Empty: whoever asks.")


@router.get("", responses=problems(401, 403, 422), **needs("alerts:read"))
def list_alerts(work: InRead, type: OfType) -> AlertList:  # noqa: A002  the word in the address
    """Alerts that fire, newest first; one that is resolved is not listed."""
    return AlertList(alerts=[AlertBody.of(alert) for alert in service.active(work, types=type)])


@router.post("/{alert}/resolve", responses=problems(401, 403, 404, 422), **needs("alerts:resolve"))
def resolve_alert(alert: int, work: InWork, said: Resolution | None = None) -> AlertBody:
    """Resolve an alert. The body may be left out; one that is resolved stays as it is."""
    who = said.resolved_by if said else ""
    return AlertBody.of(service.resolve(work, alert, who))
