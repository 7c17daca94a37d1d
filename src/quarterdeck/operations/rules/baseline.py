"""What is usual of the numbers that a rule looks at, and how far off they are now. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from quarterdeck.kernel.errors import Invalid, NotFound

FEWEST = 20
SHORTEST, LONGEST = timedelta(minutes=10), timedelta(days=31)
LOW, MIDDLE, HIGH = 5, 50, 95
"""Percentiles: nine of ten numbers lie between the first and the last."""


class NoBaseline(NotFound):
    """Nobody recorded what is usual of the rule."""


class UnusableBaseline(Invalid):
    """Nothing can be called usual by such numbers."""


class Beside(StrEnum):
    """How a number is beside what is usual."""

    USUAL = "usual"
    ABOVE = "above"
    BELOW = "below"
    UNKNOWN = "not known"


@dataclass(frozen=True, slots=True, kw_only=True)
class Usual:
    """What was usual of one thing: its 5th, 50th and 95th percentile of so many numbers."""

    labels: Mapping[str, str]
    low: float
    middle: float
    high: float
    many: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """What was usual of a rule's numbers in [since, until)."""

    since: datetime
    until: datetime
    by: str
    at: datetime
    usual: tuple[Usual, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deviation:
    """One number beside what is usual of it.

    Attributes:
        value: now; None: not known.
        usual: None: it was not there when the baseline was recorded.
        percent: by how much it is off the middle; None where that is 0, or nothing is known.
    """

    labels: Mapping[str, str]
    value: float | None
    usual: Usual | None
    percent: float | None
    beside: Beside


def usual(labels: Mapping[str, str], values: Sequence[float]) -> Usual:
    """What is usual of a thing with these numbers, of which there is at least one."""
    order = sorted(values)
    low, middle, high = (_percentile(order, percent) for percent in (LOW, MIDDLE, HIGH))
    return Usual(labels=labels, low=low, middle=middle, high=high, many=len(order))


def deviations(
    found: Baseline, now: Sequence[tuple[Mapping[str, str], float | None]]
) -> list[Deviation]:
    """Each number of ``now`` beside what is usual of it; then what is not there any more."""
    known = {_key(one.labels): one for one in found.usual}
    there = [_deviation(labels, value, known.get(_key(labels))) for labels, value in now]
    seen = {_key(labels) for labels, _ in now}
    gone = [_deviation(one.labels, None, one) for key, one in known.items() if key not in seen]
    return there + gone


def _deviation(labels: Mapping[str, str], value: float | None, known: Usual | None) -> Deviation:
    percent, beside = None, Beside.UNKNOWN
    if value is not None and known is not None:
        percent = 100 * (value - known.middle) / abs(known.middle) if known.middle else None
        beside = Beside.ABOVE if value > known.high else Beside.USUAL
        beside = Beside.BELOW if value < known.low else beside
    return Deviation(labels=labels, value=value, usual=known, percent=percent, beside=beside)


def _percentile(order: Sequence[float], percent: int) -> float:
    """By the nearest rank."""
    return order[max(0, -(-len(order) * percent // 100) - 1)]


def _key(labels: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(labels.items()))
