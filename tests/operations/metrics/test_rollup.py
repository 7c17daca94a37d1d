"""Down-sampled days: they answer as the points did, and are kept when those are gone."""

import math
from array import array
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from sqlalchemy import delete, event, func, select, update

from operations.metrics.stage import NOON, Stage
from quarterdeck.kernel.clock import micros
from quarterdeck.operations.metrics import tables
from quarterdeck.operations.metrics.model import Function, Sample, Series, UnusableFunction
from quarterdeck.operations.metrics.rollup import DAY, Tally, added, pack, roll, tally, unpack
from quarterdeck.operations.metrics.selector import selector
from quarterdeck.operations.metrics.service import reading
from quarterdeck.operations.metrics.windows import Asked, cut

STEP = 300 * 1_000_000
ALIKE = [f for f in Function if f is not Function.QUANTILE]
TIMES = some.sets(some.integers(1, 3600), min_size=1, max_size=60)


def same(one: Tally | None, other: Tally | None) -> bool:
    if one is None or other is None:
        return one is other
    pairs = [(getattr(one, name), getattr(other, name)) for name in Tally.__slots__]
    return all(a == b or (math.isnan(a) and math.isnan(b)) for a, b in pairs)


@settings(deadline=None)
@given(times=TIMES, data=some.data())
def test_buckets_add_up_to_what_the_points_are(times: set[int], data: some.DataObject) -> None:
    numbers = some.integers(0, 50).map(float)
    values = data.draw(some.lists(numbers, min_size=len(times), max_size=len(times)))
    at = array("q", sorted(second * 1_000_000 for second in times))
    series = Series("m", {}, at, array("d", values))
    rolled = roll(series, 0, 12 * STEP, STEP)
    again = unpack(pack(rolled), STEP).tallies if rolled.tallies else []
    assert all(same(a, b) for a, b in zip(again, rolled.tallies, strict=True))
    first = data.draw(some.integers(0, 11))
    inside = added(rolled.inside(first * STEP, 12 * STEP))
    points = tally(cut(series, first * STEP, 12 * STEP))
    if points is None:
        assert inside is None
        return
    assert inside is not None
    assert (inside.least, inside.most, inside.total, inside.count, inside.last) == (
        points.least,
        points.most,
        points.total,
        points.count,
        points.last,
    )


def filled(stage: Stage) -> None:
    """Three days of a counter that rises by one a minute, sealed, down-sampled as far as due."""
    start = NOON - timedelta(days=4)
    stage.record(
        *(Sample("m_total", {}, start + timedelta(minutes=n), n % 1000) for n in range(4 * 1440)),
        backfill=True,
    )
    stage.seal()
    assert stage.roll() > 0
    assert stage.roll() == 0


def test_long_windows_are_answered_alike_by_buckets_and_by_points(stage: Stage) -> None:
    filled(stage)
    minutes = 3 * 1440
    found = {f: [v.value for v in stage.over("m_total", f, minutes=minutes)] for f in ALIKE}
    [series] = stage.select("m_total", back=timedelta(days=3, minutes=5))
    window = cut(series, micros(NOON) - 3 * DAY, micros(NOON))
    points = tally(window)
    assert points is not None
    assert found[Function.INCREASE] == [points.risen]
    assert found[Function.SUM] == [points.total]
    assert found[Function.COUNT] == [points.count]
    assert found[Function.MAX] == [999]
    assert found[Function.MIN] == [0]
    assert found[Function.LAST] == [points.last]
    with pytest.raises(UnusableFunction):
        stage.over("m_total", Function.QUANTILE, minutes=minutes)


@pytest.mark.parametrize(
    ("back", "minutes"), [(0, 2 * 1440 + 7), (1443, 2 * 1440 + 7), (1443, 2880)]
)
def test_a_steady_rate_is_that_rate_wherever_the_window_begins_and_ends(
    stage: Stage, back: int, minutes: int
) -> None:
    start = NOON - timedelta(days=4)
    stage.record(
        *(Sample("m_total", {}, start + timedelta(minutes=n), n) for n in range(4 * 1440 + 1)),
        backfill=True,
    )
    stage.seal()
    stage.roll()
    asked = Asked(Function.RATE, timedelta(minutes=minutes))
    with stage.work() as work:
        [value] = reading.over(
            work, stage.metrics, "acme", selector("m_total"), NOON - timedelta(minutes=back), asked
        )
    assert value.value == pytest.approx(1 / 60, rel=1e-12)


def test_what_is_older_than_the_points_is_still_known(stage: Stage) -> None:
    filled(stage)
    stage.pass_time(days=30)
    stage.seal()
    stage.drop()
    assert stage.values("m_total", back=timedelta(days=60)) == []
    [value] = stage.over("m_total", Function.COUNT, minutes=33 * 1440)
    assert value.value == pytest.approx(3 * 1440, abs=1440)
    assert stage.over("m_total", Function.LAST, minutes=33 * 1440) == []
    stage.pass_time(days=400)
    stage.drop()
    assert stage.over("m_total", Function.COUNT, minutes=460 * 1440) == []


def test_a_day_that_gets_points_again_is_down_sampled_again(stage: Stage) -> None:
    filled(stage)
    before = stage.over("m_total", Function.COUNT, minutes=3 * 1440)[0].value
    late = Sample("m_total", {}, NOON - timedelta(days=2, seconds=30), 1)
    assert stage.record(late, backfill=True).accepted == 1
    assert stage.over("m_total", Function.COUNT, minutes=3 * 1440)[0].value == before + 1
    stage.pass_time(minutes=40)
    stage.seal()
    stage.now = NOON
    assert stage.over("m_total", Function.COUNT, minutes=3 * 1440)[0].value == before + 1
    assert stage.roll() == 1
    assert stage.over("m_total", Function.COUNT, minutes=3 * 1440)[0].value == before + 1


def test_what_is_too_large_loses_its_oldest_points_first(stage: Stage) -> None:
    filled(stage)
    object.__setattr__(stage.metrics, "limits", replace(stage.metrics.limits, size=1))
    assert stage.drop() > 0
    assert stage.over("m_total", Function.COUNT, minutes=3 * 1440) != []


def known(stage: Stage) -> int:
    with stage.metrics.reading() as db:
        return db.scalar(select(func.count()).select_from(tables.series)) or 0


def test_a_series_of_which_nothing_is_left_is_forgotten_and_may_begin_anew(stage: Stage) -> None:
    stage.count("gone", 1)
    stage.pass_time(days=16)
    stage.seal()
    stage.roll()
    stage.count("kept", 1)
    stage.drop()
    assert known(stage) == 2  # its buckets say still what it was
    stage.pass_time(days=400)
    stage.count("kept", 2)
    stage.count("open", 3)
    stage.pass_time(minutes=10)
    stage.drop()
    assert known(stage) == 2
    assert stage.values("kept") == [[2]]
    assert stage.count("gone", 4).accepted == 1
    assert stage.values("gone") == [[4]]


def test_a_series_that_may_be_about_to_get_points_is_not_forgotten(stage: Stage) -> None:
    stage.count("late", 1)
    with stage.metrics.writing() as db:
        db.execute(delete(tables.points))
    stage.pass_time(days=2)
    stage.drop()
    assert known(stage) == 1
    stage.pass_time(days=2)
    stage.drop()
    assert known(stage) == 0
    assert stage.count("late", 5).accepted == 1
    assert stage.values("late") == [[5]]


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
@pytest.mark.parametrize("statements", range(1, 7))
def test_a_series_whose_last_points_are_sealed_meanwhile_is_not_forgotten(
    stage: Stage, statements: int
) -> None:
    stage.count("late", 1)
    stage.pass_time(days=4)
    asked = []

    def seal(*_: object) -> None:
        asked.append("a statement")
        if len(asked) == statements:
            assert stage.seal() == 1

    event.listen(stage.metrics.engine, "after_cursor_execute", seal)
    stage.drop()
    assert stage.values("late", back=timedelta(days=5)) == [[1]]


def test_numbers_of_which_no_series_is_left_cost_nothing(stage: Stage) -> None:
    stage.count("early", 1)
    with stage.metrics.writing() as db:
        db.execute(update(tables.series).values(id=500_000))
        db.execute(delete(tables.points))
    begun: list[object] = []
    event.listen(stage.metrics.engine, "begin", begun.append)
    stage.pass_time(days=4)
    stage.drop()
    assert known(stage) == 0
    assert len(begun) < 10
