"""/api/v1/slos: what was promised of services, and what of each error budget is spent."""

from dataclasses import asdict
from typing import Annotated

from fastapi import Query, Response
from pydantic import AwareDatetime

from quarterdeck.api.operations.slo_bodies import (
    AppliedBody,
    AttainmentBody,
    LeftBody,
    ObjectName,
    PlannedBody,
    Preview,
    RulesBody,
    SlaReport,
    SloBody,
    SloHistory,
    Slos,
    SloText,
    Written,
)
from quarterdeck.operations.slos.model.openslo import kind_of
from quarterdeck.operations.slos.service import applying, looking, reporting
from quarterdeck.web.deps import InRead, InWork
from quarterdeck.web.permissions import needs
from quarterdeck.web.problems import problems
from quarterdeck.web.routes import api_router

router = api_router(tags=["slos"])

READS, WRITES = needs(applying.READ), needs(applying.WRITE)
OfTenant = Annotated[str, Query(description="Only of this tenant.")]
From = Annotated[AwareDatetime, Query(alias="from", description="RFC 3339.")]
To = Annotated[AwareDatetime, Query(alias="to", description="RFC 3339; not included.")]
Objective = Annotated[str, Query(max_length=10, description="Its place among those of the SLO.")]


@router.get("/slos", responses=problems(401, 403, 404), **READS)
def list_slos(work: InRead, tenant: OfTenant = "") -> Slos:
    """SLOs, and how each objective stands."""
    return Slos(slos=[SloBody.of(one) for one in looking.slos(work, tenant)])


@router.get("/slos/{tenant}/{slo}", responses=problems(401, 403, 404), **READS)
def get_slo(tenant: str, slo: str, work: InRead) -> SloBody:
    """One SLO: budgets, burn rates, and what the error-budget policy demands."""
    return SloBody.of(looking.slo_of(work, tenant, slo))


@router.get("/slos/{tenant}/{slo}/history", responses=problems(401, 403, 404), **READS)
def get_slo_history(tenant: str, slo: str, work: InRead, objective: Objective = "1") -> SloHistory:
    """How the budget of the current window was spent, from its beginning to now."""
    found = looking.burn_down(work, tenant, slo, objective)
    return SloHistory(points=[LeftBody.of(one) for one in found])


@router.delete("/slos/{tenant}/{slo}", status_code=204, responses=problems(401, 403, 404), **WRITES)
def remove_slo(tenant: str, slo: str, work: InWork) -> Response:
    """Remove an SLO; with it goes what was counted, and what it demanded."""
    applying.remove(work, tenant, applying.SLO, slo)
    return Response(status_code=204)


@router.get("/slo-report", responses=problems(401, 403, 404, 422), **READS)
def get_slo_report(work: InRead, since: From, until: To, tenant: OfTenant = "") -> SlaReport:
    """What was attained of each objective over a period: the SLA report."""
    found = reporting.report(work, since, until, tenant)
    rows = [AttainmentBody(**asdict(one)) for one in found]
    return SlaReport.model_validate({"from": since, "to": until, "rows": rows})


@router.get("/slo-rules/{tenant}", responses=problems(401, 403, 404), **READS)
def get_slo_rules(tenant: str, work: InRead) -> RulesBody:
    """Rules of Prometheus that judge a tenant's SLOs: what is lost, and burn-rate alerts."""
    found = looking.rules_of(work, tenant)
    return RulesBody(text=found.text, notes=list(found.notes))


@router.get("/slo-objects/{tenant}", responses=problems(401, 403, 404), **READS)
def get_slo_objects(
    tenant: str, work: InRead, slo: Annotated[str, Query(description="Only this SLO.")] = ""
) -> Written:
    """What was applied, as OpenSLO writes it."""
    return Written(text=applying.export(work, tenant, slo))


@router.put("/slo-objects/{tenant}", responses=problems(401, 403, 404, 422), **WRITES)
def apply_slo_objects(tenant: str, body: SloText, work: InWork) -> AppliedBody:
    """Have SLOs, and what they refer to, hold from now on; what cannot be read is refused."""
    return AppliedBody.of(applying.apply(work, tenant, body.text))


@router.post("/slo-objects/{tenant}/preview", responses=problems(401, 403, 404, 422), **READS)
def preview_slo_objects(tenant: str, body: SloText, work: InWork) -> Preview:
    """What a text would have hold; nothing changes."""
    said, planned = applying.preview(work, tenant, body.text)
    return Preview(
        objects=[ObjectName(kind=kind_of(one), name=one.metadata.name) for one in said.objects],
        objectives=[PlannedBody.of(one) for one in planned],
        notes=list(said.notes),
    )


@router.delete(
    "/slo-objects/{tenant}/{kind}/{name}",
    status_code=204,
    responses=problems(401, 403, 404, 409, 422),
    **WRITES,
)
def remove_slo_object(tenant: str, kind: str, name: str, work: InWork) -> Response:
    """Remove an object of any kind; not while what an SLO counts refers to it."""
    applying.remove(work, tenant, kind, name)
    return Response(status_code=204)
