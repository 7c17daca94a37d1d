"""The columns of a file of compliance: one row a policy state."""

from collections.abc import Mapping

from quarterdeck.governance.compliance.model.state import Filter, PolicyState
from quarterdeck.governance.compliance.model.verdict import Verdict
from quarterdeck.kernel.errors import Invalid
from quarterdeck.kernel.tabular import Columns

FILTERS = frozenset({"subscription", "resource_group", "policy", "assignment", "state", "text"})

COLUMNS: Columns[PolicyState] = {
    "id": lambda s: s.id,
    "tenant": lambda s: s.tenant,
    "subscription": lambda s: s.subscription,
    "resource_group": lambda s: s.group,
    "resource": lambda s: s.resource,
    "resource_type": lambda s: s.resource_type,
    "location": lambda s: s.location,
    "assignment": lambda s: s.assignment_name,
    "assignment_title": lambda s: s.assignment_title,
    "assignment_id": lambda s: s.assignment,
    "policy": lambda s: s.policy_name,
    "policy_title": lambda s: s.policy_title,
    "policy_id": lambda s: s.policy,
    "policy_set": lambda s: s.policy_set_name,
    "policy_set_title": lambda s: s.policy_set_title,
    "category": lambda s: s.category,
    "effect": lambda s: s.effect,
    "state": lambda s: s.verdict,
    "cloud_state": lambda s: s.word,
    "since": lambda s: s.since,
    "evaluated_at": lambda s: s.evaluated_at,
    "first_seen": lambda s: s.first_seen,
}


class NoSuchVerdict(Invalid):
    """A filter names no verdict."""


def filter_of(wanted: Mapping[str, str]) -> Filter:
    """The filter that the words of an address mean; raise NoSuchVerdict."""
    state = wanted.get("state", "")
    if state and state not in set(Verdict):
        raise NoSuchVerdict(f"no state {state[:40]!r}; there are {', '.join(Verdict)}")
    return Filter(
        subscription=wanted.get("subscription", ""),
        group=wanted.get("resource_group", ""),
        policy=wanted.get("policy", ""),
        assignment=wanted.get("assignment", ""),
        verdict=Verdict(state) if state else None,
        text=wanted.get("text", ""),
    )
