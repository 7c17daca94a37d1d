"""/api/v1/compliance/checks: compliance held against a framework, and kept."""

from datetime import datetime
from typing import Self

from fastapi import Response
from pydantic import BaseModel, Field

from quarterdeck.api.governance.compliance import Only
from quarterdeck.api.governance.compliance_bodies import StateBody, TallyBody
from quarterdeck.governance.compliance.model.check import Check, Result
from quarterdeck.governance.compliance.service import checks, scanning
from quarterdeck.governance.compliance.service.queries import READ
from quarterdeck.governance.compliance.service.scanning import Scan
from quarterdeck.web.bodies import Body
from quarterdeck.web.deps import InRead, InWork
from quarterdeck.web.paging import InPage
from quarterdeck.web.permissions import needs
from quarterdeck.web.problems import problems
from quarterdeck.web.routes import Router, api_router

router = api_router(prefix="/compliance/checks", tags=["compliance"])
scan_router = api_router(tags=["compliance"])
root_router = Router(tags=["compliance"])

SCANS = {"responses": problems(401, 403, 404, 409, 422), **needs(checks.CHECK)}


class NewCheck(Body):
    """What to check."""

    tenant: str
    framework: str = Field(
        default="",
        max_length=1024,
        description="Name or id of an assignment or policy set; empty: all that is assigned.",
    )


class FindingBody(BaseModel):
    """What a check found of one policy."""

    assignment: str
    assignment_title: str | None = Field(description="Null: not known when it was checked.")
    policy: str
    policy_title: str | None
    result: Result
    counts: TallyBody


class CheckBody(BaseModel):
    """A check as it is kept."""

    id: str
    tenant: str
    framework: str
    at: datetime
    by: str
    result: Result = Field(description="not_known: what would decide it was not read.")
    reason: str
    as_of: datetime | None = Field(description="The oldest reading that it stands on.")
    counts: TallyBody
    findings: list[FindingBody]

    @classmethod
    def of(cls, found: Check) -> Self:
        return cls(
            id=found.id,
            tenant=found.tenant,
            framework=found.framework,
            at=found.at,
            by=found.by,
            result=found.result,
            reason=found.reason,
            as_of=found.as_of,
            counts=TallyBody.of(found.tally),
            findings=[
                FindingBody(
                    assignment=one.assignment,
                    assignment_title=one.assignment_title or None,
                    policy=one.policy,
                    policy_title=one.policy_title or None,
                    result=one.result,
                    counts=TallyBody.of(one.tally),
                )
                for one in found.findings
            ],
        )


class Checks(BaseModel):
    """Checks, newest first; ``Link`` leads to older ones."""

    checks: list[CheckBody]


class ScanBody(BaseModel):
    """A check, with what breaks which rule."""

    check: CheckBody
    violations: list[StateBody] = Field(description="The first 1,000; `check` counts all.")
    resolved: list[StateBody] = Field(
        description="Violations of the last check that are none now: `state` says what they are; "
        "what is gone has `closed_at`."
    )
    since: datetime | None = Field(description="When that check was; null: this is the first.")

    @classmethod
    def of(cls, found: Scan) -> Self:
        return cls(
            check=CheckBody.of(found.check),
            violations=[StateBody.of(one) for one in found.violations],
            resolved=[StateBody.of(one) for one in found.resolved],
            since=found.since,
        )


@scan_router.post("/compliance/scan", **SCANS)
def scan_compliance(body: NewCheck, work: InWork) -> ScanBody:
    """Name what stands against policy by what was last read, and what does no longer.

    `as_of` of the check says how old that is; sync compliance first to see what is mended.
    """
    asked = checks.Asked(tenant=body.tenant, framework=body.framework)
    return ScanBody.of(scanning.scan(work, asked))


@root_router.post("/compliance/scan", **SCANS)
def run_scan(body: NewCheck, work: InWork) -> ScanBody:
    """The same as ``/api/v1/compliance/scan``, where runbook 001 has it."""
    return scan_compliance(body, work)


@router.post(
    "", status_code=201, responses=problems(401, 403, 404, 409, 422), **needs(checks.CHECK)
)
def check_compliance(body: NewCheck, work: InWork, response: Response) -> CheckBody:
    """Hold what was last read of a tenant against a framework, and keep what comes of it."""
    made = checks.check(work, checks.Asked(tenant=body.tenant, framework=body.framework))
    response.headers["Location"] = f"/api/v1/compliance/checks/{made.id}"
    return CheckBody.of(made)


@router.get("", responses=problems(401, 403, 404, 422), **needs(READ))
def list_compliance_checks(work: InRead, response: Response, page: InPage, only: Only) -> Checks:
    """Checks, newest first."""
    before = str(page.after[0]) if page.after else None
    rows = checks.kept(work, only, before, page.fetch)
    return Checks(checks=[CheckBody.of(c) for c in page.turn(response, rows, lambda c: (c.id,))])


@router.get("/{check}", responses=problems(401, 403, 404), **needs(READ))
def get_compliance_check(check: str, work: InRead) -> CheckBody:
    """One check."""
    return CheckBody.of(checks.check_of(work, check))
