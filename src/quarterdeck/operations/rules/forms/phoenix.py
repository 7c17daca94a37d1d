"""The JSON of runbook 003: ``alertRules`` with name, threshold, window and action.

It names no metric: the rule's name says which, and 80 is 80 percent. Pure.
"""

import json
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct

from quarterdeck.operations.metrics.model import Function
from quarterdeck.operations.metrics.selector import selector
from quarterdeck.operations.rules.durations import iso, written_iso
from quarterdeck.operations.rules.measures import Measure
from quarterdeck.operations.rules.model import (
    Action,
    Comparison,
    Rule,
    RuleInvalid,
    Threshold,
    limit,
)

KEY = "alertRules"
METRICS = {
    "high-cpu-usage": "CpuPercentage",
    "high-memory-usage": "MemoryPercentage",
    "high-disk-usage": "DiskPercentage",
}
"""What a rule of that name looks at."""


class ActionSaid(Struct, forbid_unknown_fields=True):
    """Who is told, and how."""

    type: str
    recipients: list[str]


class Said(Struct, forbid_unknown_fields=True):
    """One rule; ``metric`` where its name says none (ours)."""

    name: str
    threshold: float
    window: str
    action: ActionSaid
    metric: str = ""


class File(Struct, forbid_unknown_fields=True):
    """All of them."""

    alertRules: list[Said]  # noqa: N815  as the runbook has it


def read(found: dict[str, Any]) -> list[Rule]:
    """The rules of a document; raise RuleInvalid."""
    try:
        said = msgspec.convert(found, File)
    except msgspec.ValidationError as error:
        raise RuleInvalid(str(error)) from error
    return [_rule(one) for one in said.alertRules]


def writable(rule: Rule) -> bool:
    """Whether a rule can be said in this form."""
    condition = rule.condition
    return (
        isinstance(condition, Threshold)
        and condition.measure == _measure(str(condition.measure.of))
        and condition.comparison is Comparison.ABOVE
        and bool(rule.hold)
        and len(rule.actions) == 1
    )


def write(rules: Sequence[Rule]) -> str:
    """Rules in this form."""
    return json.dumps({KEY: [_said(rule) for rule in rules if writable(rule)]}, indent=2) + "\n"


def _rule(one: Said) -> Rule:
    metric = one.metric or METRICS.get(one.name, "")
    if not metric:
        known = ", ".join(METRICS)
        raise RuleInvalid(f"rule {one.name[:80]!r}: expected metric; known without it are {known}")
    return Rule(
        name=one.name,
        condition=Threshold(
            measure=_measure(metric), comparison=Comparison.ABOVE, value=limit(one.threshold)
        ),
        hold=iso(one.window),
        actions=(Action(type=one.action.type, recipients=tuple(one.action.recipients)),),
        runbook="runbook 003, Monitoring and Alerts",
    )


def _measure(metric: str) -> Measure:
    return Measure(of=selector(metric), function=Function.LAST)


def _said(rule: Rule) -> dict[str, Any]:
    condition, (action,) = rule.condition, rule.actions
    assert isinstance(condition, Threshold)  # noqa: S101  ``writable`` said so
    metric = str(condition.measure.of)
    number = condition.value
    return {
        "name": rule.name,
        "threshold": int(number) if number.is_integer() else number,
        "window": written_iso(rule.hold),
        "action": {"type": action.type, "recipients": list(action.recipients)},
        **({} if METRICS.get(rule.name) == metric else {"metric": metric}),
    }
