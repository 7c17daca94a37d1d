"""What an attached Prometheus says of rules that it evaluates for us. Pure."""

import math
from collections.abc import Sequence
from datetime import datetime

from quarterdeck.operations.rules.model import PromQL, Rule, Standing, State
from quarterdeck.operations.rules.ports import Remote
from quarterdeck.operations.rules.query import alike

NOT_ATTACHED = "PromQL: no Prometheus is attached (setting prometheus_url)"
NOT_THERE = "PromQL: the attached Prometheus has no such rule; export it to there"
NOT_YET = "PromQL: the attached Prometheus has not evaluated it yet"
OTHERWISE = "the attached Prometheus has another expression of it: "


def standing(rule: Rule, remotes: Sequence[Remote] | str, at: datetime) -> Standing:
    """The state of a rule in PromQL; a text instead of rules is why they are not known."""
    if isinstance(remotes, str):
        return Standing(state=State.UNKNOWN, reason=remotes, at=at)
    found = _named(rule, remotes)
    if found is None:
        return Standing(state=State.UNKNOWN, reason=NOT_THERE, at=at)
    if found.error:
        return Standing(state=State.ERROR, reason=f"Prometheus: {found.error}"[:1000], at=at)
    if not found.evaluated:
        return Standing(state=State.UNKNOWN, reason=NOT_YET, at=at)
    values = [value for _, value in found.alerts if not math.isnan(value)]
    return Standing(
        state=State(found.state),
        reason="" if _alike(rule, found) else OTHERWISE + found.query[:500],
        value=max(values, default=None),
        firing=sum(state == "firing" for state, _ in found.alerts),
        pending=sum(state == "pending" for state, _ in found.alerts),
        series=len(found.alerts),
        at=at,
    )


def _named(rule: Rule, remotes: Sequence[Remote]) -> Remote | None:
    """The rule as Prometheus has it: of the name; of several the one in its group, or alike."""
    found = [one for one in remotes if one.name == rule.alertname]
    group = rule.group.name if rule.group else ""
    best = sorted(
        found,
        key=lambda one: (one.group != group, dict(one.labels) != dict(rule.labels)),
    )
    return best[0] if best else None


def _alike(rule: Rule, found: Remote) -> bool:
    condition = rule.condition
    return not isinstance(condition, PromQL) or alike(condition.expr, found.query)
