"""/api/v1/programmes: requirements with a deadline, and how far each tenant is."""

from datetime import date
from typing import Annotated, Literal

from fastapi import Path, Response
from pydantic import BaseModel, Field

from quarterdeck.api.governance.programme_bodies import (
    DefinitionBody,
    EvidenceBody,
    MaturityDay,
    ProgrammeRow,
    StandingBody,
)
from quarterdeck.governance.connections.service import tenants_named
from quarterdeck.governance.programmes import service
from quarterdeck.governance.programmes.model import State
from quarterdeck.kernel.work import Tenants
from quarterdeck.web.bodies import Body
from quarterdeck.web.deps import InRead, InWork
from quarterdeck.web.permissions import needs
from quarterdeck.web.problems import problems
from quarterdeck.web.routes import api_router

router = api_router(tags=["programmes"])

READS, WRITES = needs(service.READ), needs(service.WRITE)
ONE = "/programmes/{programme}/tenants/{tenant}"
RIVERSIDE = "riverside"
Name = Annotated[str, Path(max_length=64)]


class Programmes(BaseModel):
    """Every programme, by name."""

    programmes: list[ProgrammeRow]


class Triggered(BaseModel):
    """A sync was asked for."""

    status: Literal["triggered"] = "triggered"
    sync_type: str = Field(description="The programme.")


class Judging(Triggered):
    """Tenants are being judged."""

    jobs: list[str] = Field(description="One for each tenant that takes part.")


class Enabled(BaseModel):
    """Whether a tenant takes part."""

    programme: str
    tenant: str
    enabled: bool


class NewEvidence(Body):
    """What you say of a requirement, and where it can be seen."""

    state: State
    link: str = Field(default="", description="Where it can be seen: http or https.")
    note: str = ""
    expires: date | None = Field(default=None, description="The last day on which it holds.")


class EvidenceList(BaseModel):
    """What was said of a requirement, newest first."""

    evidence: list[EvidenceBody]


class Trend(BaseModel):
    """How each of the last 90 days ended; days on which nobody looked are absent."""

    days: list[MaturityDay]


@router.get("/programmes", responses=problems(401, 403), **READS)
def list_programmes(work: InRead) -> Programmes:
    """Every programme, and which tenants take part in it."""
    part = service.taking_part(work)
    return Programmes(programmes=[ProgrammeRow.told(p, part) for p in service.defined(work)])


@router.get("/programmes/{programme}", responses=problems(401, 403, 404), **READS)
def get_programme(programme: Name, work: InRead) -> DefinitionBody:
    """One programme with its phases and requirements."""
    return DefinitionBody.of(service.programme_of(work, programme))


@router.get(ONE, responses=problems(401, 403, 404, 409), **READS)
def get_programme_standing(programme: Name, tenant: str, work: InRead) -> StandingBody:
    """How far a tenant is, phase by phase, and what is missing."""
    return StandingBody.of(service.stand(work, programme, tenant))


@router.get(f"{ONE}/trend", responses=problems(401, 403, 404), **READS)
def get_programme_trend(programme: Name, tenant: str, work: InRead) -> Trend:
    """How far a tenant was at the end of each of the last 90 days."""
    found = service.trend(work, programme, tenant)
    return Trend(days=[MaturityDay.told(day, found[day]) for day in sorted(found)])


@router.put(ONE, responses=problems(401, 403, 404, 409), **WRITES)
def enable_programme(programme: Name, tenant: str, work: InWork) -> Enabled:
    """Have a tenant take part: it is judged now, and every 24 h."""
    service.enable(work, programme, tenant)
    return Enabled(programme=programme, tenant=tenant, enabled=True)


@router.delete(ONE, responses=problems(401, 403, 404), **WRITES)
def disable_programme(programme: Name, tenant: str, work: InWork) -> Enabled:
    """Have a tenant take part no more; its evidence stays."""
    service.disable(work, programme, tenant)
    return Enabled(programme=programme, tenant=tenant, enabled=False)


@router.get(
    f"{ONE}/requirements/{{requirement}}/evidence", responses=problems(401, 403, 404), **READS
)
def list_programme_evidence(
    programme: Name, tenant: str, requirement: Name, work: InRead
) -> EvidenceList:
    """What was said of a requirement, newest first; at most 100."""
    found = service.evidence_of(work, programme, tenant, requirement)
    return EvidenceList(evidence=[EvidenceBody.of(one) for one in found])


@router.post(
    f"{ONE}/requirements/{{requirement}}/evidence",
    status_code=201,
    responses=problems(401, 403, 404, 409, 422),
    **WRITES,
)
def record_programme_evidence(
    programme: Name,
    tenant: str,
    requirement: Name,
    body: NewEvidence,
    work: InWork,
    response: Response,
) -> EvidenceBody:
    """Say how a requirement stands; what was said before stays, and counts no more."""
    said = service.Said(state=body.state, link=body.link, note=body.note, expires=body.expires)
    kept = service.record(work, programme, tenant, requirement, said)
    response.headers["Location"] = (
        f"/api/v1/programmes/{programme}/tenants/{tenant}/requirements/{requirement}/evidence"
    )
    return EvidenceBody.of(kept)


@router.post(
    "/programmes/{programme}/sync", responses=problems(401, 403, 404, 409), **needs("sync:trigger")
)
def sync_programme(programme: Name, work: InWork, tenant: str | None = None) -> Judging:
    """Judge a programme now, for each tenant that takes part."""
    only: Tenants | None = tenants_named(work, "sync:trigger", [tenant]) if tenant else None
    jobs = service.request_sync(work, programme, only)
    return Judging(sync_type=programme, jobs=list(jobs))


@router.post("/riverside/sync", responses=problems(401, 403, 404, 409), **needs("sync:trigger"))
def sync_riverside(work: InWork) -> Triggered:
    """Judge the programme ``riverside`` now (runbook 000, section 4.1), where it is enabled."""
    service.request_sync(work, RIVERSIDE)
    return Triggered(sync_type=RIVERSIDE)
