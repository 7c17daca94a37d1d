"""A compliance check: what stands, held against an assignment or a framework, and kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from quarterdeck.governance.compliance.model.coverage import Coverage
from quarterdeck.governance.compliance.model.verdict import Tally, Verdict
from quarterdeck.kernel.ids import TenantId


class Result(StrEnum):
    """How a check ends. ``not_known``: what would decide it was not read, or is not decided."""

    PASS = "pass"  # noqa: S105  a verdict
    FAIL = "fail"
    NOT_KNOWN = "not_known"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a check found of one policy in one assignment; titles are empty where not known."""

    assignment: str
    policy: str
    tally: Tally
    result: Result
    assignment_title: str = ""
    policy_title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A check as it is kept.

    Attributes:
        framework: name or id of the assignment or policy set that was asked for; empty: all.
        reason: why it ended so, for people.
        as_of: the oldest reading that it stands on; None where there was none.
    """

    id: str
    tenant: TenantId
    framework: str
    at: datetime
    by: str
    result: Result
    reason: str
    tally: Tally
    as_of: datetime | None
    findings: tuple[Finding, ...]


RESULTS = {
    Verdict.COMPLIANT: Result.PASS,
    Verdict.EXEMPT: Result.PASS,
    Verdict.NOT_APPLICABLE: Result.PASS,
    Verdict.NON_COMPLIANT: Result.FAIL,
    Verdict.NOT_KNOWN: Result.NOT_KNOWN,
}


def judged(findings: Sequence[Finding], covered: Coverage, now: datetime) -> tuple[Result, str]:
    """How a check ends, and why: a failure anywhere fails it; a gap anywhere leaves it open."""
    total = sum((finding.tally for finding in findings), Tally())
    failing = [finding for finding in findings if finding.result is Result.FAIL]
    if failing:
        words = f"{total.non_compliant} of {total.decided} states are non-compliant"
        return Result.FAIL, f"{words}, by {len(failing)} of {len(findings)} policies"
    if gap := _gap(findings, covered, now):
        return Result.NOT_KNOWN, gap
    return Result.PASS, f"no state of {total.total} is non-compliant"


def _gap(findings: Sequence[Finding], covered: Coverage, now: datetime) -> str:
    if covered.unread and not covered.silent:
        return f"{covered.unread} of {covered.items} policy states cannot be read"
    if not covered.whole:
        silent = covered.silent[0] if covered.silent else None
        reason = silent.reason if silent else "no cloud directory is connected"
        return f"{covered.heard} of {covered.subscriptions} subscriptions speak: {reason}"
    if covered.state(now) != "current":
        return "what is known is older than 5 h; sync compliance first"
    if not findings:
        return "no policy of this name is assigned, or none has a state"
    open_ones = sum(finding.result is Result.NOT_KNOWN for finding in findings)
    return f"{open_ones} policies have states that the cloud did not decide" if open_ones else ""
