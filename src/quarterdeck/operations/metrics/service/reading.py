"""Series, as they are asked for.

A series that has no point where one is asked for is not in the answer: no data is not 0.
What somebody may not see is not told from what is not there (``Work.require``).
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from quarterdeck.kernel.clock import instant, micros
from quarterdeck.kernel.errors import NotFound
from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.operations.metrics import windows
from quarterdeck.operations.metrics.model import Series, Value
from quarterdeck.operations.metrics.opening import Metrics
from quarterdeck.operations.metrics.selector import Selector
from quarterdeck.operations.metrics.service import history
from quarterdeck.operations.metrics.service.meant import batches, meant
from quarterdeck.operations.metrics.store import names, points

AT_ONCE, USUAL_S = 2_000_000, 15
"""Points that are read at once, of series that have one each so many seconds."""


class MetricNotFound(NotFound):
    """The metric has no series."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A metric that has series.

    Attributes:
        seen_at: a day at most after one of its series began, or was last recorded to.
    """

    name: str
    series: int
    seen_at: datetime


def select(
    work: Work, metrics: Metrics, tenant: str, selector: Selector, start: datetime, end: datetime
) -> Iterator[Series]:
    """The series that ``selector`` means, each with its points in [start, end].

    They are read while they are taken. One without a point there is left out. Stale marks are
    among the values (``is_stale``).

    Raises:
        TooManySeries: it means more than ``MOST_SERIES``.
        DamagedChunk: stored points cannot be read.
    """
    own = work.require("metrics:read", tenant)
    return _selected(metrics, own, selector, start, end)


def over(
    work: Work,
    metrics: Metrics,
    tenant: str,
    selector: Selector,
    at: datetime,
    asked: windows.Asked,
) -> list[Value]:
    """What a function makes of each series in the window (at - window, at].

    A series of which it can make nothing, for there is no data, is left out: [] is "not known".
    A window of two days or more, or older than the points that are kept, is answered by buckets
    of five minutes or an hour (``history``); a quantile of one cannot be had.

    Raises:
        UnusableFunction: a quantile of such a window.
    """
    own = work.require("metrics:read", tenant)
    if history.is_old(work, metrics, at, asked):
        old = history.past(work, metrics, own, selector, [at], asked)
        return [value for one in old if (value := one.evaluate(at, asked)) is not None]
    found = _selected(metrics, own, selector, windows.reach(at, asked.window), at)
    values = (windows.evaluate(series, at, asked) for series in found)
    return [value for value in values if value is not None]


def along(
    work: Work,
    metrics: Metrics,
    tenant: str,
    selector: Selector,
    ats: Sequence[datetime],
    asked: windows.Asked,
) -> Iterator[Series]:
    """What ``over`` answers at each of some instants, ascending: a series with a point for each.

    They are read while they are taken. At an instant where there is no data there is no point.
    """
    own = work.require("metrics:read", tenant)
    if not ats:
        return iter(())
    found: Iterator[windows.Evaluated]
    if history.is_old(work, metrics, ats[0], asked):
        found = history.past(work, metrics, own, selector, ats, asked)
    else:
        start = windows.reach(ats[0], asked.window)
        found = map(windows.Points, _selected(metrics, own, selector, start, ats[-1]))
    lines = (windows.line(one, ats, asked) for one in found)
    return (series for series in lines if series.times)


def listed(work: Work, metrics: Metrics, tenant: str) -> list[Metric]:
    """The metrics of a tenant, by name."""
    own = work.require("metrics:read", tenant)
    with metrics.reading() as db:
        found = names.metrics(db, own)
    return [Metric(name=name, series=n, seen_at=instant(at)) for name, n, at in found]


def described(work: Work, metrics: Metrics, tenant: str, name: str) -> dict[str, list[str]]:
    """The labels of a metric, each with its values.

    Raises:
        MetricNotFound: it has no series.
    """
    own = work.require("metrics:read", tenant)
    with metrics.reading() as db:
        found = names.of_name(db, own, name)
    if not found:
        raise MetricNotFound(f"no series of {name[:80]!r}; GET /api/v1/metrics lists what there is")
    values: dict[str, set[str]] = defaultdict(set)
    for series in found:
        for label, value in series.labels.items():
            values[label].add(value)
    return {label: sorted(values[label]) for label in sorted(values)}


def _selected(
    metrics: Metrics, own: Tenants, selector: Selector, start: datetime, end: datetime
) -> Iterator[Series]:
    each = int((end - start).total_seconds() / USUAL_S)
    for some in batches(meant(metrics, own, selector), each, AT_ONCE):
        with metrics.reading() as db:
            tracks = points.between(db, [one.id for one in some], micros(start), micros(end))
        yield from (Series(o.name, o.labels, *tracks[o.id]) for o in some if o.id in tracks)
