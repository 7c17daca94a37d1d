"""/api/v1/trail/reports: compliance of a trail, and the review of a window and an actor."""

import json
from typing import Annotated, Any

from fastapi import Query, Request
from pydantic import AwareDatetime, BaseModel, Field

from quarterdeck.api.trail.exports import TrailExportBody
from quarterdeck.kernel.clock import micros
from quarterdeck.kernel.work import begin, read
from quarterdeck.runtime import Runtime
from quarterdeck.trail.export import service as exports
from quarterdeck.trail.export.model import Ask
from quarterdeck.trail.query.model import Filter
from quarterdeck.trail.reports import service as reports
from quarterdeck.trail.reports.model import Period
from quarterdeck.web.bodies import Body
from quarterdeck.web.deps import By, InRead, Installation
from quarterdeck.web.permissions import needs
from quarterdeck.web.problems import problems
from quarterdeck.web.routes import api_router

router = api_router(prefix="/trail/reports", tags=["trail"])

EXPORTS = needs("exports:create")
From = Annotated[AwareDatetime, Query(alias="from", description="Occurred then, or later.")]
To = Annotated[AwareDatetime, Query(description="Occurred before.")]


class Evidence(Body):
    """What evidence is asked for."""

    tenant: str = Field(max_length=100)
    framework: str = Field("", max_length=40, description="soc2, iso27001, gdpr, hipaa; else all.")
    from_: AwareDatetime = Field(alias="from", description="Occurred then, or later.")
    to: AwareDatetime = Field(description="Occurred before.")


class Report(BaseModel):
    """A report: its sections by name; one that is not known says why."""

    tenant: str
    sections: dict[str, dict[str, Any]]


@router.get("/compliance", responses=problems(401, 403, 404, 422), **needs("trail:read"))
def get_compliance_report(
    work: InRead,
    runtime: Installation,
    tenant: str,
    from_: From,
    to: To,
    framework: Annotated[
        str, Query(max_length=40, description="soc2, iso27001, gdpr or hipaa; else all.")
    ] = "",
) -> Report:
    """Retention, residency, holds, integrity, access. Reads the whole log."""
    period = Period(since=micros(from_), until=micros(to))
    found = reports.compliance(work, _ground(runtime), tenant, period, framework)
    return Report(tenant=tenant, sections=found)


@router.get("/review", responses=problems(401, 403, 404, 422), **needs("trail:read"))
def get_trail_review(
    work: InRead,
    runtime: Installation,
    tenant: str,
    from_: From,
    to: To,
    actor: Annotated[str, Query(max_length=400, description="Else everybody.")] = "",
) -> Report:
    """What an actor did in a window, and whether the log is whole. Reads the whole log."""
    period = Period(since=micros(from_), until=micros(to))
    found = reports.review(work, _ground(runtime), tenant, period, actor)
    return Report(tenant=tenant, sections=found)


@router.post("/evidence", status_code=202, responses=problems(401, 403, 404, 409, 422), **EXPORTS)
def create_evidence(
    request: Request, body: Evidence, actor: By, runtime: Installation
) -> TrailExportBody:
    """Have a bundle made of a period's records, with the framework's reports inside."""
    period = Period(since=micros(body.from_), until=micros(body.to))
    request_id = request.state.request_id
    # Reports read whole logs: not within the transaction that writes.
    with read(runtime.engine, actor, runtime.clock, request_id) as work:
        work.require("exports:create", body.tenant)
        found = reports.compliance(work, _ground(runtime), body.tenant, period, body.framework)
    wanted = Filter(since=period.since, until=period.until)
    ask = Ask(tenant=body.tenant, complete=False, wanted=wanted)
    told = {"framework": body.framework, "from": period.since, "to": period.until}
    enclosed = json.dumps(told | {"sections": found}, sort_keys=True)
    with begin(runtime.engine, actor, runtime.clock, request_id) as work:
        return TrailExportBody.of(exports.request(work, runtime.reader, ask, enclosed))


def _ground(runtime: Runtime) -> reports.Ground:
    return reports.Ground(
        reader=runtime.reader, removal=runtime.removal, region=runtime.settings.region
    )
