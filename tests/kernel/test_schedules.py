"""Schedules: every tick once, whoever looks, however late."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier

import pytest
from sqlalchemy import Engine, select

from kernel.actors import NOON
from kernel.jobs.queues import DATABASES, claim, settle
from quarterdeck.kernel.db import reading, writing
from quarterdeck.kernel.errors import Invalid
from quarterdeck.kernel.jobs.model import JobState
from quarterdeck.kernel.jobs.queue import Ending
from quarterdeck.kernel.jobs.table import jobs
from quarterdeck.kernel.schedules import Schedule, drop, of_tenants, put
from quarterdeck.kernel.work import ANY, Tenants
from quarterdeck.worker.schedule import tick_all

HOUR = timedelta(hours=1)
ALL = Tenants(frozenset({ANY}))


def hourly(every: timedelta = HOUR, kind: str = "count", dedup: str = "") -> Schedule:
    return Schedule(
        name="hourly", kind=kind, tenant="acme", every=every, dedup=dedup, body={"a": 1}
    )


def plan(engine: Engine, schedule: Schedule, at: datetime = NOON) -> None:
    with writing(engine) as db:
        put(db, at, schedule)


def tick(engine: Engine, at: datetime) -> int:
    return tick_all(engine, lambda: at)


def kinds(engine: Engine) -> list[str]:
    with reading(engine) as db:
        return list(db.scalars(select(jobs.c.kind).order_by(jobs.c.id)))


def finish(engine: Engine) -> None:
    settle(engine, *[Ending(job=job, state=JobState.DONE) for job in claim(engine)])


def next_due(engine: Engine) -> datetime:
    with reading(engine) as db:
        return of_tenants(db, ALL)[0][1]


def test_a_new_schedule_ticks_at_once_and_then_at_its_interval(engine: Engine) -> None:
    plan(engine, hourly())
    assert (tick(engine, NOON), tick(engine, NOON)) == (1, 0)
    (job,) = claim(engine)
    assert (job.kind, job.tenant, job.body) == ("count", "acme", {"a": 1})
    settle(engine, Ending(job=job, state=JobState.DONE))
    assert tick(engine, NOON + HOUR - timedelta(microseconds=1)) == 0
    assert tick(engine, NOON + HOUR) == 1
    assert len(kinds(engine)) == 2


@pytest.mark.parametrize("engine", DATABASES, indirect=True)
def test_many_who_see_the_same_tick_make_one_job(engine: Engine) -> None:
    plan(engine, hourly())
    for turn in range(5):
        together, now = Barrier(4), NOON + turn * HOUR

        def look(_: int, together: Barrier = together, now: datetime = now) -> int:
            together.wait(10)
            return tick(engine, now)

        with ThreadPoolExecutor(4) as pool:
            assert sum(pool.map(look, range(4))) == 1
        finish(engine)
    assert len(kinds(engine)) == 5


def test_ticks_missed_while_nobody_ran_are_made_up_for_by_one(engine: Engine) -> None:
    plan(engine, hourly())
    late = NOON + 10 * HOUR + timedelta(minutes=5)
    assert (tick(engine, late), tick(engine, late)) == (1, 0)
    assert next_due(engine) == NOON + 11 * HOUR
    assert len(kinds(engine)) == 1


def test_a_tick_while_its_last_job_lives_adds_no_other(engine: Engine) -> None:
    plan(engine, hourly())
    for turn in range(3):
        assert tick(engine, NOON + turn * HOUR) == 1
    assert len(kinds(engine)) == 1


def test_schedules_that_share_a_key_share_the_job(engine: Engine) -> None:
    plan(engine, hourly(dedup="sync"))
    plan(engine, Schedule(name="b", kind="count", tenant="acme", every=HOUR, dedup="sync"))
    assert tick(engine, NOON) == 2
    assert len(kinds(engine)) == 1


def test_a_shorter_interval_holds_from_now_on(engine: Engine) -> None:
    plan(engine, hourly(timedelta(days=1)))
    tick(engine, NOON)
    plan(engine, hourly(kind="price"), NOON + HOUR)
    assert next_due(engine) == NOON + 2 * HOUR
    finish(engine)
    tick(engine, NOON + 2 * HOUR)
    assert kinds(engine) == ["count", "price"]


def test_putting_the_same_schedule_again_moves_nothing(engine: Engine) -> None:
    plan(engine, hourly())
    tick(engine, NOON)
    plan(engine, hourly(), NOON + timedelta(minutes=1))
    assert next_due(engine) == NOON + HOUR


def test_a_dropped_schedule_ticks_no_more(engine: Engine) -> None:
    plan(engine, hourly())
    for _ in range(2):
        with writing(engine) as db:
            drop(db, "hourly")
    assert tick(engine, NOON) == 0


def test_schedules_are_seen_by_their_tenant_alone(engine: Engine) -> None:
    plan(engine, hourly())
    with reading(engine) as db:
        assert of_tenants(db, Tenants(frozenset({"zeta"}))) == []
        ((found, due),) = of_tenants(db, Tenants(frozenset({"acme"})))
    assert (found, due) == (hourly(dedup="schedule:hourly"), NOON)


@pytest.mark.parametrize("every", [timedelta(0), timedelta(seconds=-1)])
def test_an_interval_of_nothing_is_refused(every: timedelta) -> None:
    with pytest.raises(Invalid, match="interval"):
        hourly(every)
