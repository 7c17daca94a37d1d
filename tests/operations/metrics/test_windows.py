"""What functions make of windows: rules that hold for all points."""

import math
from array import array
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from operations.metrics.stage import NOON
from quarterdeck.kernel.clock import instant, micros
from quarterdeck.operations.metrics.model import Function, Series, UnusableFunction, stale_mark
from quarterdeck.operations.metrics.windows import Asked, Points, evaluate, line, ranked

F = Function
COUNTS = some.lists(some.integers(0, 50), min_size=2, max_size=60)


def series(values: list[float], every_s: float = 15) -> Series:
    """Points from noon on."""
    step = round(every_s * 1e6)
    times = [micros(NOON) + n * step for n in range(len(values))]
    return Series("m", {}, array("q", times), array("d", values))


def made(of: Series, function: Function, end_s: float, span_s: float) -> float | None:
    asked = Asked(function, timedelta(seconds=span_s), 0.5)
    found = evaluate(of, NOON + timedelta(seconds=end_s), asked)
    return None if found is None else found.value


@settings(deadline=None)
@given(steps=COUNTS, cut=some.integers(1, 59))
def test_the_increases_of_windows_that_meet_add_up(steps: list[int], cut: int) -> None:
    total, values = 0, []
    for step in steps:
        total = 0 if step == 50 else total + step  # it began again
        values.append(float(total))
    of, end = series(values), 15.0 * (len(values) - 1)
    middle = min(15.0 * cut, end - 1)
    whole = made(of, F.INCREASE, end, end)
    parts = made(of, F.INCREASE, middle, middle), made(of, F.INCREASE, end, end - middle)
    assert whole == sum(part for part in parts if part is not None)


@pytest.mark.parametrize(
    ("values", "rise"),
    [([5, 8, 9], 4), ([5, 8, 2], 5), ([5, 0, 0], 0), ([7, 7, 7], 0), ([5, 8, 2, 1], 6)],
)
def test_a_counter_that_begins_again_counts_from_0(values: list[float], rise: float) -> None:
    assert made(series(values), F.INCREASE, 60, 61) == rise


def test_a_rate_is_a_second_over_the_whole_window() -> None:
    assert made(series([0, 30, 60, 90, 120]), F.RATE, 60, 60) == 2


def test_one_point_and_none_before_it_is_no_rate() -> None:
    of = series([5])
    assert made(of, F.RATE, 0, 60) is None
    assert made(of, F.INCREASE, 0, 60) is None
    assert made(of, F.LAST, 0, 60) == 5
    assert made(of, F.COUNT, 0, 60) == 1


def test_a_window_without_a_point_is_not_0() -> None:
    of = series([5, 6])
    for function in Function:
        assert made(of, function, 600, 60) is None


def test_a_counter_counts_from_the_point_before_the_window() -> None:
    assert made(series([1, 4]), F.INCREASE, 15, 10) == 3
    assert made(series([1, 4], every_s=301), F.INCREASE, 301, 0.5) is None


def test_the_last_value_is_known_for_five_minutes() -> None:
    of = series([1, 2])
    assert made(of, F.LAST, 15 + 299, 3600) == 2
    assert made(of, F.LAST, 15 + 300, 3600) is None
    assert made(of, F.MAX, 15 + 300, 3600) == 2


def test_a_series_that_ended_has_no_last_value_and_keeps_its_past() -> None:
    of = series([1, 2, stale_mark()])
    assert made(of, F.LAST, 30, 60) is None
    assert made(of, F.LAST, 29, 60) == 2
    assert made(of, F.COUNT, 30, 60) == 2
    assert made(of, F.SUM, 30, 60) == 3


def test_what_began_again_after_it_ended_is_known() -> None:
    of = series([4, stale_mark(), 6])
    assert made(of, F.LAST, 30, 60) == 6
    assert made(of, F.INCREASE, 30, 60) == 2


@settings(deadline=None)
@given(some.lists(some.floats(-1e9, 1e9), min_size=1, max_size=40))
def test_quantiles_lie_between_least_and_most(values: list[float]) -> None:
    assert ranked(values, 0) == min(values)
    assert ranked(values, 1) == max(values)
    found = [ranked(values, part / 10) for part in range(11)]
    assert found == sorted(found)


def test_quantiles_are_those_of_prometheus() -> None:
    assert ranked([1, 2, 3, 4], 0.5) == 2.5
    assert ranked([10, 0, 5], 0.95) == pytest.approx(9.5)
    assert made(series([1, 2, 3, 4]), F.QUANTILE, 45, 60) == 2.5


def test_infinities_and_nan_are_answers_too() -> None:
    assert made(series([1, math.inf]), F.SUM, 15, 60) == math.inf
    assert math.isnan(made(series([-math.inf, math.inf]), F.SUM, 15, 60) or 0)
    assert made(series([math.nan, 3]), F.MAX, 15, 60) == 3
    assert math.isnan(made(series([math.nan]), F.MIN, 15, 60) or 0)
    assert math.isnan(made(series([math.nan, 3]), F.AVG, 15, 60) or 0)


@pytest.mark.parametrize(
    ("function", "span_s", "quantile"),
    [(F.SUM, 0, 0.5), (F.SUM, -1, 0.5), (F.QUANTILE, 60, 1.1), (F.QUANTILE, 60, math.nan)],
)
def test_what_cannot_be_asked_is_refused(
    function: Function, span_s: float, quantile: float
) -> None:
    with pytest.raises(UnusableFunction):
        Asked(function, timedelta(seconds=span_s), quantile)


def test_a_line_has_no_point_where_nothing_is_known() -> None:
    of = series([1.0, 2.0, 3.0])
    ats = [NOON + timedelta(minutes=n) for n in range(12)]
    found = line(Points(of), ats, Asked(F.LAST, timedelta(hours=1)))
    assert [instant(t) for t in found.times] == ats[:6]
    assert list(found.values) == [1.0] + [3.0] * 5
