"""/api/v1/escalation: who is told, and who next where nobody answers."""

from typing import Annotated

from fastapi import Query, Response

from quarterdeck.api.operations.escalation_bodies import (
    Answers,
    AppliedPolicy,
    DecisionBody,
    EarlierPolicy,
    Policies,
    PolicyBody,
    PolicyHistory,
    PolicyText,
    PolicyVersion,
)
from quarterdeck.operations.escalation.service import linting, policies
from quarterdeck.operations.escalation.service.policies import READ, WRITE
from quarterdeck.web.deps import InRead, InWork
from quarterdeck.web.paging import InPage
from quarterdeck.web.permissions import needs
from quarterdeck.web.problems import problems
from quarterdeck.web.routes import api_router

router = api_router(prefix="/escalation", tags=["escalation"])

READS, WRITES = problems(401, 403, 404, 422), problems(401, 403, 404, 409, 422)
ONE = "/policies/{tenant}/{policy}"
OfTenant = Annotated[str, Query(max_length=100, description="Only of this tenant.")]
Expected = Annotated[
    int | None, Query(ge=0, le=2**31 - 1, description="Only if it is at this version.")
]


@router.get("/policies", responses=READS, **needs(READ))
def list_escalation_policies(
    work: InRead, page: InPage, response: Response, tenant: OfTenant = ""
) -> Policies:
    """Policies by tenant and name."""
    after = (str(page.after[0]), str(page.after[1])) if page.after else ("", "")
    rows = policies.listed(work, tenant, after=after, limit=page.fetch)
    shown = page.turn(response, rows, lambda one: (one.version.tenant, one.version.name))
    return Policies(policies=[PolicyBody.of(one) for one in shown])


@router.get(ONE, responses=READS, **needs(READ))
def get_escalation_policy(tenant: str, policy: str, work: InRead) -> PolicyBody:
    """One policy."""
    return PolicyBody.of(policies.one(work, tenant, policy))


@router.put(ONE, responses=WRITES, **needs(WRITE))
def apply_escalation_policy(
    tenant: str, policy: str, body: PolicyText, work: InWork
) -> AppliedPolicy:
    """Have a policy hold for pages that are opened from now on; open ones keep theirs."""
    done, changed = policies.apply(
        work, tenant, policy, body.text, why=body.why, expected=body.expected_version
    )
    notes = linting.notes(work, tenant, done.policy)
    return AppliedPolicy(policy=PolicyBody.of(done), changed=changed, notes=notes)


@router.delete(ONE, status_code=204, responses=WRITES, **needs(WRITE))
def delete_escalation_policy(
    tenant: str,
    policy: str,
    work: InWork,
    why: Annotated[str, Query(max_length=500)] = "",
    expected_version: Expected = None,
) -> Response:
    """Have a policy hold no more; its versions stay, and open pages go on under it."""
    policies.delete(work, tenant, policy, why=why, expected=expected_version)
    return Response(status_code=204)


@router.get(f"{ONE}/versions", responses=READS, **needs(READ))
def list_escalation_policy_versions(tenant: str, policy: str, work: InRead) -> PolicyHistory:
    """Every version, newest first: who, when, how and why; also of one that was deleted."""
    found = policies.history(work, tenant, policy)
    return PolicyHistory(versions=[PolicyVersion.of(one) for one in found])


@router.post(f"{ONE}/rollback", responses=WRITES, **needs(WRITE))
def roll_back_escalation_policy(
    tenant: str, policy: str, body: EarlierPolicy, work: InWork
) -> PolicyBody:
    """Have a policy be what it was at a version."""
    done = policies.put_back(
        work, tenant, policy, body.version, why=body.why, expected=body.expected_version
    )
    return PolicyBody.of(done)


@router.post(f"{ONE}/decide", responses=READS, **needs(READ))
def walk_escalation_decision(tenant: str, policy: str, body: Answers, work: InRead) -> DecisionBody:
    """Walk a policy's decision tree: the next question, or the level that it ends in."""
    return DecisionBody.of(policies.decide(work, tenant, policy, body.answers))
