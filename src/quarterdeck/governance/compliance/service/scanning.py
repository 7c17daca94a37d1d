"""A scan (runbook 001, "Compliance Violation Detected"): a check, with what breaks which rule."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from quarterdeck.governance.compliance.model.check import Check
from quarterdeck.governance.compliance.model.state import Filter, PolicyState
from quarterdeck.governance.compliance.model.verdict import Verdict
from quarterdeck.governance.compliance.service.checks import CHECK, Asked, check
from quarterdeck.governance.compliance.store import checks, queries
from quarterdeck.kernel.work import Work

MOST = 1000
"""Violations shown, and as many that are none any more; the check counts all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """What stands against policy by what was last read.

    Attributes:
        check: as it is kept.
        since: when the check before it was made, which ``resolved`` is compared with; None:
            there was none of this framework.
        resolved: what was a violation then and is none now: it complies, or is gone.
    """

    check: Check
    violations: Sequence[PolicyState]
    resolved: Sequence[PolicyState]
    since: datetime | None


def scan(work: Work, asked: Asked) -> Scan:
    """Check a tenant, and name each violation, and each that is resolved since the last check."""
    mine = work.require(CHECK, asked.tenant)
    before = checks.last(work.db, mine, asked.framework)
    made = check(work, asked)
    wanted = Filter(assignment=asked.framework, verdict=Verdict.NON_COMPLIANT)
    anyhow = Filter(assignment=asked.framework, closed=True)
    return Scan(
        check=made,
        violations=queries.page(work.db, mine, wanted, None, MOST),
        resolved=queries.resolved(work.db, mine, anyhow, before.at, MOST) if before else [],
        since=before.at if before else None,
    )
