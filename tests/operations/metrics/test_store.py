"""Samples in, series out, on each database: before they are sealed and after."""

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from sqlalchemy import Connection, Engine, select, update

from operations.metrics.stage import NOON, Stage
from quarterdeck.kernel.work import Actor, MissingPermission, TenantNotFound
from quarterdeck.operations.metrics import tables
from quarterdeck.operations.metrics.encoding import DamagedChunk
from quarterdeck.operations.metrics.model import (
    Function,
    Limits,
    Recorded,
    Refusal,
    Sample,
    Series,
    is_stale,
    stale_mark,
)
from quarterdeck.operations.metrics.opening import Metrics, open_metrics
from quarterdeck.operations.metrics.selector import Selector
from quarterdeck.operations.metrics.service import history, meant, reading
from quarterdeck.operations.metrics.service.sealing import Sealer
from quarterdeck.operations.metrics.store import points
from quarterdeck.operations.metrics.store.points import Track
from quarterdeck.operations.metrics.windows import Asked
from servers import databases

SECOND = timedelta(seconds=1)
OLDER, NEWER = timedelta(days=15, seconds=1), timedelta(minutes=10, seconds=1)


def test_what_is_recorded_is_selected_by_its_labels(stage: Stage) -> None:
    stage.count("requests_total", 1, 2, 3, service="query", code="200")
    stage.count("requests_total", 7, service="ingest", code="500")
    stage.count("other_total", 9)
    assert stage.values('requests_total{service="query"}') == [[1, 2, 3]]
    assert stage.values('requests_total{code=~"5.."}') == [[7]]
    assert stage.values("requests_total") == [[1, 2, 3], [7]]
    assert stage.values("absent_total") == []
    [series] = stage.select('requests_total{code="200"}')
    assert series.labels == {"service": "query", "code": "200"}
    assert [point.at for point in series.points] == [NOON - 30 * SECOND, NOON - 15 * SECOND, NOON]


ODD = [1.5, -0.0, math.inf, -math.inf, math.nan, stale_mark(), 2.0**60, 5e-324]


def test_sealing_changes_no_answer(stage: Stage) -> None:
    stage.count("odd", *ODD)
    stage.count("steps_total", *range(100), kind="a")
    before = [stage.select("odd"), stage.select("steps_total")]
    stage.pass_time(minutes=40)
    assert stage.seal() == len(ODD) + 100
    assert stage.seal() == 0
    after = [
        stage.select("odd", back=timedelta(hours=2)),
        stage.select("steps_total", back=timedelta(hours=2)),
    ]
    assert [bytes_of(one) for one in before] == [bytes_of(one) for one in after]
    with stage.metrics.reading() as db:
        assert points.slots(db) == []


def bytes_of(found: list[Series]) -> list[tuple[list[int], bytes]]:
    return [(list(one.times), bytes(memoryview(one.values))) for one in found]  # type: ignore[arg-type]  # an array


def test_what_settled_is_sealed_and_what_is_new_stays_open(stage: Stage) -> None:
    stage.count("m", *range(240))
    assert stage.seal() > 0
    assert stage.values("m", back=timedelta(hours=2)) == [[float(n) for n in range(240)]]
    with stage.metrics.reading() as db:
        assert 4 <= len(points.slots(db)) <= 6
    stage.pass_time(hours=1)
    stage.count("m", *range(240, 480))
    stage.pass_time(minutes=31)
    assert stage.seal() > 0
    assert stage.values("m", back=timedelta(hours=3)) == [[float(n) for n in range(480)]]
    with stage.metrics.reading() as db:
        sizes = list(db.scalars(select(tables.chunks.c.count).order_by(tables.chunks.c.start)))
    assert sizes == [240, 240]


@settings(deadline=None, max_examples=25)
@given(
    data=some.lists(
        some.tuples(some.integers(0, 600), some.integers(0, 3)), min_size=1, max_size=60
    ),
    cuts=some.sets(some.integers(0, 60), max_size=4),
)
def test_points_in_any_order_and_sealed_at_any_time_are_all_there(
    tmp_path_factory: pytest.TempPathFactory, data: list[tuple[int, int]], cuts: set[int]
) -> None:
    with closing(_alone(tmp_path_factory.mktemp("series"))) as opened:
        stage = Stage(opened.engine, opened)
        first: dict[int, float] = {}
        for turn, (second, value) in enumerate(data):
            stage.record(_sample(second, value), backfill=True)
            first.setdefault(second, float(value))
            if turn in cuts:
                with opened.reading() as db:
                    standing = points.slots(db)
                Sealer(metrics=opened, clock=lambda: NOON).seal(standing)
        [series] = stage.select("m")
        assert list(series.values) == [first[second] for second in sorted(first)]


def _alone(folder: Path) -> Metrics:
    with databases.opened(f"sqlite:///{folder}/none.db") as engine:
        return open_metrics(engine, folder / "series")


def _sample(second: int, value: float) -> Sample:
    return Sample("m", {}, NOON - timedelta(seconds=600 - second), value)


def test_each_sample_that_is_not_kept_is_counted_by_why(stage: Stage) -> None:
    long = "x" * 1025
    told = stage.record(
        Sample("m", {}, NOON, 1),
        Sample("m", {}, NOON, 2),
        Sample("m", {}, NOON - SECOND, 3),
        Sample("m", {}, NOON - OLDER, 4),
        Sample("m", {}, NOON + NEWER, 5),
        Sample("no-name", {}, NOON, 6),
        Sample("m", {"__name__": "n"}, NOON, 7),
        Sample("m", {"a": long}, NOON, 8),
        Sample("m", {"a": "\ud800"}, NOON, 8),
        Sample("m", {"a": "\0"}, NOON, 8),
        Sample("m", {f"l{n}": "x" for n in range(49)}, NOON, 9),
    )
    assert told == Recorded(
        accepted=2,
        refused={
            Refusal.DUPLICATE: 1,
            Refusal.LATE: 1,
            Refusal.FUTURE: 1,
            Refusal.NAME: 1,
            Refusal.LABELS: 5,
        },
    )
    assert stage.values("m") == [[3, 1]]
    again = stage.record(Sample("m", {}, NOON, 2), Sample("m", {}, NOON - 2 * SECOND, 9))
    assert again.refused == {Refusal.DUPLICATE: 1, Refusal.OUT_OF_ORDER: 1}


def test_what_was_missed_is_filled_in_only_if_that_is_said(stage: Stage) -> None:
    stage.count("m", 5)
    late = Sample("m", {}, NOON - timedelta(hours=2), 1)
    assert stage.record(late).refused == {Refusal.OUT_OF_ORDER: 1}
    assert stage.record(late, backfill=True).accepted == 1
    assert stage.record(late, backfill=True).refused == {Refusal.DUPLICATE: 1}
    assert stage.values("m", back=timedelta(hours=3)) == [[1, 5]]


def test_another_process_knows_the_order_too(stage: Stage, tmp_path: Path, engine: Engine) -> None:
    stage.count("m", 1, 2)
    with closing(open_metrics(engine, tmp_path / "series")) as second:
        other = Stage(engine, second)
        assert other.record(Sample("m", {}, NOON - SECOND, 9)).refused == {Refusal.OUT_OF_ORDER: 1}
        stage.pass_time(minutes=40)
        stage.seal()
    with closing(open_metrics(engine, tmp_path / "series")) as third:
        other = Stage(engine, third)
        assert other.record(Sample("m", {}, NOON - SECOND, 9)).refused == {Refusal.OUT_OF_ORDER: 1}


def test_a_flood_of_new_series_is_refused_and_the_known_go_on(
    engine: Engine, tmp_path: Path
) -> None:
    with closing(open_metrics(engine, tmp_path / "series", Limits(series=3))) as few:
        stage = Stage(engine, few)
        bomb = [Sample("m", {"id": str(n)}, NOON, n) for n in range(10)]
        assert stage.record(*bomb) == Recorded(accepted=3, refused={Refusal.TOO_MANY_SERIES: 7})
        stage.pass_time(seconds=15)
        later = [Sample("m", {"id": str(n)}, stage.now, n) for n in range(10)]
        assert stage.record(*later) == Recorded(accepted=3, refused={Refusal.TOO_MANY_SERIES: 7})
        assert len(stage.select("m")) == 3
        assert stage.record(Sample("m", {}, stage.now, 1), tenant="other").accepted == 1


def test_a_clock_that_was_set_back_stops_nothing(stage: Stage) -> None:
    stage.pass_time(days=1)
    stage.count("m", 100)
    stage.now = NOON
    assert stage.count("m", 1).accepted == 1
    assert stage.values("m") == [[1]]
    stage.seal()
    stage.now = NOON + timedelta(days=2)
    assert stage.values("m", back=timedelta(days=3)) == [[1]]


def test_functions_answer_over_open_and_sealed_points_alike(stage: Stage) -> None:
    stage.count("m_total", *(n * 30.0 for n in range(240)))
    before = {f: stage.over("m_total", f, minutes=50) for f in Function}
    assert stage.seal() > 0
    assert before == {f: stage.over("m_total", f, minutes=50) for f in Function}
    assert before[Function.RATE][0].value == 2
    assert before[Function.COUNT][0].points == 200
    assert before[Function.LAST][0].newest == NOON
    assert stage.over('m_total{a="b"}', Function.SUM) == []


def test_lines_end_where_nothing_is_known(stage: Stage) -> None:
    stage.count("m", *range(9), every_s=60)
    stage.pass_time(minutes=10)
    ats = [stage.now - timedelta(minutes=n) for n in range(20, -1, -5)]
    with stage.work() as work:
        asked = Asked(Function.AVG, timedelta(minutes=5))
        [line] = reading.along(work, stage.metrics, "acme", Selector("m"), ats, asked)
        assert list(reading.along(work, stage.metrics, "acme", Selector("m"), [], asked)) == []
    assert list(line.values) == [1.5, 6]


def test_metrics_and_their_labels_are_listed(stage: Stage) -> None:
    stage.count("b_total", 1, zone="z2", kind="k")
    stage.count("b_total", 1, zone="z1")
    stage.count("a", 1)
    stage.record(Sample("c", {}, NOON, 1), tenant="other")
    with stage.work() as work:
        found = reading.listed(work, stage.metrics, "acme")
        assert [(one.name, one.series, one.seen_at) for one in found] == [
            ("a", 1, NOON),
            ("b_total", 2, NOON),
        ]
        labels = reading.described(work, stage.metrics, "acme", "b_total")
        assert labels == {"kind": ["k"], "zone": ["z1", "z2"]}
        with pytest.raises(reading.MetricNotFound):
            reading.described(work, stage.metrics, "acme", "c")


def test_anothers_series_are_neither_read_nor_written(stage: Stage) -> None:
    stage.count("m", 1)
    stage.actor = Actor("eve", frozenset({("metrics:read", "other")}))
    with pytest.raises(TenantNotFound):
        stage.select("m")
    with pytest.raises(MissingPermission):
        stage.record(Sample("m", {}, NOON, 1), tenant="other")
    with stage.work() as work:
        assert reading.listed(work, stage.metrics, "other") == []


def test_a_series_that_ended_says_so(stage: Stage) -> None:
    stage.count("up", 1, stale_mark())
    [series] = stage.select("up")
    assert [is_stale(value) for value in series.values] == [False, True]
    assert stage.over("up", Function.LAST) == []


@pytest.mark.parametrize("minutes", [5, 3 * 1440])
def test_a_question_for_too_many_series_is_refused(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, minutes: int
) -> None:
    monkeypatch.setattr(meant, "MOST_SERIES", 1)
    stage.count("m", 1, a="1")
    stage.count("m", 1, a="2")
    with pytest.raises(meant.TooManySeries):
        stage.select("m")
    with pytest.raises(meant.TooManySeries):
        stage.over("m", Function.COUNT, minutes=minutes)
    assert len(stage.select('m{a="2"}')) == 1


@pytest.mark.parametrize("minutes", [60, 3 * 1440])
def test_a_wide_question_is_read_a_few_series_at_a_time(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, minutes: int
) -> None:
    for n in range(7):
        stage.count("m", 1, 2, a=str(n))
    asked, read, between = Asked(Function.SUM, timedelta(minutes=minutes)), [], points.between

    def watched(db: Connection, series: Sequence[int], start: int, end: int) -> dict[int, Track]:
        read.append(len(series))
        return between(db, series, start, end)

    monkeypatch.setattr(points, "between", watched)
    monkeypatch.setattr(reading, "AT_ONCE", 3 * (minutes + 5) * 4)
    monkeypatch.setattr(history, "AT_ONCE", 3 * minutes // 60)
    with stage.work() as work:
        lines = reading.along(work, stage.metrics, "acme", Selector("m"), [NOON], asked)
        assert list(next(lines).values) == [3]
        assert read == [3]
        assert len(list(lines)) == 6
    assert read == [3, 3, 1]


def test_damage_is_told_and_not_read_over(stage: Stage) -> None:
    stage.count("m", *range(10))
    stage.pass_time(minutes=40)
    stage.seal()
    with stage.metrics.writing() as db:
        db.execute(update(tables.chunks).values(data=b"\0" * 40))
    with pytest.raises(DamagedChunk):
        stage.select("m", back=timedelta(hours=2))


def test_two_who_seal_at_once_lose_nothing(stage: Stage) -> None:
    with ThreadPoolExecutor(4) as threads:
        for turn in range(3):
            stage.count("m_total", *(turn * 200 + n for n in range(200)), every_s=5)
            stage.pass_time(minutes=60)
            assert sum(threads.map(lambda _: stage.seal(), range(4))) == 200
    assert stage.values("m_total", back=timedelta(hours=6)) == [[float(n) for n in range(600)]]


def test_series_have_a_file_of_their_own(engine: Engine, tmp_path: Path) -> None:
    with closing(open_metrics(engine, tmp_path / "series")) as metrics:
        apart = metrics.engine.url.database != engine.url.database
        assert apart is (engine.dialect.name == "sqlite")
