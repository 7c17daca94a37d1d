"""Heartbeats, by the database's clock."""

import pytest
from sqlalchemy import Engine, update

from quarterdeck.kernel.beats import GONE_S, LATE_S, alive, beat, beats, forget, judge, leave
from quarterdeck.kernel.db import now_micros, reading, writing
from quarterdeck.kernel.health import CheckFailed, Entry, Health


def beats_of(engine: Engine, *processes: str) -> None:
    with writing(engine) as db:
        for process in processes:
            beat(db, process, "worker")


def silent(engine: Engine, process: str, for_s: float) -> None:
    """As if ``process`` had been heard of last ``for_s`` seconds ago."""
    with writing(engine) as db:
        then = now_micros() - int(for_s * 1_000_000)
        db.execute(update(beats).where(beats.c.process == process).values(at=then))


def verdict(engine: Engine) -> Entry:
    with reading(engine) as db:
        return judge(db, "worker")


def processes(engine: Engine) -> list[str]:
    with reading(engine) as db:
        return [found.process for found in alive(db)]


def test_a_process_that_beats_is_alive_and_stands_there_once(engine: Engine) -> None:
    beats_of(engine, "a", "a", "b")
    assert sorted(processes(engine)) == ["a", "b"]
    found = verdict(engine)
    assert found.status is Health.HEALTHY
    assert found.description.startswith("worker: 2 alive")


def test_a_process_that_left_is_not_missed(engine: Engine) -> None:
    beats_of(engine, "a", "b")
    with writing(engine) as db:
        leave(db, "a")
    assert processes(engine) == ["b"]


def test_the_freshest_decides_and_a_late_one_degrades(engine: Engine) -> None:
    beats_of(engine, "a", "b")
    silent(engine, "a", LATE_S + 1)
    assert verdict(engine).description.startswith("worker: 1 alive")
    silent(engine, "b", LATE_S + 2)
    assert verdict(engine).status is Health.DEGRADED


def test_a_role_nobody_fills_is_told_with_what_to_do(engine: Engine) -> None:
    with pytest.raises(CheckFailed, match="none is running; start one with: quarterdeck serve"):
        verdict(engine)
    beats_of(engine, "a")
    silent(engine, "a", GONE_S + 1)
    with pytest.raises(CheckFailed, match="last heard of 61 s ago"):
        verdict(engine)


def test_the_long_dead_are_forgotten(engine: Engine) -> None:
    beats_of(engine, "old", "new")
    silent(engine, "old", GONE_S * 61)
    silent(engine, "new", GONE_S * 59)
    with writing(engine) as db:
        forget(db)
    assert processes(engine) == ["new"]


def test_a_name_that_another_role_had_is_now_that_ones(engine: Engine) -> None:
    """As of a container that is started again, whose processes have the same numbers."""
    with writing(engine) as db:
        beat(db, "host:1", "worker")
        beat(db, "host:1", "jobs")
    with reading(engine) as db:
        assert [one.role for one in alive(db)] == ["jobs"]
        with pytest.raises(CheckFailed):
            judge(db, "worker")
