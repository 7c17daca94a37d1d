"""What a requirement can be decided by: each measure reads what the estate knows of a tenant.

A measure that does not know says why; it never answers with a zero.
"""

from collections.abc import Callable, Mapping

from quarterdeck.governance.compliance.model.coverage import Age, Coverage, Part
from quarterdeck.governance.compliance.model.state import Filter
from quarterdeck.governance.compliance.model.verdict import Tally
from quarterdeck.governance.compliance.service import queries as compliance
from quarterdeck.governance.identity import service as identity
from quarterdeck.governance.identity.model.views import Summary
from quarterdeck.governance.programmes.model import Reading
from quarterdeck.kernel.work import Tenants, Work

Measure = Callable[[Work, Tenants, str], Reading]
"""Reads one tenant; the text is what the requirement is ``about``."""

NEARLY_ALL = 99.9


def _policy(work: Work, tenants: Tenants, about: str) -> Reading:
    by_assignment = compliance.total(work, Filter(assignment=about), tenants)
    tally = by_assignment if by_assignment.total else _of_policy(work, tenants, about)
    return _percent(work, tenants, tally, about or "all policies")


def _score(work: Work, tenants: Tenants, _about: str) -> Reading:
    return _percent(work, tenants, compliance.total(work, Filter(), tenants), "all policies")


def _secure_score(work: Work, tenants: Tenants, _about: str) -> Reading:
    points = compliance.points_of(work, tenants)
    if gap := _gap(work, points.coverage):
        return Reading(value=None, reason=gap)
    return Reading(value=points.percent, reason="" if points.most else "no secure score is given")


def _registered(work: Work, tenants: Tenants, _about: str) -> Reading:
    found = identity.summary(work, tenants)
    count = found.count
    if count is None:
        return Reading(value=None, reason=_unassessed(work, found))
    tally = Tally(
        compliant=count.registered_yes,
        non_compliant=count.registered_no,
        not_known=count.registered_not_known,
    )
    return _of_users(work, found, tally, "MFA is registered")


def _enforced(work: Work, tenants: Tenants, _about: str) -> Reading:
    found = identity.summary(work, tenants)
    count = found.count
    if count is None:
        return Reading(value=None, reason=_unassessed(work, found))
    tally = Tally(
        compliant=count.enforced_yes,
        non_compliant=count.enforced_no,
        not_known=count.enforced_not_known,
    )
    return _of_users(work, found, tally, "MFA is enforced")


def _expired(work: Work, tenants: Tenants, _about: str) -> Reading:
    found = identity.summary(work, tenants)
    gap = _unassessed(work, found)
    if found.ends is None or gap:
        return Reading(value=None, reason=gap or "no credential was read")
    return Reading(value=float(found.ends.expired), reason="")


MEASURES: Mapping[str, Measure] = {
    "compliance.policy": _policy,
    "compliance.score": _score,
    "compliance.secure_score": _secure_score,
    "identity.mfa_registered": _registered,
    "identity.mfa_enforced": _enforced,
    "identity.expired_credentials": _expired,
}
"""By the name that a requirement gives; in percent, but for credentials, which are counted."""


def _of_policy(work: Work, tenants: Tenants, about: str) -> Tally:
    return compliance.total(work, Filter(policy=about), tenants)


def _percent(work: Work, tenants: Tenants, tally: Tally, what: str) -> Reading:
    gap = _gap(work, compliance.covered_by(work, tenants, Part.STATES))
    if not gap and tally.not_known:
        return _between(tally, f"{tally.not_known} states of {what} were not decided by the cloud")
    if not gap and not tally.decided:
        gap = f"{what} has no state that counts"
    if gap:
        # Whatever else comes: one that fails keeps it below all.
        return Reading(value=None, reason=gap, most=NEARLY_ALL if tally.non_compliant else None)
    return Reading(value=tally.score_percent, reason="")


def _of_users(work: Work, found: Summary, tally: Tally, what: str) -> Reading:
    gap = _unassessed(work, found)
    if not gap and tally.not_known:
        missing = ", ".join(sorted({one.missing for one in found.gaps if one.missing}))
        gap = f"of {tally.not_known} users it is not known whether {what}"
        return _between(tally, f"{gap}: {missing}" if missing else gap)
    if not gap and not tally.decided:
        gap = "the directory has no users that count"
    if gap:
        return Reading(value=None, reason=gap, most=NEARLY_ALL if tally.non_compliant else None)
    return Reading(value=tally.score_percent, reason="")


def _between(tally: Tally, reason: str) -> Reading:
    """What is not known could all fail, or all comply; a tenth of a percent, rounded down."""
    every = tally.decided + tally.not_known
    highest = 1000 * (tally.compliant + tally.not_known) // every / 10
    lowest = 1000 * tally.compliant // every / 10
    return Reading(value=None, reason=reason, least=lowest, most=highest)


def _unassessed(work: Work, found: Summary) -> str:
    if found.known < found.connections or not found.connections or found.as_of is None:
        return f"identity is known of {found.known} of {found.connections} directories"
    return "" if work.now - found.as_of < found.stale_after else "identity is stale; sync it first"


def _gap(work: Work, covered: Coverage) -> str:
    if not covered.tenants:
        return "no cloud directory is connected"
    if covered.silent:
        first = covered.silent[0]
        return f"{first.missing}: {first.reason}" if first.missing else first.reason
    return "" if covered.state(work.now) is Age.CURRENT else "it was read more than 5 h ago"
