"""/api/v1/sync/alerts: what wants somebody; the shapes are those of runbook 000, section 10.3."""

from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, Field

from quarterdeck.api.operations.alert_bodies import AlertBody
from quarterdeck.operations.alerts import service
from quarterdeck.web.bodies import Body
from quarterdeck.web.deps import InRead, InWork
from quarterdeck.web.permissions import needs
from quarterdeck.web.problems import problems
from quarterdeck.web.routes import api_router

router = api_router(prefix="/sync/alerts", tags=["alerts"])

OfType = Annotated[
    list[str], Query(default_factory=list, description="Only of this type; repeat for more.")
]


class AlertList(BaseModel):
    """Alerts that fire, newest first; at most 500."""

    alerts: list[AlertBody]


class Resolution(Body):
    """Who resolves an alert."""

    resolved_by: str = Field("", max_length=200, description="Empty: whoever asks.")


@router.get("", responses=problems(401, 403, 422), **needs("alerts:read"))
def list_alerts(work: InRead, type: OfType) -> AlertList:  # noqa: A002  the word in the address
    """Alerts that fire, newest first; none that is resolved, and none about spending."""
    return AlertList(alerts=[AlertBody.of(alert) for alert in service.beside_spending(work, type)])


@router.post("/{alert}/resolve", responses=problems(401, 403, 404, 422), **needs("alerts:resolve"))
def resolve_alert(alert: int, work: InWork, said: Resolution | None = None) -> AlertBody:
    """Resolve an alert. The body may be left out; one that is resolved stays as it is."""
    who = said.resolved_by if said else ""
    return AlertBody.of(service.resolve(work, alert, who))
