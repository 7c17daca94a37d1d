"""What an SLO counts, as PromQL says it: for a Prometheus to answer, and for rules. Pure.

A query may hold ``$window``, which stands for the length that is asked for. Without it a counter's
increase is asked for, or the sum of what a metric said that counts events by itself.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from quarterdeck.operations.metrics.selector import (
    Comparison,
    Matcher,
    Selector,
    UnusableSelector,
    selector,
)
from quarterdeck.operations.slos.model.burn import named
from quarterdeck.operations.slos.model.measure import (
    Compared,
    Counts,
    Measure,
    Query,
    Share,
    UnusableQuery,
)
from quarterdeck.operations.slos.model.openslo import Op, RawType

PLACEHOLDERS = ("$window", "{{.window}}", "{{ .window }}")
SIGNS = {Op.LT: "<", Op.LTE: "<=", Op.GT: ">", Op.GTE: ">="}
OVER = ("avg", "min", "max", "sum")

OfWindow = Callable[[str], str]
"""An expression, by the length of the window that it is asked of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Events:
    """Events that are counted.

    Attributes:
        part: the good ones, or, where ``bad``, those.
    """

    part: OfWindow
    total: OfWindow
    bad: bool

    def share(self, window: str) -> str:
        """The good part; there is none where there were no events."""
        total = f"({self.total(window)} > 0)"
        if self.bad:
            # What never happened has no series: it is none of the whole, and not unknown.
            return f"1 - ({self.part(window)} or 0 * {total}) / {total}"
        return f"{self.part(window)} / {total}"


@dataclass(frozen=True, slots=True)
class Level:
    """A number of an instant, from 0 to 1: how good it is."""

    expression: str


def counted(measure: Measure) -> Events | Level:
    """What is counted.

    Raises:
        UnusableQuery: it cannot be said in PromQL.
    """
    match measure.what:
        case Counts() as what:
            part = what.good or what.bad or what.total
            return Events(
                part=_events(part, counter=what.counter),
                total=_events(what.total, counter=what.counter),
                bad=what.good is None,
            )
        case Share() as what:
            level = f"avg({_level(what.query, measure)})"
            return Level(level if what.of is RawType.SUCCESS else f"1 - {level}")
        case Compared() as what:
            if "histogram" in what.query.spec:
                return _observed(what)
            return Level(f"{worst(what, measure)} {SIGNS[what.op]} bool {what.value:f}")


def worst(what: Compared, measure: Measure) -> str:
    """The number that is compared: of several series the one that keeps its promise least."""
    how = "max" if what.op in (Op.LT, Op.LTE) else "min"
    said = what.query.spec.get("combine", how)
    return f"{said}({_level(what.query, measure)})"


def _events(query: Query, *, counter: bool) -> OfWindow:
    words = query.text()
    if any(one in words for one in PLACEHOLDERS):
        return lambda window: f"sum({_placed(words, window)})"
    function = "increase" if counter else "sum_over_time"
    if _is_selector(words):
        return lambda window: f"sum({function}({words}[{window}]))"
    return lambda window: f"sum({function}(({words})[{window}:]))"


def _observed(what: Compared) -> Events:
    """Each observation of a histogram: those up to a bound are in its bucket."""
    try:
        meant = selector(what.query.text("histogram"))
    except UnusableSelector as error:
        raise UnusableQuery(str(error)) from error
    edge = Matcher("le", Comparison.LIKE, edges(what.value))
    below = Selector(f"{meant.name}_bucket", (*meant.matchers, edge))
    total = Selector(f"{meant.name}_count", meant.matchers)
    return Events(
        part=lambda window: f"sum(increase({below}[{window}]))",
        total=lambda window: f"sum(increase({total}[{window}]))",
        bad=what.op in (Op.GT, Op.GTE),
    )


def edges(value: Decimal) -> str:
    """A pattern for a bucket's bound, however it is written: ``1``, ``1.0``."""
    words = f"{value.normalize():f}"
    escaped = words.replace(".", r"\.")
    return escaped if "." in words else rf"{escaped}(\.0)?"


def _level(query: Query, measure: Measure) -> str:
    words, window = query.text(), named(measure.step)
    function = query.spec.get("function", "last")
    if function in OVER and _is_selector(words):
        return f"{function}_over_time({words}[{window}])"
    return _placed(words, window)


def _placed(words: str, window: str) -> str:
    for one in PLACEHOLDERS:
        words = words.replace(one, window)
    return words


def _is_selector(words: str) -> bool:
    try:
        selector(words)
    except UnusableSelector:
        return False
    return True
