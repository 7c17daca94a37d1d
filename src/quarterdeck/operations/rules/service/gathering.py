"""Reads what rules look at: each metric once, however many rules look at it."""

from collections.abc import Sequence
from datetime import datetime

from quarterdeck.kernel.errors import QuarterdeckError
from quarterdeck.kernel.work import Work
from quarterdeck.operations.metrics.model import Series
from quarterdeck.operations.metrics.opening import Metrics
from quarterdeck.operations.metrics.selector import Selector
from quarterdeck.operations.metrics.service import reading
from quarterdeck.operations.rules.measures import Measure
from quarterdeck.operations.rules.model import Rule, Threshold
from quarterdeck.operations.rules.outcome import Facts


def gather(
    work: Work,
    metrics: Metrics,
    tenant: str,
    rules: Sequence[Rule],
    span: tuple[datetime, datetime] | None = None,
) -> Facts:
    """The series of every metric that ``rules`` look at, to answer for each instant of ``span``.

    None: for now. A metric that cannot be read is a fault of the rules that look at it.
    """
    first, last = span or (work.now, work.now)
    series: dict[str, Sequence[Series]] = {}
    faults: dict[str, str] = {}
    for name, since in sorted(_wanted(rules, first).items()):
        try:
            series[name] = list(reading.select(work, metrics, tenant, Selector(name), since, last))
        except QuarterdeckError as error:
            faults[name] = str(error)
    return Facts(series=series, faults=faults)


def measures_of(rule: Rule) -> tuple[Measure, ...]:
    """What a rule looks at."""
    return (rule.condition.measure,) if isinstance(rule.condition, Threshold) else ()


def _wanted(rules: Sequence[Rule], first: datetime) -> dict[str, datetime]:
    """By metric: from when on it must be known."""
    found: dict[str, datetime] = {}
    for rule in rules:
        for measure in measures_of(rule):
            since = measure.since(first)
            for one in measure.selectors:
                found[one.name] = min(since, found.get(one.name, since))
    return found
