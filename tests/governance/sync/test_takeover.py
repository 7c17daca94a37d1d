"""Runs whose worker dies, stops, is slow, or is told to stop; and two workers at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event, Thread

import pytest
from sqlalchemy import update

from governance.estate import EVERY, Estate, arm
from quarterdeck.governance.sync.model import RunState
from quarterdeck.governance.sync.service import queries
from quarterdeck.governance.sync.service.freshness import evaluate_freshness
from quarterdeck.governance.sync.service.requests import schedules
from quarterdeck.kernel import schedules as kernel_schedules
from quarterdeck.kernel.jobs.model import NewJob
from quarterdeck.kernel.jobs.queue import enqueue
from quarterdeck.kernel.jobs.table import jobs


def once(action: Callable[[], None]) -> Callable[[], None]:
    """``action`` at the first call, nothing after."""
    left = [action]
    return lambda: left.pop()() if left else None


class PowerCut(BaseException):
    """The worker is gone: nothing after this is run, nothing is settled."""


def cut() -> None:
    raise PowerCut


def die(estate: Estate) -> None:
    """A worker takes what is due and dies over it; its lease runs out."""
    worker = estate.worker()
    with ThreadPoolExecutor(4) as pool:
        worker.turn(pool)
    with estate.work() as work:
        work.db.execute(update(jobs).where(jobs.c.state == "running").values(due_at=0))


def test_another_worker_goes_on_where_the_dead_one_was(estate: Estate) -> None:
    _, cloud = estate.connect("acme")
    cloud.hold("a")
    cloud.pages["s2"] = [[arm("b")], [arm("c")]]
    pages = iter(range(9))
    fatal = 2  # the second page of s2
    cloud.between = [lambda: cut() if next(pages) == fatal else None]
    estate.ask()
    die(estate)
    [begun] = estate.runs()
    assert begun.state is RunState.RUNNING
    estate.run_due()
    [run] = estate.runs()
    assert (run.id, run.state, run.counts.seen, run.counts.added) == (
        begun.id,
        RunState.SUCCESS,
        3,
        3,
    )
    assert cloud.listed == ["s1", "s2", "s2"], "s1 was done"
    assert len(estate.told("SyncCompleted")) == 1


def test_a_run_whose_job_gave_up_is_ended_by_the_clock(estate: Estate) -> None:
    _, cloud = estate.connect("acme")
    cloud.hold("a")
    cloud.between = [cut]
    estate.ask()
    die(estate)
    with estate.work() as work:
        work.db.execute(update(jobs).values(state="failed", dedup=None))
    evaluate_freshness(estate.engine, estate.clock, EVERY)
    [run] = estate.runs()
    assert (run.state, run.failure) == (RunState.FAILED, "unknown")
    assert len(estate.told("SyncFailed")) == 1
    cloud.between = []
    assert estate.sync().state is RunState.SUCCESS


def test_a_cancelled_run_stops_at_its_next_page_and_keeps_what_landed(estate: Estate) -> None:
    _, cloud = estate.connect("acme")
    cloud.pages["s1"] = [[arm("a")], [arm("b")], [arm("c")]]
    [job] = estate.ask()

    def stop() -> None:
        with estate.work() as work:
            queries.cancel(work, job)

    cloud.between = [once(stop)]
    estate.run_due()
    [run] = estate.runs()
    assert (run.state, run.counts.added) == (RunState.CANCELLED, 1)
    assert [f.payload["added"] for f in estate.told("SyncCancelled")] == [1]
    [ended] = estate.jobs("cancelled")
    assert ended.id == job


def test_a_run_shows_how_far_it_is(estate: Estate) -> None:
    _, cloud = estate.connect("acme")
    cloud.hold("a", "b", "c")
    estate.sync()
    seen: list[tuple[int, int]] = []

    def look() -> None:
        with estate.look() as work:
            seen.extend((run.done, run.total) for run in queries.running(work))

    cloud.pages["s1"] = [[arm("a")], [arm("b"), arm("c")]]
    cloud.between = [look]
    estate.sync()
    assert seen == [(0, 0), (1, 3)]


def test_two_jobs_of_one_connection_are_one_run(estate: Estate) -> None:
    connection, cloud = estate.connect("acme")
    cloud.hold("a")
    inside, leave = Event(), Event()

    def linger() -> None:
        inside.set()
        leave.wait(10)

    cloud.between = [once(linger)]
    estate.ask()
    first = Thread(target=estate.run_due)
    first.start()
    assert inside.wait(10)
    with estate.work() as work:
        body = {"connection": connection.id, "domain": "resources", "attempt": 1}
        enqueue(work.db, work.now, NewJob(kind="governance.sync", tenant="acme", body=body))
    estate.run_due()
    leave.set()
    first.join()
    [run] = estate.runs()
    assert (run.state, cloud.listed) == (RunState.SUCCESS, ["s1"])


def test_two_workers_share_the_connections_and_run_each_once(estate: Estate) -> None:
    clouds = [estate.connect(f"t{n}")[1] for n in range(6)]
    for cloud in clouds:
        cloud.hold("a", "b")
    estate.ask()
    start = Barrier(2)

    def work() -> None:
        start.wait(10)
        estate.run_due()

    workers = [Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [run.state for run in estate.runs()] == [RunState.SUCCESS] * 6
    assert [cloud.listed for cloud in clouds] == [["s1"]] * 6


def test_a_schedules_tick_and_a_request_are_one_sync(estate: Estate) -> None:
    connection, _ = estate.connect("acme")
    assert [s.kind for s in schedules(connection, EVERY)] == ["governance.sync", "governance.check"]
    with estate.work() as work:
        for row in kernel_schedules.overdue(work.db, work.now):
            kernel_schedules.tick(work.db, work.now, row)
    [asked] = estate.ask()
    estate.run_due()
    assert [run.id for run in estate.runs()] == [asked]


@pytest.mark.census("AG-027")
def test_silence_is_announced_once_and_so_is_its_end(estate: Estate) -> None:
    estate.connect("acme")
    estate.sync()

    def turns() -> int:
        return evaluate_freshness(estate.engine, estate.clock, EVERY)

    assert turns() == 0
    estate.pass_time(hours=2)
    assert (turns(), turns()) == (1, 0)
    estate.sync()
    assert (turns(), turns()) == (1, 0)
    estate.pass_time(hours=2)
    assert (turns(), turns()) == (1, 0)
    assert [f.name for f in estate.told("DomainWentStale", "DomainBecameFresh")] == [
        "DomainWentStale",
        "DomainBecameFresh",
        "DomainWentStale",
    ]
