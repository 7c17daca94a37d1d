"""Panels, filled from the store."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import add

from quarterdeck.kernel.clock import micros
from quarterdeck.kernel.work import Work
from quarterdeck.operations.metrics.histograms import bound, quantile
from quarterdeck.operations.metrics.model import Function, Series
from quarterdeck.operations.metrics.opening import Metrics
from quarterdeck.operations.metrics.panels import Making, Panel, Query
from quarterdeck.operations.metrics.selector import Selector, selector
from quarterdeck.operations.metrics.service import reading
from quarterdeck.operations.metrics.windows import Asked

NEWEST = Asked(Function.LAST, timedelta(minutes=5))
RATE = Asked(Function.RATE, timedelta(minutes=5))

Values = Mapping[int, float]
"""By microseconds since 1970; without what is not known."""

Groups = Mapping[tuple[str, ...], Values]
"""By the values of labels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """One line of a panel.

    Attributes:
        values: one for each instant that was asked for; None: not known then.
    """

    name: str
    values: Sequence[float | None]


def draw(
    work: Work, metrics: Metrics, tenant: str, panel: Panel, ats: Sequence[datetime]
) -> list[Drawn]:
    """The lines of a panel at some instants, ascending; none of which nothing is known."""
    lines = []
    for query in panel.queries:
        found = MADE[query.making](_Asking(work, metrics, tenant, ats), query)
        for group, values in sorted(found.items()):
            name = " ".join(filter(None, (query.name, *group)))
            lines.append(Drawn(name=name, values=[values.get(micros(at)) for at in ats]))
    return [line for line in lines if any(value is not None for value in line.values)]


@dataclass(frozen=True, slots=True)
class _Asking:
    work: Work
    metrics: Metrics
    tenant: str
    ats: Sequence[datetime]

    def along(self, of: Selector, asked: Asked) -> Iterator[Series]:
        return reading.along(self.work, self.metrics, self.tenant, of, self.ats, asked)


def _value(asking: _Asking, query: Query) -> Groups:
    found = asking.along(selector(query.of), NEWEST)
    largest = _grouped(found, query.by + query.apart, max)
    if not query.apart:
        return largest
    parts = [
        Series(query.of, dict(zip(query.by, group, strict=False)), [*values], [*values.values()])
        for group, values in largest.items()
    ]
    return _grouped(parts, query.by, add)


def _least(asking: _Asking, query: Query) -> Groups:
    return _grouped(asking.along(selector(query.of), NEWEST), query.by, min)


def _rate(asking: _Asking, query: Query) -> Groups:
    return _grouped(asking.along(selector(query.of), RATE), query.by, add)


def _share(asking: _Asking, query: Query) -> Groups:
    parts = _grouped(asking.along(selector(query.of), RATE), query.by, add)
    whole = _grouped(asking.along(selector(query.among), RATE), query.by, add)
    return {group: _shares(parts.get(group, {}), values) for group, values in whole.items()}


def _shares(part: Values, whole: Values) -> Values:
    # What is known of the whole and was never counted as a part is none of it.
    return {at: part.get(at, 0.0) / value for at, value in whole.items() if value}


def _quantile(asking: _Asking, query: Query) -> Groups:
    of = selector(query.of)
    buckets = asking.along(Selector(f"{of.name}_bucket", of.matchers), RATE)
    counts: dict[tuple[str, ...], dict[int, dict[float, float]]] = defaultdict(
        lambda: defaultdict(dict)
    )
    for (le, *group), values in _grouped(buckets, ("le", *query.by), add).items():
        for at, value in values.items():
            counts[tuple(group)][at][bound(le)] = value
    made = {
        group: {at: quantile(found, query.quantile) for at, found in by_instant.items()}
        for group, by_instant in counts.items()
    }
    return {
        group: {at: value for at, value in values.items() if value is not None}
        for group, values in made.items()
    }


def _grouped(
    found: Iterable[Series], by: Sequence[str], put: Callable[[float, float], float]
) -> Groups:
    """Series as one a group, where any of it is known: each is put to those before it."""
    groups: dict[tuple[str, ...], dict[int, float]] = defaultdict(dict)
    for series in found:
        group = groups[tuple(series.labels.get(label, "") for label in by)]
        for at, value in zip(series.times, series.values, strict=True):
            group[at] = put(group[at], value) if at in group else value
    return groups


MADE: dict[Making, Callable[[_Asking, Query], Groups]] = {
    Making.VALUE: _value,
    Making.LEAST: _least,
    Making.RATE: _rate,
    Making.SHARE: _share,
    Making.QUANTILE: _quantile,
}
