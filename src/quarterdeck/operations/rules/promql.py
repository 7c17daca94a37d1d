"""A threshold as Prometheus would ask for it. Pure."""

from quarterdeck.operations.metrics.model import Function
from quarterdeck.operations.metrics.selector import Selector
from quarterdeck.operations.rules.durations import written_prometheus
from quarterdeck.operations.rules.measures import Measure
from quarterdeck.operations.rules.model import Condition, PromQL

OVER = {
    Function.AVG: "avg_over_time",
    Function.MIN: "min_over_time",
    Function.MAX: "max_over_time",
    Function.SUM: "sum_over_time",
    Function.COUNT: "count_over_time",
    Function.RATE: "rate",
    Function.INCREASE: "increase",
}


def promql(condition: Condition) -> str:
    """The condition in PromQL: the same question, asked of Prometheus' own series."""
    if isinstance(condition, PromQL):
        return condition.expr
    return f"{_measure(condition.measure)} {condition.comparison} {condition.value:.15g}"


def _measure(measure: Measure) -> str:
    own, *rest = measure.selectors
    asked = _one(measure, own)
    if measure.by is None:
        return asked
    by = f" by ({', '.join((*measure.by, *(('le',) if measure.histogram else ())))})"
    if measure.histogram:
        return f"histogram_quantile({measure.quantile:g}, sum{by} ({asked}))"
    if rest:
        whole = f"sum{by} ({_one(measure, rest[0])})"
        # What never happened has no series: it is none of the whole, and not unknown.
        return f"(sum{by} ({asked}) or 0 * {whole}) / {whole}"
    return f"{measure.across}{by} ({asked})"


def _one(measure: Measure, of: Selector) -> str:
    function = Function.RATE if measure.histogram else measure.function
    if function is Function.LAST:
        return str(of)
    within = f"{of}[{written_prometheus(measure.window)}]"
    if function is Function.QUANTILE:
        return f"quantile_over_time({measure.quantile:g}, {within})"
    return f"{OVER[function]}({within})"
