"""A day of a series in buckets of five minutes and of an hour: what is kept for 13 months. Pure.

A bucket is named by its end and holds what lies in (end - step, end]. Buckets add up: whatever
is asked of a window is answered by the buckets inside it as by its points, but for quantiles.
"""

import math
import struct
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from quarterdeck.kernel.clock import MICROSECOND
from quarterdeck.operations.metrics.encoding import decode, encode
from quarterdeck.operations.metrics.model import STALE_AFTER, Function, Series, UnusableFunction
from quarterdeck.operations.metrics.windows import Window, cut, risen

SECOND, DAY = 1_000_000, 86_400 * 1_000_000
STEPS_S = (300, 3600)
STALE = STALE_AFTER // MICROSECOND
LENGTH = struct.Struct("<I")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What points add up to.

    Attributes:
        risen: how much a counter rose, from the point before on; NaN: not known.
        newest: microseconds since 1970; of a bucket, its end.
    """

    least: float
    most: float
    total: float
    count: float
    last: float
    risen: float
    newest: int


COLUMNS = ("least", "most", "total", "count", "last", "risen")


def tally(window: Window) -> Tally | None:
    """Of the points of a window; None: it has none."""
    if not window.times:
        return None
    real = [value for value in window.values if not math.isnan(value)] or [math.nan]
    rise = risen(window)
    return Tally(
        least=min(real),
        most=max(real),
        total=math.fsum(window.values) if all(map(math.isfinite, window.values)) else math.nan,
        count=float(len(window.times)),
        last=window.values[-1],
        risen=math.nan if rise is None else rise,
        newest=window.times[-1],
    )


def added(parts: Iterable[Tally]) -> Tally | None:
    """Tallies of windows that follow each other, as that of the whole."""
    found = list(parts)
    if not found:
        return None
    rises = [one.risen for one in found if not math.isnan(one.risen)]
    return Tally(
        least=_of(min, [one.least for one in found]),
        most=_of(max, [one.most for one in found]),
        total=math.fsum(one.total for one in found),
        count=sum(one.count for one in found),
        last=found[-1].last,
        risen=math.fsum(rises) if rises else math.nan,
        newest=found[-1].newest,
    )


def answer(found: Tally, function: Function, span: int, end: int) -> float | None:
    """What a function makes of a tally of ``span`` microseconds; None: it can make nothing.

    ``end`` is that of the window that was asked for, which may be another.

    Raises:
        UnusableFunction: it needs each point.
    """
    if function is Function.QUANTILE:
        raise UnusableFunction("a quantile needs each point: ask for the last 15 days, by hours")
    rise = None if math.isnan(found.risen) else found.risen
    made = {
        Function.AVG: found.total / found.count,
        Function.MIN: found.least,
        Function.MAX: found.most,
        Function.SUM: found.total,
        Function.COUNT: found.count,
        Function.LAST: found.last if end - found.newest < STALE else None,
        Function.INCREASE: rise,
        Function.RATE: None if rise is None else rise / span * SECOND,
    }
    return made[function]


@dataclass(frozen=True, slots=True)
class Rolled:
    """Buckets of one series, by their ends, ascending; those without a point are left out."""

    step: int
    tallies: Sequence[Tally]

    def inside(self, start: int, end: int) -> Sequence[Tally]:
        """The buckets that lie wholly in (start, end]."""
        ends = [one.newest for one in self.tallies]
        return self.tallies[bisect_left(ends, start + self.step) : bisect_right(ends, end)]


def roll(series: Series, start: int, end: int, step: int) -> Rolled:
    """The buckets of a series in (start, end]; it must reach back by ``STALE_AFTER``."""
    found = ((at, tally(cut(series, at - step, at))) for at in range(start + step, end + 1, step))
    return Rolled(step, [_at(one, at) for at, one in found if one is not None])


def pack(rolled: Rolled) -> bytes:
    """Buckets, at least one, in few bytes."""
    ends = [one.newest for one in rolled.tallies]
    columns = ([getattr(one, name) for one in rolled.tallies] for name in COLUMNS)
    parts = [encode(ends, column) for column in columns]
    return b"".join(LENGTH.pack(len(part)) + part for part in parts)


def unpack(data: bytes, step: int) -> Rolled:
    """What ``pack`` packed.

    Raises:
        DamagedChunk: it is not that.
    """
    columns = list(_columns(data))
    rows = zip(columns[0][0], *(values for _, values in columns), strict=True)
    return Rolled(
        step,
        [
            Tally(newest=at, least=a, most=b, total=c, count=d, last=e, risen=f)
            for at, a, b, c, d, e, f in rows
        ],
    )


def _columns(data: bytes) -> Iterator[tuple[Sequence[int], Sequence[float]]]:
    at = 0
    while at < len(data):
        (size,) = LENGTH.unpack_from(data, at)
        at += LENGTH.size
        yield decode(data[at : at + size])
        at += size


def _at(found: Tally, end: int) -> Tally:
    return replace(found, newest=end)


def _of(pick: Callable[[Iterable[float]], float], values: Iterable[float]) -> float:
    real = [value for value in values if not math.isnan(value)]
    return pick(real) if real else math.nan
