"""Our own store of metrics as a source: ``type: Quarterdeck``.

Its ``spec`` has ``query``, a selector such as ``http_requests_total{code="200"}``; or, where an
objective compares a number, ``histogram``, the name of one with a selector, of which every
observation is an event. ``function`` (last, avg, min, max, sum, increase) says what is made of the
points of a slice, and ``combine`` (sum, avg, min, max) what is made of several series.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from sqlalchemy import Engine

from quarterdeck.access.principals.model import installation
from quarterdeck.kernel.clock import Clock, instant
from quarterdeck.kernel.errors import Invalid
from quarterdeck.kernel.work import read
from quarterdeck.operations.metrics.encoding import DamagedChunk
from quarterdeck.operations.metrics.histograms import bound
from quarterdeck.operations.metrics.model import Function, Series
from quarterdeck.operations.metrics.opening import Metrics
from quarterdeck.operations.metrics.selector import Selector, selector
from quarterdeck.operations.metrics.service import reading
from quarterdeck.operations.metrics.windows import Asked
from quarterdeck.operations.slos.model.measure import (
    Compared,
    Counted,
    Counts,
    Measure,
    Query,
    Share,
    Slices,
    UnusableQuery,
)
from quarterdeck.operations.slos.model.openslo import Op, RawType
from quarterdeck.operations.slos.ports import SourceSilent

TYPE = "Quarterdeck"
FUNCTIONS = ("last", "avg", "min", "max", "sum", "increase")
COMBINE: Mapping[str, Callable[[Sequence[float]], float]] = {
    "sum": sum,
    "avg": lambda values: sum(values) / len(values),
    "min": min,
    "max": max,
}
WORST = {Op.LT: "max", Op.LTE: "max", Op.GT: "min", Op.GTE: "min"}
"""Of several series the one that keeps its promise least."""

Line = Mapping[datetime, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnNumbers:
    """The port ``Numbers``, over the series of this installation."""

    engine: Engine
    metrics: Metrics
    clock: Clock

    def slices(self, tenant: str, measure: Measure, ends: Sequence[datetime]) -> Slices:
        """As the port says. A tenant's SLOs see that tenant's series alone."""
        asking = _Asking(self, tenant, measure, ends)
        try:
            match measure.what:
                case Counts():
                    return asking.counts(measure.what)
                case Share():
                    return asking.shares(measure.what)
                case Compared():
                    return asking.compared(measure.what)
        except Invalid as error:
            raise UnusableQuery(str(error)) from error
        except DamagedChunk as error:
            raise SourceSilent(str(error)) from error


@dataclass(frozen=True, slots=True)
class _Asking:
    of: OwnNumbers
    tenant: str
    measure: Measure
    ends: Sequence[datetime]

    def counts(self, what: Counts) -> Slices:
        usual = Function.INCREASE if what.counter else Function.SUM
        total = self._line(what.total, usual, "sum")
        part = self._line(what.good or what.bad or what.total, usual, "sum")
        if what.good is not None and not part:
            # That nothing at all was good is said by no series: it may have another name.
            return {}
        found = {at: (part.get(at, 0.0), value) for at, value in total.items()}
        bad = what.good is None
        return {at: Counted(n - one if bad else one, n) for at, (one, n) in found.items()}

    def shares(self, what: Share) -> Slices:
        line = self._line(what.query, Function.AVG, "avg")
        good = what.of is RawType.SUCCESS
        return {at: Counted(one if good else 1 - one, 1.0) for at, one in line.items()}

    def compared(self, what: Compared) -> Slices:
        if "histogram" in what.query.spec:
            return self._observed(what)
        line = self._line(what.query, Function.LAST, WORST[what.op])
        limit = float(what.value)
        return {at: Counted(float(what.op.holds(one, limit)), 1.0) for at, one in line.items()}

    def _observed(self, what: Compared) -> Slices:
        """Each observation of a histogram is an event."""
        meant = selector(what.query.text("histogram"))
        total = summed(self._asked(_suffixed(meant, "_count"), Function.INCREASE), sum)
        buckets = self._asked(_suffixed(meant, "_bucket"), Function.INCREASE)
        edge = edge_below(float(what.value), [one.labels.get("le", "") for one in buckets])
        if edge is None:
            return {}
        below = summed([one for one in buckets if bound(one.labels.get("le", "")) == edge], sum)
        fine = what.op in (Op.LT, Op.LTE)
        return {
            at: Counted(below.get(at, 0.0) if fine else n - below.get(at, 0.0), n)
            for at, n in total.items()
        }

    def _line(self, query: Query, usual: Function, combine: str) -> Line:
        word = query.text("function") if "function" in query.spec else usual.value
        if word not in FUNCTIONS:
            raise UnusableQuery(f"expected one of {', '.join(FUNCTIONS)}, got {word[:40]!r}")
        how = query.text("combine") if "combine" in query.spec else combine
        if how not in COMBINE:
            raise UnusableQuery(f"expected one of {', '.join(COMBINE)}, got {how[:40]!r}")
        found = self._asked(selector(query.text("query")), Function(word))
        return summed(found, COMBINE[how])

    def _asked(self, meant: Selector, function: Function) -> list[Series]:
        asked = Asked(function, self.measure.step)
        with read(self.of.engine, installation(), self.of.clock) as work:
            return list(reading.along(work, self.of.metrics, self.tenant, meant, self.ends, asked))


def summed(lines: Sequence[Series], combine: Callable[[Sequence[float]], float]) -> Line:
    """What several series say together, wherever one of them says something.

    Where one of them says what is no number, as NaN is not, it is not known.
    """
    found: dict[datetime, list[float]] = {}
    for at, value in chain.from_iterable(zip(s.times, s.values, strict=True) for s in lines):
        found.setdefault(instant(at), []).append(value)
    whole = {at: combine(values) for at, values in found.items() if all(map(math.isfinite, values))}
    return {at: value for at, value in whole.items() if math.isfinite(value)}


def edge_below(value: float, words: Sequence[str]) -> float | None:
    """The highest bound of a bucket that is at most ``value``: below it all is good for certain."""
    edges = [edge for word in words if (edge := bound(word)) <= value]
    return max(edges, default=None)


def _suffixed(meant: Selector, suffix: str) -> Selector:
    return Selector(meant.name + suffix, meant.matchers)
