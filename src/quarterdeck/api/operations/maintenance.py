"""/api/v1/maintenance: windows in which something is worked on (runbook 000, section 12.2)."""

from datetime import datetime
from typing import Annotated, Literal, Self

from fastapi import Query, Response
from pydantic import BaseModel, Field

from quarterdeck.api.operations.services import utc_of
from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.operations.maintenance import service
from quarterdeck.operations.maintenance.model import MOST_MINUTES, Window, WindowState
from quarterdeck.web.bodies import Body
from quarterdeck.web.deps import InRead, InWork
from quarterdeck.web.paging import InPage
from quarterdeck.web.permissions import needs
from quarterdeck.web.problems import problems
from quarterdeck.web.routes import api_router

router = api_router(prefix="/maintenance", tags=["maintenance"])

READS, WRITES = needs(service.READ), needs(service.WRITE)


class WindowBody(BaseModel):
    """A maintenance window."""

    id: str
    tenant: str
    environment: str = Field(description="Empty: every one.")
    services: list[str] = Field(description="None: all.")
    reason: str
    duration_minutes: int
    start: datetime
    end: datetime
    state: WindowState
    by: str
    ended_at: datetime | None
    ended_by: str | None = Field(description="Null where its time came, or it goes on.")

    @classmethod
    def of(cls, window: Window) -> Self:
        return cls(
            id=window.id,
            tenant=window.tenant,
            environment=window.environment,
            services=list(window.services),
            reason=window.reason,
            duration_minutes=window.duration_minutes,
            start=window.start,
            end=window.end,
            state=window.state,
            by=window.by,
            ended_at=window.ended_at,
            ended_by=window.ended_by or None,
        )


class Windows(BaseModel):
    """Maintenance windows, last entered first."""

    windows: list[WindowBody]


class NewWindow(Body):
    """What is worked on, why, and for how long."""

    reason: str = Field(min_length=1, max_length=500)
    duration_minutes: int = Field(ge=1, le=MOST_MINUTES)
    tenant: str = Field(PLATFORM, description="Default: the platform, which is everybody's.")
    environment: str = ""
    services: list[str] = Field(default_factory=list, max_length=100)
    start: datetime | None = Field(None, description="Null: now.")

    def plan(self) -> service.Plan:
        """What it asks for."""
        return service.Plan(
            reason=self.reason,
            duration_minutes=self.duration_minutes,
            tenant=self.tenant,
            environment=self.environment,
            services=tuple(self.services),
            start=utc_of(self.start) if self.start else None,
        )


class Enabled(BaseModel):
    """Maintenance is on."""

    status: Literal["enabled"] = "enabled"
    window: WindowBody


class Disabled(BaseModel):
    """Maintenance is off."""

    status: Literal["disabled"] = "disabled"
    ended: list[WindowBody] = Field(description="Windows that were active; none is no fault.")


@router.post("/enable", responses=problems(401, 403, 404, 409, 422), **WRITES)
def enable_maintenance(body: NewWindow, work: InWork) -> Enabled:
    """Begin maintenance now, or say when it shall begin."""
    return Enabled(window=WindowBody.of(service.schedule(work, body.plan())))


@router.post("/disable", responses=problems(401, 403, 404), **WRITES)
def disable_maintenance(
    work: InWork,
    tenant: Annotated[str, Query(description="Whose windows; default: the platform's.")] = PLATFORM,
) -> Disabled:
    """End every window of a tenant that is active now."""
    return Disabled(ended=[WindowBody.of(one) for one in service.end_all(work, tenant)])


@router.get("/windows", responses=problems(401, 403, 422), **READS)
def list_maintenance_windows(
    work: InRead,
    page: InPage,
    response: Response,
    state: Annotated[
        list[WindowState], Query(default_factory=list, description="Only in this state.")
    ],
) -> Windows:
    """Maintenance windows, last entered first; the platform's are everybody's."""
    before = str(page.after[0]) if page.after else ""
    found = service.windows(work, states=tuple(state), before=before, limit=page.fetch)
    shown = page.turn(response, found, lambda one: (one.id,))
    return Windows(windows=[WindowBody.of(one) for one in shown])


@router.post("/windows/{window}/end", responses=problems(401, 403, 404, 409), **WRITES)
def end_maintenance_window(window: str, work: InWork) -> WindowBody:
    """End a window before its time, or call it off before it began."""
    return WindowBody.of(service.end(work, window))
