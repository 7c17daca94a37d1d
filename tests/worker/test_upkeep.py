"""Upkeep: what nobody needs any more goes, and nothing else."""

from datetime import timedelta

from sqlalchemy import Engine, func, select, update

from crash.scenarios import Inline
from kernel.actors import ADA, NOON
from kernel.jobs.queues import put_one, state, worker_of
from quarterdeck.events.governance import SyncRequested
from quarterdeck.kernel.clock import utc_now
from quarterdeck.kernel.db import reading, writing
from quarterdeck.kernel.deliveries import Subscriber
from quarterdeck.kernel.jobs.model import JobState
from quarterdeck.kernel.jobs.table import jobs
from quarterdeck.kernel.outbox import outbox
from quarterdeck.kernel.schedules import put
from quarterdeck.kernel.work import begin
from quarterdeck.worker.delivery import deliver_all
from quarterdeck.worker.schedule import tick_all
from quarterdeck.worker.upkeep import KEEP_FACTS, KEEP_JOBS, SCHEDULE, upkeep


def publish(engine: Engine, age: timedelta) -> None:
    with begin(engine, ADA, lambda: utc_now() - age) as work:
        work.publish(SyncRequested(tenant="acme", run="r", domain="d"))


def facts(engine: Engine) -> int:
    with reading(engine) as db:
        return db.scalar(select(func.count()).select_from(outbox)) or 0


def test_the_scheduled_upkeep_prunes_facts_and_jobs(engine: Engine) -> None:
    for age in (KEEP_FACTS * 2, KEEP_FACTS * 2, timedelta(0)):
        publish(engine, age)
    deliver_all(engine, utc_now, [Subscriber(name="books", receive=lambda *_: None)])
    publish(engine, KEEP_FACTS * 2)  # old, and not received
    old, new = put_one(engine), put_one(engine)
    with writing(engine) as db:
        ended = update(jobs).values(state=JobState.DONE, finished_at=jobs.c.created_at)
        db.execute(ended)
        long_ago = int((utc_now() - KEEP_JOBS * 2).timestamp() * 1_000_000)
        soon = int(utc_now().timestamp() * 1_000_000)
        db.execute(update(jobs).where(jobs.c.id == old).values(finished_at=long_ago))
        db.execute(update(jobs).where(jobs.c.id == new).values(finished_at=soon))
        put(db, NOON, SCHEDULE)
    assert tick_all(engine, utc_now) == 1
    _run_all(engine)
    assert facts(engine) == 2
    with reading(engine) as db:
        left = set(db.scalars(select(jobs.c.id)))
    assert old not in left
    assert state(engine, new) is JobState.DONE


def _run_all(engine: Engine) -> None:
    worker = worker_of(engine, upkeep(["books"]))
    worker.clock = utc_now
    for _ in range(2):
        worker.turn(Inline())
    with reading(engine) as db:
        assert db.scalar(select(jobs.c.state).where(jobs.c.kind == SCHEDULE.kind)) == "done"
