"""Prometheus' rule files: ``groups`` of ``rules``. Pure.

Scalars are taken as the words they are written as, as Prometheus does, so that what comes out
again is what came in.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import groupby
from typing import Any

from quarterdeck.kernel.dumper import dump
from quarterdeck.operations.rules.durations import prometheus, written_prometheus
from quarterdeck.operations.rules.forms.text import mapping, sequence, words_of
from quarterdeck.operations.rules.model import (
    Comparison,
    Group,
    PromQL,
    Rule,
    RuleInvalid,
    Threshold,
)
from quarterdeck.operations.rules.promql import promql

KEY = "groups"
OWN = ("name", "interval", "rules")
FIELDS = ("alert", "expr", "for", "keep_firing_for", "labels", "annotations")
UNFIT = re.compile(r"[^A-Za-z0-9_.:-]+")
NUMBER = re.compile(r"[0-9]{1,15}")
NATIVE = "quarterdeck"  # the group of rules that came from no file


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a file has.

    Attributes:
        notes: what of it is no alert rule, and so was left out.
    """

    rules: Sequence[Rule]
    notes: Sequence[str]


def read(found: dict[str, Any], file: str = "") -> Found:
    """The alert rules of a document; raise RuleInvalid."""
    rules: list[Rule] = []
    notes: list[str] = []
    for n, each in enumerate(sequence(found[KEY], KEY)):
        said = mapping(each, f"groups[{n}]")
        name = said.get("name")
        if not isinstance(name, str) or not name:
            raise RuleInvalid(f"groups[{n}]: expected name, a text")
        for place, given in enumerate(sequence(said.get("rules"), f"group {name}: rules")):
            where = f"group {name}, rule {place + 1}"
            one = mapping(given, where)
            if "record" in one:
                notes.append(f"{where} records {str(one['record'])[:80]}: no alert rule, left out")
            else:
                rules.append(_rule(one, where, _group(said, name, file, place)))
    return Found(rules=_once(rules), notes=notes)


def write(rules: Sequence[Rule]) -> str:
    """Rules in this form; group names that several files have are told apart by their file."""
    ordered = sorted(rules, key=_order)
    groups = [(key, list(some)) for key, some in groupby(ordered, key=lambda one: _order(one)[:2])]
    names = [name for (_, name), _ in groups]
    said = [
        _said(f"{file}: {name}" if names.count(name) > 1 and file else name, some)
        for (file, name), some in groups
    ]
    return dump({KEY: said}, width=1000)


def _group(said: Mapping[str, Any], name: str, file: str, place: int) -> Group:
    interval = said.get("interval")
    return Group(
        name=name,
        file=file,
        place=place,
        interval=prometheus(interval) if isinstance(interval, str) and interval else None,
        extra={key: _number(value) for key, value in said.items() if key not in OWN},
    )


def _number(value: object) -> object:
    """``limit: 10`` is a number: alone of what a group says it may be none of words."""
    return int(value) if isinstance(value, str) and NUMBER.fullmatch(value) else value


def _rule(one: dict[str, Any], where: str, group: Group) -> Rule:
    unknown = sorted(one.keys() - set(FIELDS))
    if unknown:
        raise RuleInvalid(f"{where}: field {unknown[0][:80]} not found")
    alert, expr = (_text(one, name, where) for name in ("alert", "expr"))
    labels = words_of(one.get("labels"), f"{where}: labels")
    annotations = words_of(one.get("annotations"), f"{where}: annotations")
    name = UNFIT.sub("_", alert)[:180]
    return Rule(
        name=name,
        alert="" if name == alert else alert,
        condition=PromQL(expr=expr),
        hold=_span(one, "for", where),
        keep=_span(one, "keep_firing_for", where),
        severity=labels.get("severity", ""),
        labels=labels,
        annotations=annotations,
        runbook=annotations.get("runbook_url", ""),
        group=group,
    )


def _text(one: Mapping[str, Any], name: str, where: str) -> str:
    found = one.get(name)
    if not isinstance(found, str) or not found.strip():
        raise RuleInvalid(f"{where}: expected {name}, a text")
    return found


def _span(one: Mapping[str, Any], name: str, where: str) -> timedelta:
    found = one.get(name) or "0s"
    try:
        return prometheus(found if isinstance(found, str) else "?")
    except RuleInvalid as error:
        raise RuleInvalid(f"{where}: {name}: {error}") from error


def _once(rules: Sequence[Rule]) -> list[Rule]:
    """Rules with a name each: the second of one alert is called so, and so on."""
    many: dict[str, int] = {}
    made = []
    for rule in rules:
        many[rule.name] = many.get(rule.name, 0) + 1
        again = many[rule.name] > 1
        named = f"{rule.name}-{many[rule.name]}" if again else rule.name
        made.append(replace(rule, name=named, alert=rule.alertname) if again else rule)
    return made


def _order(rule: Rule) -> tuple[str, str, int]:
    group = rule.group
    return (group.file, group.name, group.place) if group else ("", NATIVE, 0)


def _said(name: str, rules: Sequence[Rule]) -> dict[str, Any]:
    group = rules[0].group
    found: dict[str, Any] = {"name": name}
    if group is not None and group.interval:
        found["interval"] = written_prometheus(group.interval)
    more = dict(group.extra) if group is not None else {}
    return found | more | {"rules": [_one(rule) for rule in rules]}


def _one(rule: Rule) -> dict[str, Any]:
    own = {"severity": _severity(rule)} if rule.severity else {}
    labels = own | dict(rule.labels)
    annotations = dict(rule.annotations)
    if "://" in rule.runbook:
        annotations.setdefault("runbook_url", rule.runbook)
    elif rule.runbook:
        annotations.setdefault("runbook", rule.runbook)
    said = {
        "alert": rule.alertname,
        "expr": promql(rule.condition),
        "for": written_prometheus(rule.hold) if rule.hold else "",
        "keep_firing_for": written_prometheus(rule.keep) if rule.keep else "",
        "labels": labels,
        "annotations": annotations,
    }
    return {name: value for name, value in said.items() if value}


def _severity(rule: Rule) -> str:
    """Its word; where it rises, the template by which Prometheus finds the word for a value."""
    if not rule.rises or not isinstance(rule.condition, Threshold):
        return rule.severity
    beyond = TEMPLATE[rule.condition.comparison]
    cases = [
        f"if {beyond} $value {float(one.value)!r} }}}}{one.severity}{{{{ else "
        for one in reversed(rule.rises)
    ]
    return f"{{{{ {''.join(cases)}}}}}{rule.severity}{{{{ end }}}}"


TEMPLATE = {
    Comparison.ABOVE: "gt",
    Comparison.AT_LEAST: "ge",
    Comparison.BELOW: "lt",
    Comparison.AT_MOST: "le",
}
"""Go's words for comparisons (text/template)."""
