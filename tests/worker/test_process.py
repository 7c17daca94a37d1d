"""The worker process: all its duties, and how it ends."""

from datetime import timedelta
from threading import Event, Thread

from sqlalchemy import Engine

from kernel.actors import noon
from kernel.jobs.queues import claim, kind_of, look, put_one, state
from quarterdeck.kernel.beats import alive
from quarterdeck.kernel.clock import utc_now
from quarterdeck.kernel.db import reading, writing
from quarterdeck.kernel.jobs.model import JobState
from quarterdeck.kernel.jobs.run import Run
from quarterdeck.kernel.schedules import Schedule, put
from quarterdeck.kernel.settings import Settings
from quarterdeck.worker.process import Duties, schedule, work
from waiting import until

LEASE_S = 0.3


def processes(engine: Engine) -> int:
    with reading(engine) as db:
        return len(alive(db))


def test_a_worker_beats_ticks_pulses_and_says_goodbye(engine: Engine) -> None:
    ran, pulsed, stopping = Event(), Event(), Event()
    with writing(engine) as db:
        put(db, noon(), Schedule(name="s", kind="count", tenant="acme", every=timedelta(hours=1)))
    duties = Duties(
        role="worker",
        kinds={"count": kind_of(lambda _: ran.set())},
        pulses={"own": (60.0, pulsed.set), **schedule(engine, utc_now)},
    )
    thread = Thread(target=work, args=[engine, utc_now, Settings(), duties, stopping])
    thread.start()
    assert ran.wait(10)
    assert pulsed.wait(10)
    until(lambda: processes(engine) == 1)
    stopping.set()
    thread.join(20)
    assert processes(engine) == 0


def test_a_stopping_worker_keeps_the_lease_of_what_still_runs(engine: Engine) -> None:
    began, release, stopping = Event(), Event(), Event()

    def slow(_: Run) -> None:
        began.set()
        release.wait(10)

    job = put_one(engine)
    duties = Duties(role="jobs", kinds={"count": kind_of(slow)}, pulses={})
    settings = Settings(lease_s=LEASE_S)
    thread = Thread(target=work, args=[engine, utc_now, settings, duties, stopping])
    thread.start()
    assert began.wait(10)
    stopping.set()
    claimed_end = look(engine, job).due_at
    until(lambda: look(engine, job).due_at > claimed_end + timedelta(seconds=LEASE_S))
    assert claim(engine) == []
    release.set()
    thread.join(20)
    assert state(engine, job) is JobState.DONE


def test_what_runs_no_jobs_pulses_and_leaves_them_to_others(engine: Engine) -> None:
    job, stopping, again = put_one(engine), Event(), Counted(3)
    duties = Duties(role="worker", kinds={}, pulses={"own": (0.01, again.down)})
    thread = Thread(target=work, args=[engine, utc_now, Settings(), duties, stopping])
    thread.start()
    assert again.reached.wait(10)
    stopping.set()
    thread.join(20)
    assert not thread.is_alive()
    assert (state(engine, job), processes(engine)) == (JobState.READY, 0)


class Counted:
    """Says when something was done so often."""

    def __init__(self, times: int) -> None:
        self.left, self.reached = times, Event()

    def down(self) -> None:
        self.left -= 1
        if not self.left:
            self.reached.set()
