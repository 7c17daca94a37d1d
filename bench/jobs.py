"""Jobs a second: enqueued, run with a journaled effect, and run keyed, beside their bars."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Thread
from time import perf_counter

from sqlalchemy import Engine, select

from bench._databases import NAMES, commits_per_s, database
from quarterdeck.kernel.clock import utc_now
from quarterdeck.kernel.db import metadata, open_engine, reading, writing
from quarterdeck.kernel.jobs.kind import JobKind
from quarterdeck.kernel.jobs.model import JobState, NewJob
from quarterdeck.kernel.jobs.queue import enqueue
from quarterdeck.kernel.jobs.run import Run
from quarterdeck.kernel.jobs.table import jobs
from quarterdeck.worker.loop import Worker
from waiting import until

ENQUEUED, JOURNALED, KEYED = 3000, 1500, 6000
CLIENTS = 4
THREADS = 8
BULK = 500
BATCH = 50
BARS = {
    "sqlite": {"enqueue": 1500, "journaled": 600, "keyed": 3000},
    "postgres": {"enqueue": 700, "journaled": 350, "keyed": 2000},
}


def main() -> None:
    print(f"bare commits a second on this disk, now: {commits_per_s():,.0f}")
    print(f"{'jobs a second':<16}{'database':<12}{'measured':>10}{'bar':>10}")
    for name in NAMES:
        for what, measure in MEASURES.items():
            with database(name) as url:
                if url:
                    rate = measured(url, measure)
                    print(f"{what:<16}{name:<12}{rate:>10,.0f}{BARS[name][what]:>10,}", flush=True)


def measured(url: str, measure: Callable[[Engine], float]) -> float:
    engine = open_engine(url)
    metadata.create_all(engine)
    try:
        return measure(engine)
    finally:
        engine.dispose()


def enqueuing(engine: Engine) -> float:
    """Each job in a transaction of its own, by a few clients at once."""

    def client(count: int) -> None:
        for _ in range(count):
            with writing(engine) as db:
                enqueue(db, utc_now(), NewJob(kind="effect", tenant="acme"))

    client(50)
    began = perf_counter()
    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(client, [ENQUEUED // CLIENTS] * CLIENTS))
    return ENQUEUED / (perf_counter() - began)


def journaled(engine: Engine) -> float:
    """Jobs of one effect: its intent on disk before, its outcome after."""
    return ran(engine, lambda run: run.effect("pay", lambda: 1), JOURNALED)


def keyed(engine: Engine) -> float:
    """Jobs of one keyed step, settled and claimed in batches."""
    return ran(engine, lambda run: run.keyed("mail", lambda _: 1), KEYED, batch=BATCH)


def ran(engine: Engine, body: Callable[[Run], object], count: int, batch: int = 1) -> float:
    def run(run: Run) -> None:
        body(run)

    for _ in range(count // BULK):
        with writing(engine) as db:
            for _ in range(BULK):
                enqueue(db, utc_now(), NewJob(kind="effect", tenant="acme"))
    worker = Worker(
        name="bench",
        engine=engine,
        clock=utc_now,
        kinds={"effect": JobKind(name="effect", run=run, batch=batch)},
        threads=THREADS,
        lease=timedelta(seconds=15),
    )
    thread = Thread(target=worker.run)
    began = perf_counter()
    thread.start()
    until(lambda: finished(engine), 120, "all jobs done")
    took = perf_counter() - began
    worker.stop.set()
    thread.join()
    return count / took


def finished(engine: Engine) -> bool:
    live = select(jobs.c.id).where(jobs.c.state.in_([JobState.READY, JobState.RUNNING])).limit(1)
    with reading(engine) as db:
        return db.scalar(live) is None


MEASURES = {"enqueue": enqueuing, "journaled": journaled, "keyed": keyed}

if __name__ == "__main__":
    main()
