"""/api/v1/schedules: what runs again and again by itself."""

from datetime import datetime

from pydantic import BaseModel, Field

from quarterdeck.kernel import schedules
from quarterdeck.web.deps import InRead
from quarterdeck.web.permissions import needs
from quarterdeck.web.problems import problems
from quarterdeck.web.routes import api_router

router = api_router(prefix="/schedules", tags=["jobs"])


class ScheduleRow(BaseModel):
    """A job that is begun again and again."""

    name: str
    kind: str
    tenant: str
    every_s: float
    next_due: datetime = Field(description="When it is begun next.")


class Schedules(BaseModel):
    """Schedules by name."""

    schedules: list[ScheduleRow]


@router.get("", responses=problems(401, 403), **needs("jobs:read"))
def list_schedules(work: InRead) -> Schedules:
    """What runs again and again by itself, and when next."""
    found = schedules.of_tenants(work.db, work.tenants("jobs:read"))
    return Schedules(
        schedules=[
            ScheduleRow(
                name=one.name,
                kind=one.kind,
                tenant=one.tenant,
                every_s=one.every.total_seconds(),
                next_due=due,
            )
            for one, due in found
        ]
    )
