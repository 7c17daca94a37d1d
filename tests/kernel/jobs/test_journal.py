"""Group commit: many runs' steps in one transaction, each standing or falling for itself."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier, Event

import pytest
from sqlalchemy import Engine, event

from kernel.actors import noon
from kernel.jobs.queues import DATABASES, LONG, claim, expire, put
from quarterdeck.kernel.db import DatabaseUnavailable, writing
from quarterdeck.kernel.jobs import queue
from quarterdeck.kernel.jobs.journal import Entry, Journal
from quarterdeck.kernel.jobs.model import Job, LeaseLost, NewJob
from quarterdeck.kernel.jobs.run import Run

POSTGRES = pytest.param("postgres", marks=pytest.mark.postgres)


@pytest.fixture
def held(engine: Engine) -> list[Job]:
    put(engine, *[NewJob(kind="count", tenant="acme")] * 8)
    return claim(engine)


@pytest.fixture
def journal(engine: Engine) -> Journal:
    return Journal(engine, LONG)


@pytest.mark.parametrize("engine", DATABASES, indirect=True)
def test_every_entry_that_is_written_at_once_is_there(journal: Journal, held: list[Job]) -> None:
    start = Barrier(len(held))

    def write(job: Job) -> None:
        start.wait(10)
        for n in range(5):
            journal.write(Entry(job=job, kept={f"k{n}": "1"}, begun=[f"e{n}"]))
            journal.write(Entry(job=job, finished={f"e{n}": "2"}))

    with ThreadPoolExecutor(len(held)) as pool:
        list(pool.map(write, held))
    expected = {f"k{n}": "1" for n in range(5)} | {f"e{n}": "2" for n in range(5)}
    assert all(journal.read(job.id) == expected for job in held)


def test_who_comes_while_another_commits_shares_the_next_transaction(
    engine: Engine, journal: Journal, held: list[Job]
) -> None:
    commits: list[int] = []
    waiting = Event()

    @event.listens_for(engine, "commit")
    def hold_the_first(*_: object) -> None:
        if not commits:
            waiting.wait(10)
        commits.append(1)

    with ThreadPoolExecutor(len(held)) as pool:
        written = [pool.submit(journal.write, Entry(job=job, begun=["e"])) for job in held]
        while len(journal._waiting) < len(held) - 1:  # noqa: SLF001  nobody else can tell
            assert not any(one.done() for one in written)
        waiting.set()
        for one in written:
            one.result()
    assert len(commits) == 2


def test_one_that_lost_its_job_does_not_keep_the_others_from_writing(
    engine: Engine, journal: Journal, held: list[Job]
) -> None:
    lost, *others = held
    with writing(engine) as db:
        db.exec_driver_sql(f"UPDATE kernel_job SET fence = 9 WHERE id = '{lost.id}'")  # noqa: S608

    def write(job: Job) -> bool:
        try:
            journal.write(Entry(job=job, begun=["e"]))
        except LeaseLost:
            return False
        return True

    with ThreadPoolExecutor(len(held)) as pool:
        assert list(pool.map(write, held)) == [False, *[True] * len(others)]
    assert journal.read(lost.id) == {}
    assert journal.read(others[0].id) == {"e": None}


def test_a_database_that_is_away_is_told_to_each_who_waits(
    engine: Engine, journal: Journal, held: list[Job]
) -> None:
    @event.listens_for(engine, "begin")
    def refuse(*_: object) -> None:
        raise DatabaseUnavailable("away")

    def write(job: Job) -> None:
        with pytest.raises(DatabaseUnavailable):
            journal.write(Entry(job=job, begun=["e"]))

    with ThreadPoolExecutor(len(held)) as pool:
        list(pool.map(write, held))
    event.remove(engine, "begin", refuse)
    assert journal.read(held[0].id) == {}


def test_the_outcome_of_an_effect_outlives_an_outage(engine: Engine, held: list[Job]) -> None:
    refusals: list[int] = []

    def refuse(*_: object) -> None:
        refusals.append(1)
        if len(refusals) == 3:
            event.remove(engine, "begin", refuse)
        raise DatabaseUnavailable("away")

    def effect() -> str:
        event.listen(engine, "begin", refuse)
        return "paid"

    run = Run(job=held[0], engine=engine, clock=noon, lease=LONG)
    assert run.effect("pay", effect) == "paid"
    assert Journal(engine, LONG).read(held[0].id) == {"pay": '"paid"'}
    assert len(refusals) == 3


@pytest.mark.parametrize("engine", [POSTGRES], indirect=True)
def test_a_long_transaction_of_one_run_costs_no_other_its_lease(
    engine: Engine, held: list[Job]
) -> None:
    run = Run(job=held[0], engine=engine, clock=noon, lease=LONG)
    expire(engine)
    with run.work(), writing(engine) as db:
        db.exec_driver_sql("SET LOCAL lock_timeout = '2s'")
        assert set(queue.renew(db, held, timedelta(minutes=5))) == {job.id for job in held}
    assert claim(engine) == []
