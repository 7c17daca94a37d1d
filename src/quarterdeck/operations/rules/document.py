"""A rule as it is written: the native form, and what is kept of each version. Pure."""

import json
import math
from collections.abc import Mapping
from datetime import timedelta
from functools import lru_cache
from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType, field

from quarterdeck.kernel.errors import Invalid
from quarterdeck.operations.metrics.model import Function
from quarterdeck.operations.metrics.selector import selector
from quarterdeck.operations.rules.durations import iso, written_iso
from quarterdeck.operations.rules.measures import Across, Measure
from quarterdeck.operations.rules.model import (
    Action,
    Comparison,
    Condition,
    Group,
    PromQL,
    Rise,
    Rule,
    RuleInvalid,
    Threshold,
    limit,
)

USUAL = "PT5M"


class MeasureDoc(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """What is looked at."""

    of: str
    function: Function = Function.LAST
    window: str = USUAL
    among: str = ""
    quantile: float | UnsetType = UNSET
    histogram: bool = False
    by: list[str] | None = None
    across: Across = Across.SUM
    late_after: str = ""


class ThresholdDoc(MeasureDoc, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """What is looked at, and what is too much of it."""

    comparison: Comparison = field(name="is", default=Comparison.ABOVE)
    value: float


class RiseDoc(Struct, forbid_unknown_fields=True):
    """A limit farther out, and how bad it is beyond."""

    value: float
    severity: str


class ActionDoc(Struct, forbid_unknown_fields=True):
    """What is to be done beside the alert."""

    type: str
    recipients: list[str]


class GroupDoc(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """Where the rule stands in Prometheus' files."""

    name: str
    file: str = ""
    place: int = 0
    interval: str = ""
    extra: dict[str, Any] = {}


class RuleDoc(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A rule: one of ``threshold`` and ``promql`` is its condition."""

    name: str
    threshold: ThresholdDoc | None = None
    promql: str = ""
    alert: str = ""
    hold: str = field(name="for", default="PT0S")
    keep_firing: str = "PT0S"
    severity: str = "warning"
    rises: list[RiseDoc] = []
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    runbook: str = ""
    auto_remediation: str = ""
    notification: str = ""
    actions: list[ActionDoc] = []
    enabled: bool = True
    group: GroupDoc | None = None
    words: str = ""


def rule_of(given: object, where: str = "") -> Rule:
    """The rule that ``given`` (mappings, lists, words and numbers) says.

    Raises:
        RuleInvalid: says at which place what was expected.
    """
    name = given.get("name", "") if isinstance(given, Mapping) else ""
    place = f"rule {str(name)[:80]!r}" if name else where or "rule"
    try:
        doc = msgspec.convert(given, RuleDoc)
        if doc.threshold is not None:
            limit(doc.threshold.value)
        for rise in doc.rises:
            limit(rise.value)
        return _rule(doc)
    except msgspec.ValidationError as error:
        raise RuleInvalid(f"{place}: {error}") from error
    except Invalid as error:
        words = str(error)
        raise RuleInvalid(words if words.startswith("rule ") else f"{place}: {words}") from error


def doc_of(rule: Rule) -> dict[str, Any]:
    """The native form of a rule; ``rule_of`` makes the same rule of it again."""
    found: dict[str, Any] = msgspec.to_builtins(_doc(rule))
    return found


def text_of(rule: Rule) -> str:
    """A rule as it is kept; equal rules have equal texts."""
    return json.dumps(doc_of(rule), ensure_ascii=False, sort_keys=True)


@lru_cache(maxsize=10_000)
def kept(text: str) -> Rule:
    """The rule that ``text_of`` wrote."""
    return _rule(msgspec.convert(json.loads(text), RuleDoc))


def measure_doc(measure: Measure) -> dict[str, Any]:
    """The fields of a measure, as they are written."""
    return {
        "of": str(measure.of),
        "function": measure.function,
        "window": written_iso(measure.window),
        "among": str(measure.among) if measure.among else "",
        "quantile": UNSET if math.isnan(measure.quantile) else measure.quantile,
        "histogram": measure.histogram,
        "by": None if measure.by is None else list(measure.by),
        "across": measure.across,
        "late_after": written_iso(measure.late_after) if measure.late_after else "",
    }


def measure_of(doc: MeasureDoc) -> Measure:
    """What a document asks for; raise Invalid."""
    window = iso(doc.window)
    return Measure(
        of=selector(doc.of),
        function=doc.function,
        window=window,
        among=selector(doc.among) if doc.among else None,
        quantile=math.nan if doc.quantile is UNSET else doc.quantile,
        histogram=doc.histogram,
        by=None if doc.by is None else tuple(doc.by),
        across=doc.across,
        late_after=iso(doc.late_after) or None,
    )


def _rule(doc: RuleDoc) -> Rule:
    return Rule(
        name=doc.name,
        condition=_condition(doc),
        alert=doc.alert,
        hold=iso(doc.hold),
        keep=iso(doc.keep_firing),
        severity=doc.severity,
        rises=tuple(Rise(value=one.value, severity=one.severity) for one in doc.rises),
        labels=doc.labels,
        annotations=doc.annotations,
        runbook=doc.runbook,
        remediation=doc.auto_remediation,
        notification=doc.notification,
        actions=tuple(Action(type=a.type, recipients=tuple(a.recipients)) for a in doc.actions),
        enabled=doc.enabled,
        group=_group(doc.group) if doc.group else None,
        words=doc.words,
    )


def _condition(doc: RuleDoc) -> Condition:
    said = [name for name in ("threshold", "promql") if getattr(doc, name)]
    if len(said) != 1:
        raise RuleInvalid("expected one of threshold and promql")
    if doc.threshold is None:
        return PromQL(expr=doc.promql)
    return Threshold(
        measure=measure_of(doc.threshold),
        comparison=doc.threshold.comparison,
        value=doc.threshold.value,
    )


def _group(doc: GroupDoc) -> Group:
    return Group(
        name=doc.name,
        file=doc.file,
        place=doc.place,
        interval=iso(doc.interval) or None,
        extra=doc.extra,
    )


def _doc(rule: Rule) -> RuleDoc:
    condition, group = rule.condition, rule.group
    return RuleDoc(
        name=rule.name,
        threshold=_threshold(condition) if isinstance(condition, Threshold) else None,
        promql=condition.expr if isinstance(condition, PromQL) else "",
        alert=rule.alert,
        hold=written_iso(rule.hold),
        keep_firing=written_iso(rule.keep),
        severity=rule.severity,
        rises=[RiseDoc(one.value, one.severity) for one in rule.rises],
        labels=dict(rule.labels),
        annotations=dict(rule.annotations),
        runbook=rule.runbook,
        auto_remediation=rule.remediation,
        notification=rule.notification,
        actions=[ActionDoc(a.type, list(a.recipients)) for a in rule.actions],
        enabled=rule.enabled,
        group=_group_doc(group) if group else None,
        words=rule.words,
    )


def _threshold(condition: Threshold) -> ThresholdDoc:
    return ThresholdDoc(
        **measure_doc(condition.measure), comparison=condition.comparison, value=condition.value
    )


def _group_doc(group: Group) -> GroupDoc:
    interval = written_iso(group.interval or timedelta(0)) if group.interval else ""
    return GroupDoc(group.name, group.file, group.place, interval, dict(group.extra))
