"""What a rule looks at: numbers made of our series, each with its labels and its age. Pure."""

import math
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from quarterdeck.kernel.clock import MICROSECOND, micros
from quarterdeck.kernel.errors import Invalid
from quarterdeck.operations.metrics.histograms import bound, quantile
from quarterdeck.operations.metrics.model import Function, Labels, Series, is_stale
from quarterdeck.operations.metrics.selector import Selector
from quarterdeck.operations.metrics.windows import Asked, evaluate, reach, total

LONGEST = timedelta(days=1)
GAPS = 3  # a series that was silent for so many of its own intervals is late
SILENT = timedelta(minutes=1) // MICROSECOND  # ... but not before a minute has passed
ONCE = timedelta(minutes=5) // MICROSECOND  # of one point nobody knows the interval
LOOKED_AT = 12  # points from which the interval of a series is taken

LATE, NOTHING = "its data is late", "nothing happened in its window"
ENDED = "its series ended"

By = Mapping[str, Sequence[Series]]
"""Series by the name of their metric, as far back as every measure of it reaches."""


class UnusableMeasure(Invalid):
    """Such numbers cannot be made of series."""


class Across(StrEnum):
    """How the numbers of a group's series become one."""

    SUM = "sum"
    MAX = "max"
    MIN = "min"
    AVG = "avg"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """Numbers made of series.

    Attributes:
        of: which series; of a histogram without ``_bucket``.
        among: makes it a share: ``of`` as a part of these, group by group.
        quantile: of the points in the window; of a histogram's observations if ``histogram``.
        by: one number for each value of these labels; None: one a series.
        late_after: how long a series may be silent before it is not known; None: three of its
            own intervals, a minute at least.

    Raises:
        UnusableMeasure: says what does not go together.
    """

    of: Selector
    function: Function = Function.LAST
    window: timedelta = timedelta(minutes=5)
    among: Selector | None = None
    quantile: float = math.nan
    histogram: bool = False
    by: tuple[str, ...] | None = None
    across: Across = Across.SUM
    late_after: timedelta | None = None

    def __post_init__(self) -> None:
        if self.window > LONGEST:
            raise UnusableMeasure("a window is a day long at most")
        if self.histogram and (self.among or self.function is not Function.QUANTILE):
            raise UnusableMeasure("a histogram is asked for a quantile, and is no share")
        if self.among and self.function not in (Function.RATE, Function.INCREASE, Function.LAST):
            raise UnusableMeasure("a share is of rate, increase or last")
        if (self.among or self.histogram) and self.by is None:
            raise UnusableMeasure("a share, and a histogram, need by: the labels that stay")
        self.asked  # noqa: B018  it refuses what cannot be asked

    @property
    def asked(self) -> Asked:
        """What is made of one series."""
        if self.histogram:
            return Asked(Function.RATE, self.window)
        return Asked(self.function, self.window, self.quantile)

    @property
    def selectors(self) -> tuple[Selector, ...]:
        """Which series are read for it."""
        own = Selector(f"{self.of.name}_bucket", self.of.matchers) if self.histogram else self.of
        return (own, self.among) if self.among else (own,)

    def since(self, at: datetime) -> datetime:
        """From when on its series must be known, to answer for ``at``."""
        return reach(at, self.window)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One number, or why it is not known.

    Attributes:
        value: None: not known.
        newest: when the newest point was of which it is made (microseconds since 1970).
    """

    labels: Labels
    value: float | None
    newest: int
    why: str = ""


def read(measure: Measure, series: By, at: datetime) -> list[Reading]:
    """The numbers of ``measure`` at an instant; none at all: no series has a point."""
    own, *rest = measure.selectors
    found = _made(measure, own, series, at)
    if measure.by is None:
        return [one for _, one in found]
    if measure.histogram:
        return _quantiles(measure, _grouped(found, (*measure.by, "le")))
    parts = _grouped(found, measure.by)
    if not rest:
        return [_joined(measure.by, key, group, measure.across) for key, group in parts.items()]
    whole = _grouped(_made(measure, rest[0], series, at), measure.by)
    return [_share(measure.by, key, parts.get(key, []), group) for key, group in whole.items()]


Made = tuple[Series, Reading]
Key = tuple[str, ...]


def _made(measure: Measure, of: Selector, series: By, at: datetime) -> list[Made]:
    meant = [one for one in series.get(of.name, ()) if of.accepts(one.labels)]
    made = ((one, _one(measure, one, at)) for one in meant)
    return [(one, found) for one, found in made if found is not None]


def _one(measure: Measure, series: Series, at: datetime) -> Reading | None:
    newest = bisect_right(series.times, micros(at)) - 1
    if newest < 0 or series.times[newest] < micros(measure.since(at)):
        return None  # whoever looks farther back finds it gone too
    if is_stale(series.values[newest]):
        return Reading(labels=series.labels, value=None, newest=series.times[newest], why=ENDED)
    if _is_late(series, newest, micros(at), measure.late_after):
        return Reading(labels=series.labels, value=None, newest=series.times[newest], why=LATE)
    value = evaluate(series, at, measure.asked)
    known = None if value is None or math.isnan(value.value) else value.value
    why = "" if known is not None else "too few points in its window"
    return Reading(labels=series.labels, value=known, newest=series.times[newest], why=why)


def _is_late(series: Series, newest: int, now: int, allowed: timedelta | None) -> bool:
    silent = now - series.times[newest]
    if allowed is not None:
        return silent > allowed // MICROSECOND
    if silent <= SILENT:
        return False
    first = max(0, newest - LOOKED_AT)
    if first == newest:
        return silent > ONCE
    gap = (series.times[newest] - series.times[first]) // (newest - first)
    return silent > max(SILENT, GAPS * gap)


def _grouped(found: Iterable[Made], by: Sequence[str]) -> dict[Key, list[Reading]]:
    groups: dict[Key, list[Reading]] = defaultdict(list)
    for series, one in found:
        groups[tuple(series.labels.get(label, "") for label in by)].append(one)
    return groups


def _labels(by: Sequence[str], key: Key) -> dict[str, str]:
    return {label: value for label, value in zip(by, key, strict=False) if value}


def _joined(by: Sequence[str], key: Key, group: Sequence[Reading], across: Across) -> Reading:
    """One number of a group: not known as long as one of its series is not.

    What ended, as with each new release, is of the group no more, while others go on.
    """
    group = [one for one in group if one.why != ENDED] or group
    newest = max(one.newest for one in group)
    values = [one.value for one in group if one.value is not None]
    value = JOINED[across](values) if len(values) == len(group) else None
    why = next((one.why for one in group if one.value is None), "")
    return Reading(labels=_labels(by, key), value=value, newest=newest, why=why)


def _share(
    by: Sequence[str], key: Key, parts: Sequence[Reading], group: Sequence[Reading]
) -> Reading:
    whole = _joined(by, key, group, Across.SUM)
    # What is known of the whole and was never counted as a part is none of it.
    part = _joined(by, key, parts, Across.SUM).value if parts else 0.0
    if whole.value is None or part is None:
        return Reading(labels=whole.labels, value=None, newest=whole.newest, why=whole.why or LATE)
    if not whole.value:
        return Reading(labels=whole.labels, value=None, newest=whole.newest, why=NOTHING)
    return Reading(labels=whole.labels, value=part / whole.value, newest=whole.newest)


def _quantiles(measure: Measure, buckets: Mapping[Key, list[Reading]]) -> list[Reading]:
    by = measure.by or ()
    groups: dict[Key, dict[float, Reading]] = defaultdict(dict)
    for (*key, le), found in buckets.items():
        groups[tuple(key)][bound(le)] = _joined((), (), found, Across.SUM)
    return [_quantile(_labels(by, key), found, measure) for key, found in groups.items()]


def _quantile(labels: Labels, found: Mapping[float, Reading], measure: Measure) -> Reading:
    newest = max(one.newest for one in found.values())
    counts = {upper: one.value for upper, one in found.items() if one.value is not None}
    if len(counts) < len(found):
        why = next(one.why for one in found.values() if one.value is None)
        return Reading(labels=labels, value=None, newest=newest, why=why)
    value = quantile(counts, measure.quantile)
    return Reading(labels=labels, value=value, newest=newest, why="" if value else NOTHING)


JOINED: dict[Across, Callable[[Sequence[float]], float]] = {
    Across.SUM: total,
    Across.MAX: max,
    Across.MIN: min,
    Across.AVG: lambda values: total(values) / len(values),
}
