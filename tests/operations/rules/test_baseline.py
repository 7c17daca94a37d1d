"""What is usual of a rule's numbers, and how far off they are."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operations.rules.stage import CPU, NOON, Stage
from operations.rules.test_trying import minutes
from quarterdeck.kernel.work import Actor, MissingPermission
from quarterdeck.operations.rules.baseline import (
    Baseline,
    Beside,
    Deviation,
    NoBaseline,
    UnusableBaseline,
    deviations,
    usual,
)
from quarterdeck.operations.rules.service import comparing, writing

HOUR = timedelta(hours=1)


def record(stage: Stage, since: datetime, until: datetime) -> Baseline:
    with stage.work() as work:
        return comparing.record(work, stage.metrics, "acme", "high-cpu", since, until)


def compared(stage: Stage) -> list[Deviation]:
    with stage.work() as work:
        return comparing.compared(work, stage.metrics, "acme", "high-cpu")[1]


@pytest.mark.census("BK-004")
def test_a_service_that_grows_slow_is_off_its_baseline(stage: Stage) -> None:
    stage.apply()
    with pytest.raises(NoBaseline):
        compared(stage)
    for host, value in (("a", 40), ("b", 20)):
        minutes(stage, "cpu", 60, value, {"host": host})
    found = record(stage, NOON - HOUR, NOON)
    assert {one.labels["host"]: one.middle for one in found.usual} == {"a": 40, "b": 20}
    assert [(one.beside, one.percent) for one in compared(stage)] == [(Beside.USUAL, 0.0)] * 2
    stage.now += timedelta(minutes=1)
    stage.record("cpu", 60, host="a")
    slow, same = compared(stage)
    assert (slow.labels, slow.value, slow.percent, slow.beside) == (
        {"host": "a"},
        60,
        50.0,
        Beside.ABOVE,
    )
    assert same.beside is Beside.USUAL
    assert stage.events()[-1] == "BaselineRecorded"


def test_what_came_since_and_what_is_gone_are_not_known(stage: Stage) -> None:
    stage.apply()
    minutes(stage, "cpu", 60, 40, {"host": "a"})
    record(stage, NOON - HOUR, NOON)
    stage.now += timedelta(hours=2)
    stage.record("cpu", 60, host="new")
    fresh, gone = compared(stage)
    assert (fresh.labels["host"], fresh.usual, fresh.beside) == ("new", None, Beside.UNKNOWN)
    assert (gone.labels["host"], gone.value, gone.beside) == ("a", None, Beside.UNKNOWN)


def test_a_rule_that_looks_elsewhere_has_no_baseline_any_more(stage: Stage) -> None:
    stage.apply()
    minutes(stage, "cpu", 60, 40, {"host": "a"})
    record(stage, NOON - HOUR, NOON)
    stage.apply(severity="page")
    assert compared(stage)
    stage.apply(threshold={"of": "memory", "value": 1})
    with pytest.raises(NoBaseline):
        compared(stage)
    stage.apply()
    record(stage, NOON - HOUR, NOON)
    with stage.work() as work:
        writing.delete(work, "acme", "high-cpu")
    stage.apply()
    with pytest.raises(NoBaseline):
        compared(stage)


def test_of_too_little_nothing_is_called_usual(stage: Stage) -> None:
    stage.apply()
    for since, until in ((NOON - HOUR, NOON), (NOON, NOON + HOUR), (NOON - HOUR, NOON - 2 * HOUR)):
        with pytest.raises(UnusableBaseline):
            record(stage, since, until)
    stage.apply({"name": "high-cpu", "promql": "up == 0", "for": "PT0S"})
    with pytest.raises(UnusableBaseline, match="Prometheus"):
        record(stage, NOON - HOUR, NOON)
    nobody = Actor("nobody", frozenset({("alerts:read", "acme")}))
    with pytest.raises(MissingPermission), stage.work(nobody) as work:
        comparing.record(work, stage.metrics, "acme", "high-cpu", NOON - HOUR, NOON)
    assert CPU["name"] == "high-cpu"


numbers = st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=300)


@given(numbers, st.floats(-1e9, 1e9))
def test_nine_of_ten_of_its_own_numbers_are_usual(values: list[float], other: float) -> None:
    known = usual({}, values)
    assert min(values) <= known.low <= known.middle <= known.high <= max(values)
    found = Baseline(since=NOON, until=NOON, by="", at=NOON, usual=(known,))
    own = deviations(found, [({}, value) for value in values])
    off = sum(one.beside is not Beside.USUAL for one in own)
    assert off <= len(values) / 10
    [one] = deviations(found, [({}, other)])
    assert (one.beside is Beside.ABOVE) == (other > known.high)
