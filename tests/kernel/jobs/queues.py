"""A queue under test: jobs put in, claims made, workers run, without waiting for clocks."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from threading import Thread

import pytest
from sqlalchemy import Engine, select, update

from kernel.actors import NOON, noon
from quarterdeck.kernel.db import now_micros, reading, writing
from quarterdeck.kernel.ids import JobId
from quarterdeck.kernel.jobs import queue
from quarterdeck.kernel.jobs.kind import JobKind
from quarterdeck.kernel.jobs.model import Job, JobState, NewJob
from quarterdeck.kernel.jobs.run import Run
from quarterdeck.kernel.jobs.table import jobs
from quarterdeck.worker.loop import Worker
from waiting import until

DATABASES = [
    "sqlite",
    pytest.param("postgres", marks=pytest.mark.postgres),
    pytest.param("pgbouncer", marks=pytest.mark.postgres),
]
LONG = timedelta(minutes=1)
KINDS = {"count": 1, "price": 1}


def put(engine: Engine, *new: NewJob) -> list[JobId]:
    with writing(engine) as db:
        return [queue.enqueue(db, NOON, job) for job in new]


def put_one(engine: Engine, kind: str = "count", **wish: object) -> JobId:
    return put(engine, NewJob(kind=kind, tenant="acme", **wish))[0]  # type: ignore[arg-type]  # any field


def claim(engine: Engine, limit: int = 100, kinds: dict[str, int] = KINDS) -> list[Job]:
    with writing(engine) as db:
        return queue.claim(db, kinds, "w", LONG, limit)


def settle(engine: Engine, *endings: queue.Ending) -> None:
    with writing(engine) as db:
        queue.settle(db, endings)


def expire(engine: Engine) -> None:
    """Let every lease and every pause be over."""
    with writing(engine) as db:
        db.execute(update(jobs).values(due_at=now_micros() - 1))


def look(engine: Engine, job: JobId) -> Job:
    with reading(engine) as db:
        return queue.job_of(db.execute(select(*queue.COLUMNS).where(jobs.c.id == job)).one())


def state(engine: Engine, job: JobId) -> JobState:
    return look(engine, job).state


def run_of(engine: Engine, job: Job) -> Run:
    return Run(job=job, engine=engine, clock=noon, lease=LONG)


def worker_of(engine: Engine, *kinds: JobKind, threads: int = 2, name: str = "w") -> Worker:
    return Worker(
        name=name,
        engine=engine,
        clock=noon,
        kinds={kind.name: kind for kind in kinds},
        threads=threads,
        lease=LONG,
    )


@contextmanager
def at_work(*workers: Worker) -> Iterator[None]:
    """``workers`` run, and have stopped afterwards."""
    threads = [Thread(target=worker.run) for worker in workers]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for worker in workers:
            worker.stop.set()
        for thread in threads:
            thread.join(20)
    assert not any(thread.is_alive() for thread in threads)


def run_to_end(engine: Engine, ids: Sequence[JobId], *kinds: JobKind) -> list[Job]:
    """``ids`` after a worker had them and they settled."""
    with at_work(worker_of(engine, *kinds)):
        until(lambda: all(settled(engine, job) for job in ids), what="jobs settled")
    return [look(engine, job) for job in ids]


def settled(engine: Engine, job: JobId) -> bool:
    """Whether it has ended, or waits after an attempt."""
    found = look(engine, job)
    return found.state is not JobState.RUNNING and (found.attempts > 0 or found.detail != "")


def kind_of(run: Callable[[Run], None], name: str = "count", max_attempts: int = 5) -> JobKind:
    return JobKind(name=name, run=run, max_attempts=max_attempts, backoff=timedelta())
