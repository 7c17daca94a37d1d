"""What a function makes of the points of a window. Pure."""

import math
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Protocol

from quarterdeck.kernel.clock import MICROSECOND, instant, micros
from quarterdeck.operations.metrics.model import (
    STALE_AFTER,
    Function,
    Labels,
    Series,
    UnusableFunction,
    Value,
    is_stale,
)

STALE = STALE_AFTER // MICROSECOND
SECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class Asked:
    """A function, and what it needs to know.

    Raises:
        UnusableFunction: a window of nothing, or a quantile that is none.
    """

    function: Function
    window: timedelta
    quantile: float = math.nan

    def __post_init__(self) -> None:
        if self.window < MICROSECOND:
            raise UnusableFunction("a window must be longer than nothing")
        if self.function is Function.QUANTILE and not 0 <= self.quantile <= 1:
            raise UnusableFunction("a quantile is a number from 0 to 1, as 0.95")


@dataclass(frozen=True, slots=True)
class Window:
    """The points in (start, end] of one series, stale marks left out.

    Attributes:
        before: the value that a counter had when the window began; None: not known.
        ended: whether a stale mark is the newest of all.
    """

    start: int
    end: int
    times: Sequence[int]
    values: Sequence[float]
    before: float | None
    ended: bool


def reach(at: datetime, window: timedelta) -> datetime:
    """From when on points must be known to answer for the window that ends ``at``."""
    return at - window - STALE_AFTER


def evaluate(series: Series, at: datetime, asked: Asked) -> Value | None:
    """What ``asked`` makes of a series in the window that ends ``at``; None: no data.

    The series must reach back to ``reach``.
    """
    end = micros(at)
    found = cut(series, end - asked.window // MICROSECOND, end)
    if not found.times:
        return None
    value = MADE[asked.function](found, asked)
    if value is None:
        return None
    return Value(
        name=series.name,
        labels=series.labels,
        value=value,
        points=len(found.times),
        newest=instant(found.times[-1]),
    )


class Evaluated(Protocol):
    """A series of which windows can be evaluated."""

    @property
    def name(self) -> str:
        """Of its metric."""

    @property
    def labels(self) -> Labels:
        """What tells it from others."""

    def evaluate(self, at: datetime, asked: Asked) -> Value | None:
        """What ``asked`` makes of the window that ends ``at``; None: no data."""


@dataclass(frozen=True, slots=True)
class Points:
    """A series by its points."""

    series: Series

    @property
    def name(self) -> str:
        return self.series.name

    @property
    def labels(self) -> Labels:
        return self.series.labels

    def evaluate(self, at: datetime, asked: Asked) -> Value | None:
        return evaluate(self.series, at, asked)


def line(series: Evaluated, ats: Sequence[datetime], asked: Asked) -> Series:
    """What a series answers at each of ``ats``; no point where that is None."""
    found = [(micros(at), series.evaluate(at, asked)) for at in ats]
    known = [(at, value.value) for at, value in found if value is not None]
    return Series(series.name, series.labels, [at for at, _ in known], [v for _, v in known])


def cut(series: Series, start: int, end: int) -> Window:
    """The part of a series in (start, end], in microseconds since 1970."""
    times, values = series.times, series.values
    first, last = bisect_right(times, start), bisect_right(times, end)
    inside_times, inside = times[first:last], values[first:last]
    ended = last > 0 and is_stale(values[last - 1])
    if any(map(is_stale, inside)):
        real = [at for at, value in enumerate(inside) if not is_stale(value)]
        inside_times, inside = [inside_times[at] for at in real], [inside[at] for at in real]
    return Window(start, end, inside_times, inside, _before(series, first, start), ended)


def risen(window: Window) -> float | None:
    """How much a counter rose in a window; None: one point, and nothing before it."""
    values = window.values if window.before is None else [window.before, *window.values]
    if len(values) < 2:  # noqa: PLR2004  a rise is between two
        return None
    return math.fsum(
        now - then if now >= then else now
        for then, now in pairwise(values)
        if not math.isnan(now) and not math.isnan(then)
    )


def ranked(values: Sequence[float], quantile: float) -> float:
    """The value at a quantile, between the two nearest ranks (Prometheus' ``quantile``)."""
    ordered = sorted(value for value in values if not math.isnan(value))
    if not ordered:
        return math.nan
    rank = quantile * (len(ordered) - 1)
    low, high = ordered[math.floor(rank)], ordered[math.ceil(rank)]
    return low if low == high else low + (high - low) * (rank - math.floor(rank))


def _before(series: Series, first: int, start: int) -> float | None:
    if first == 0 or start - series.times[first - 1] > STALE:
        return None
    value = series.values[first - 1]
    return None if math.isnan(value) else value


def _last(window: Window, _asked: Asked) -> float | None:
    fresh = window.end - window.times[-1] < STALE
    return window.values[-1] if fresh and not window.ended else None


def _rate(window: Window, _asked: Asked) -> float | None:
    rise = risen(window)
    return None if rise is None else rise / (window.end - window.start) * SECOND


def _real(values: Sequence[float], pick: Callable[[Sequence[float]], float]) -> float:
    real = [value for value in values if not math.isnan(value)]
    return pick(real) if real else math.nan


def total(values: Sequence[float]) -> float:
    """The sum; of infinities of both signs it is no number."""
    # math.fsum refuses what infinities of both signs add up to.
    return math.fsum(values) if all(map(math.isfinite, values)) else sum(values)


MADE: dict[Function, Callable[[Window, Asked], float | None]] = {
    Function.LAST: _last,
    Function.AVG: lambda window, _: total(window.values) / len(window.values),
    Function.MIN: lambda window, _: _real(window.values, min),
    Function.MAX: lambda window, _: _real(window.values, max),
    Function.SUM: lambda window, _: total(window.values),
    Function.COUNT: lambda window, _: float(len(window.values)),
    Function.RATE: _rate,
    Function.INCREASE: lambda window, _: risen(window),
    Function.QUANTILE: lambda window, asked: ranked(window.values, asked.quantile),
}
