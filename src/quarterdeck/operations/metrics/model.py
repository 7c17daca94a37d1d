"""Series: numbers over time, named and labelled as Prometheus names and labels them."""

import math
import re
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from quarterdeck.kernel.clock import instant
from quarterdeck.kernel.errors import Invalid

NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")

STALE_AFTER = timedelta(minutes=5)
"""A series that has no point for so long is not known (Prometheus' lookback)."""

STALE_BITS = 0x7FF0000000000002
"""The one NaN that says "this series ended here" (Prometheus' ``value.StaleNaN``)."""

Labels = Mapping[str, str]


class UnusableFunction(Invalid):
    """What shall be made of the points cannot be made of them."""


def stale_mark() -> float:
    """The value that ends a series; a NaN, so ask ``is_stale`` for it."""
    (mark,) = struct.unpack("<d", struct.pack("<Q", STALE_BITS))
    return float(mark)


def is_stale(value: float) -> bool:
    """Whether ``value`` is the mark that ends a series, and not just any NaN."""
    return math.isnan(value) and struct.pack("<d", value) == struct.pack("<Q", STALE_BITS)


@dataclass(frozen=True, slots=True)
class Point:
    """A value at an instant (UTC)."""

    at: datetime
    value: float


@dataclass(frozen=True, slots=True)
class Sample:
    """A value of one series, as somebody reports it.

    Attributes:
        name: of the metric, as ``http_requests_total``.
        labels: what tells this series from others of the name; an empty value is none.
    """

    name: str
    labels: Labels
    at: datetime
    value: float


@dataclass(frozen=True, slots=True)
class Series:
    """One series, or a part of it.

    Attributes:
        times: microseconds since 1970, ascending, each once.
        values: one for each of the times. Stale marks are among them.
    """

    name: str
    labels: Labels
    times: Sequence[int]
    values: Sequence[float]

    @property
    def points(self) -> Iterator[Point]:
        """What it has, oldest first."""
        return (Point(instant(t), v) for t, v in zip(self.times, self.values, strict=True))


class Function(StrEnum):
    """What is made of the points of a window, for each series by itself.

    ``rate`` (a second) and ``increase`` are for counters: a value smaller than the one before
    it is a counter that began again at 0. Both count from the last point before the window, if
    that is no older than ``STALE_AFTER``; so the increases of two windows that meet add up.
    Nothing is extrapolated. ``last`` is the newest value, unless the series ended since or is
    older than ``STALE_AFTER``. ``quantile`` interpolates between ranks, as Prometheus does.
    """

    LAST = "last"
    AVG = "avg"
    MIN = "min"
    MAX = "max"
    SUM = "sum"
    COUNT = "count"
    RATE = "rate"
    INCREASE = "increase"
    QUANTILE = "quantile"


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """What a function made of one series in one window.

    Attributes:
        points: how many points of the window it is made of; at least one.
        newest: when the newest of them was.
    """

    name: str
    labels: Labels
    value: float
    points: int
    newest: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a tenant may record.

    Attributes:
        series: series of one tenant; further ones are refused, those that are known go on.
        labels: labels of one series.
        word: bytes of a name, or of a label's value.
        ahead: how far a sample may be ahead of our clock.
        raw: how long each point is kept; an older sample is refused.
        rolled: how long buckets of five minutes and an hour are kept.
        size: bytes of all series; beyond it the oldest points go first, sooner than ``raw``.
    """

    series: int = 200_000
    labels: int = 48
    word: int = 1024
    ahead: timedelta = timedelta(minutes=10)
    raw: timedelta = timedelta(days=15)
    rolled: timedelta = timedelta(days=396)
    size: int = 20 * 2**30


class Refusal(StrEnum):
    """Why a sample was not kept."""

    NAME = "name"
    LABELS = "labels"
    FUTURE = "future"
    LATE = "late"
    OUT_OF_ORDER = "out_of_order"
    DUPLICATE = "duplicate"
    TOO_MANY_SERIES = "too_many_series"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What became of samples: each was accepted, or refused for one reason."""

    accepted: int
    refused: Mapping[Refusal, int] = field(default_factory=dict)


def fault(sample: Sample, limits: Limits) -> Refusal | None:
    """What is wrong with how ``sample`` is named and labelled, if anything."""
    if not NAME.fullmatch(sample.name) or len(sample.name) > limits.word:
        return Refusal.NAME
    if len(sample.labels) > limits.labels:
        return Refusal.LABELS
    fine = all(_fits(name, value, limits) for name, value in sample.labels.items())
    return None if fine else Refusal.LABELS


def _fits(name: str, value: str, limits: Limits) -> bool:
    if not LABEL.fullmatch(name) or name == "__name__":
        return False
    try:
        size = max(len(name), len(value.encode()))
    except UnicodeEncodeError:  # half a surrogate: no database stores it
        return False
    return size <= limits.word and "\0" not in value
