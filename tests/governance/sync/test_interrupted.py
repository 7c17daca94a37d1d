"""Killed, paused, cancelled in the middle of a page of the second of three tenants; and fair.

Whatever interrupts one: nothing is lost, nothing doubled, and the others are whole.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier, Event, Thread

import pytest
from sqlalchemy import Engine, func, select, update

from governance.estate import EVERY, Estate, arm
from governance.sync.dying import TENANTS, three
from quarterdeck.governance.inventory import service as inventory
from quarterdeck.governance.inventory.filters import Filter
from quarterdeck.governance.inventory.store.tables import changes
from quarterdeck.governance.sync.changeset import ChangeSet
from quarterdeck.governance.sync.model import RunState
from quarterdeck.governance.sync.service import policies, queries
from quarterdeck.kernel.jobs.table import jobs
from quarterdeck.worker.loop import Worker
from waiting import until

TESTS = Path(__file__).parents[2]
WHOLE = {f"{tenant}-{letter}" for tenant in TENANTS for letter in "abcde"}


def connected(engine: Engine) -> Estate:
    """Three tenants, and all that they have."""
    estate = three(engine)
    has = {name: cloud.pages for name, cloud in estate.clouds.items()}
    for name in TENANTS:
        estate.connect(name)
        estate.clouds[name].pages = has[name]
    return estate


def once(action: Callable[[], None], *, at: int) -> Callable[[], None]:
    """``action`` before page number ``at``, counted from 0; nothing before any other."""
    left = [lambda: None] * at + [action]
    return lambda: left.pop(0)() if left else None


def live(estate: Estate) -> list[str]:
    with estate.look() as work:
        return sorted(r.name for r in inventory.page(work, Filter(), None, None, 1000))


def states(estate: Estate) -> dict[str, RunState]:
    return {run.tenant: run.state for run in estate.runs()}


def one_after_another(estate: Estate) -> None:
    """A worker of one thread, the first tenant first."""
    estate.pass_time(seconds=1)
    for number, tenant in enumerate(TENANTS, 1):
        hurry(estate, tenant, number)
    worker = estate.worker()
    worker.threads = 1
    with ThreadPoolExecutor(1) as pool:

        def over() -> bool:
            worker.turn(pool)
            return not estate.jobs("ready") and not estate.jobs("running")

        until(over, within_s=60)


def roots_hold(estate: Estate) -> None:
    """What the log was told is the root over the changes that each run lists."""
    for fact in estate.told("SyncCompleted", "SyncCancelled"):
        with estate.look() as work:
            listed = queries.changes_of(work, fact.payload["run"])
        root = ChangeSet()
        for change in listed:
            root.add(change.leaf)
        assert fact.payload["changes"] == root.root()
        assert len(listed) == fact.payload["added"]


def test_a_worker_killed_within_a_page_costs_nothing_and_doubles_nothing(engine: Engine) -> None:
    estate = connected(engine)
    estate.ask()
    estate.wake()
    url = engine.url.render_as_string(hide_password=False)
    program = [sys.executable, "-m", "governance.sync.dying", url]
    dead = subprocess.run(program, cwd=TESTS, env=os.environ, check=False, timeout=60)
    assert dead.returncode == -signal.SIGKILL
    assert states(estate)["t2"] is RunState.RUNNING
    with engine.begin() as db:
        db.execute(update(jobs).where(jobs.c.state == "running").values(due_at=0))
    estate.run_due()
    assert states(estate) == dict.fromkeys(TENANTS, RunState.SUCCESS)
    assert live(estate) == sorted(WHOLE)
    with engine.connect() as db:
        assert db.scalar(select(func.count()).select_from(changes)) == len(WHOLE)
    assert len(estate.runs()) == len(estate.told("SyncCompleted")) == len(TENANTS)
    roots_hold(estate)


def test_a_pause_within_a_page_lets_that_run_end_and_begins_no_other(engine: Engine) -> None:
    estate = connected(engine)

    def pause() -> None:
        with estate.work() as work:
            policies.pause(work, EVERY, "resources")

    estate.clouds["t2"].between = [once(pause, at=1)]
    estate.ask()
    one_after_another(estate)
    assert states(estate) == dict.fromkeys(TENANTS[:2], RunState.SUCCESS)
    assert live(estate) == sorted(name for name in WHOLE if not name.startswith("t3"))
    with estate.work() as work:
        policies.resume(work, EVERY, "resources")
    estate.tick()
    one_after_another(estate)
    assert live(estate) == sorted(WHOLE)
    roots_hold(estate)


def test_a_cancel_within_a_page_stops_that_run_alone_and_removes_nothing(engine: Engine) -> None:
    estate = connected(engine)
    estate.clouds["t2"].pages["s1"] = [[arm("old")]]
    estate.sync()
    estate.clouds["t2"].pages["s1"] = [[arm("t2-a"), arm("t2-b")], [arm("t2-c")]]
    estate.pass_time(hours=1)
    estate.ask()
    asked = {job.tenant: job.id for job in estate.jobs("ready") if job.kind == "governance.sync"}

    def cancel() -> None:
        with estate.work() as work:
            queries.cancel(work, asked["t2"])

    estate.clouds["t2"].between = [once(cancel, at=1)]
    one_after_another(estate)
    newest = {str(run.tenant): run for run in reversed(estate.runs())}
    assert newest["t2"].state is RunState.CANCELLED
    assert {newest[t].state for t in ("t1", "t3")} == {RunState.SUCCESS}
    assert {"old", "t2-a", "t2-b"} <= set(live(estate))
    roots_hold(estate)
    estate.clouds["t2"].between = []
    estate.sync()
    assert live(estate) == sorted(WHOLE)


@pytest.mark.census("AG-043")
def test_two_schedulers_tick_each_schedule_once(engine: Engine) -> None:
    estate = connected(engine)
    schedules = 2 * len(TENANTS)  # its resources, and the check of its credential
    start = Barrier(2)
    ticks: list[int] = []

    def tick() -> None:
        start.wait(10)
        ticks.append(estate.tick())

    both = [Thread(target=tick) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert sum(ticks) == len(estate.jobs("ready")) == schedules
    finish(estate)
    assert estate.tick() == 0
    assert len(estate.runs()) == len(TENANTS)


def test_a_tenant_whose_pages_take_for_ever_delays_no_other(engine: Engine) -> None:
    estate = connected(engine)
    for number in range(5):
        estate.connect_more("t2", f"t2-{number}").hold(f"more-{number}")
    release = Event()
    slow = [cloud for name, cloud in estate.clouds.items() if name.startswith("t2")]
    for cloud in slow:
        cloud.between = [lambda: assert_released(release)]
    worker = estate.worker()
    worker.threads = 5  # fewer than the six that t2 alone could fill
    estate.ask()
    hurry(estate, "t2", 1)
    runner = Thread(target=worker.run)
    runner.start()
    try:
        done = [RunState.SUCCESS] * 2
        until(lambda: [s for t, s in sorted(states(estate).items()) if t != "t2"] == done)
        assert states(estate)["t2"] is RunState.RUNNING
    finally:
        release.set()
        worker.stop.set()
        runner.join()
    finish(estate)
    assert set(live(estate)) == WHOLE | {f"more-{number}" for number in range(5)}


def assert_released(release: Event) -> None:
    """Stand within a page until somebody lets go."""
    assert release.wait(60)


def hurry(estate: Estate, tenant: str, place: int) -> None:
    """Have the jobs of a tenant be taken in that place."""
    mine = (jobs.c.tenant == tenant, jobs.c.state == "ready")
    with estate.engine.begin() as db:
        db.execute(update(jobs).where(*mine).values(due_at=place))


def finish(estate: Estate) -> None:
    """Have all that waits run, whatever it waits for."""
    while estate.jobs("ready"):
        estate.wake()
        worker: Worker = estate.worker()
        with ThreadPoolExecutor(4) as pool:
            worker.turn(pool)
        worker.stop.set()
        worker.run()
