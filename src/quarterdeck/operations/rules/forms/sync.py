"""The YAML of runbook 000, section 2.4: ``alerts:`` with name, condition, severity, notification.

Its conditions are about syncs: of each domain, by the platform's own series. Pure.
"""

import re
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from quarterdeck.kernel.dumper import dump
from quarterdeck.kernel.errors import Invalid
from quarterdeck.operations.metrics.model import Function
from quarterdeck.operations.metrics.selector import selector
from quarterdeck.operations.rules.forms.text import mapping, sequence
from quarterdeck.operations.rules.measures import Measure
from quarterdeck.operations.rules.model import Comparison, Rule, RuleInvalid, Threshold, limit

KEY = "alerts"
FIELDS = ("name", "condition", "severity", "notification")
RUNS, AGE, INTERVAL = (
    f"quarterdeck_sync_{name}" for name in ("runs_total", "age_seconds", "interval_seconds")
)
NUMBER, SIGN = r"(\d+(?:\.\d+)?)", r"(>=|<=|==|!=|>|<)"
STATUS = re.compile(r'job\.status\s*==\s*"(\w+)"')
SUCCESS = re.compile(rf"last_success\s*{SIGN}\s*expected_interval(?:\s*\*\s*{NUMBER})?")
RATE = re.compile(
    rf"error_rate\s*{SIGN}\s*{NUMBER}\s*%\s+over\s+(\d{{1,9}})\s+(second|minute|hour|day)s?"
)
SOON = timedelta(minutes=5)
UNITS = {"second": "seconds", "minute": "minutes", "hour": "hours", "day": "days"}
EXPECTED = (
    'expected job.status == "failed", last_success > expected_interval * 2, or '
    "error_rate > 10% over 1 hour"
)


def read(found: dict[str, Any]) -> list[Rule]:
    """The rules of a document; raise RuleInvalid."""
    given = sequence(found[KEY], KEY)
    return [_rule(mapping(each, f"alerts[{n}]"), f"alerts[{n}]") for n, each in enumerate(given)]


def writable(rule: Rule) -> bool:
    """Whether a rule can be said in this form: its words may be older than its condition."""
    try:
        said = _condition(rule.words)
    except Invalid:
        return False
    return said is not None and said == rule.condition and not rule.hold and not rule.keep


def write(rules: Sequence[Rule]) -> str:
    """Rules in this form, as they were written."""
    said = [
        {
            "name": rule.name,
            "condition": rule.words,
            "severity": rule.severity,
            "notification": rule.notification,
        }
        for rule in rules
        if writable(rule)
    ]
    return dump({KEY: said})


def _rule(given: dict[str, Any], where: str) -> Rule:
    for name in FIELDS:
        if not isinstance(given.get(name), str):
            raise RuleInvalid(f"{where}: expected {name}, a text")
    condition = _condition(given["condition"])
    if condition is None:
        raise RuleInvalid(f"{where}.condition: {EXPECTED}, got {given['condition'][:80]!r}")
    return Rule(
        name=given["name"],
        condition=condition,
        severity=given["severity"],
        notification=given["notification"],
        words=given["condition"],
        runbook="runbook 000, 3 (Handling Sync Failures)",
    )


def _condition(words: str) -> Threshold | None:
    for form, make in FORMS:
        found = form.fullmatch(words.strip())
        if found:
            return make(found)
    return None


def _status(found: re.Match[str]) -> Threshold:
    runs = selector(f'{RUNS}{{state="{found[1]}"}}')
    measure = Measure(of=runs, function=Function.INCREASE, window=SOON, by=("domain",))
    return Threshold(measure=measure, comparison=Comparison.ABOVE, value=0)


def _success(found: re.Match[str]) -> Threshold:
    measure = Measure(of=selector(AGE), among=selector(INTERVAL), by=("tenant", "domain"))
    value = limit(float(found[2] or 1))
    return Threshold(measure=measure, comparison=Comparison(found[1]), value=value)


def _rate(found: re.Match[str]) -> Threshold:
    window = timedelta(**{UNITS[found[4]]: int(found[3])})
    measure = Measure(
        of=selector(f'{RUNS}{{state="failed"}}'),
        among=selector(RUNS),
        function=Function.INCREASE,
        window=window,
        by=("domain",),
    )
    value = limit(float(found[2]) / 100)
    return Threshold(measure=measure, comparison=Comparison(found[1]), value=value)


FORMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Threshold]], ...] = (
    (STATUS, _status),
    (SUCCESS, _success),
    (RATE, _rate),
)
