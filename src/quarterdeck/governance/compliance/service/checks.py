"""Compliance checks: made on request, kept for good."""

from dataclasses import dataclass

from quarterdeck.access.tenants import service as access
from quarterdeck.events.compliance import ComplianceChecked
from quarterdeck.governance.compliance.model.check import RESULTS, Check, Finding, judged
from quarterdeck.governance.compliance.model.coverage import Part
from quarterdeck.governance.compliance.model.state import Filter
from quarterdeck.governance.compliance.model.verdict import Tally
from quarterdeck.governance.compliance.service.queries import READ, covered_by
from quarterdeck.governance.compliance.store import checks, names, queries
from quarterdeck.kernel.errors import NotFound
from quarterdeck.kernel.ids import TenantId
from quarterdeck.kernel.work import Tenants, Work

CHECK = "compliance:check"


class CheckNotFound(NotFound):
    """No such check."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What to check: a tenant, and an assignment or policy set by name or id; empty: all."""

    tenant: str
    framework: str = ""


def check(work: Work, asked: Asked) -> Check:
    """Hold what is known of a tenant against a framework, and keep what came of it."""
    mine = work.require(CHECK, asked.tenant)
    access.require_open(work, TenantId(asked.tenant))
    findings = _findings(work, mine, asked.framework)
    covered = covered_by(work, mine, Part.STATES)
    result, reason = judged(findings, covered, work.now)
    made = Check(
        id=work.new_id(),
        tenant=TenantId(asked.tenant),
        framework=asked.framework,
        at=work.now,
        by=work.actor.id,
        result=result,
        reason=reason,
        tally=sum((finding.tally for finding in findings), Tally()),
        as_of=covered.last_read,
        findings=findings,
    )
    checks.add(work.db, made)
    work.publish(
        ComplianceChecked(
            tenant=made.tenant, check=made.id, framework=made.framework, result=made.result.value
        )
    )
    return made


def kept(work: Work, only: Tenants | None, before: str | None, limit: int) -> list[Check]:
    """The next ``limit`` checks, newest first."""
    return checks.newest(work.db, only or work.tenants(READ), before, limit)


def check_of(work: Work, check: str) -> Check:
    """One check; raise CheckNotFound if there is none."""
    found = checks.of_id(work.db, work.tenants(READ), check)
    if found is None:
        raise CheckNotFound(f"no compliance check {check[:80]}")
    return found


def _findings(work: Work, mine: Tenants, framework: str) -> tuple[Finding, ...]:
    found = queries.count_by(work.db, mine, Filter(assignment=framework), "finding")
    titles = names.by_name(work.db, mine)
    return tuple(
        Finding(
            assignment=assignment,
            policy=policy,
            tally=tally,
            result=RESULTS[tally.verdict],
            assignment_title=titles.get(assignment.casefold(), ""),
            policy_title=titles.get(policy.casefold(), ""),
        )
        for (assignment, policy), tally in found.items()
    )
