"""/alerts: what wants somebody."""

from typing import Annotated

from fastapi import APIRouter, Form
from starlette.responses import HTMLResponse, RedirectResponse

from quarterdeck.console.frame import InFrame, see
from quarterdeck.console.preferences import back_to
from quarterdeck.operations.alerts import service
from quarterdeck.web.deps import InWork
from quarterdeck.web.permissions import needs

router = APIRouter(include_in_schema=False)

SHOWN_PAST = 20


@router.get("/alerts", response_class=HTMLResponse, **needs("alerts:read"))
def alerts(frame: InFrame) -> HTMLResponse:
    """Alerts that fire, then those that were resolved of late."""
    tenant = frame.shell.tenant
    return frame.show(
        "alerts.html",
        firing=service.active(frame.work, tenant=tenant),
        past=service.past(frame.work, tenant=tenant, limit=SHOWN_PAST),
        people=frame.people(),
    )


@router.post("/alerts/{alert}/resolve", **needs("alerts:resolve"))
def resolve(alert: int, work: InWork, back: Annotated[str, Form()] = "/alerts") -> RedirectResponse:
    """Say that nobody is needed any more."""
    service.resolve(work, alert)
    return see(back_to(back))
