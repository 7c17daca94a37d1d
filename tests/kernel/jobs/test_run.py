"""A run's steps: what a second execution of each kind of step does, and who may write."""

import json
from threading import Timer
from time import monotonic

import pytest
from sqlalchemy import Engine, select

from kernel.jobs.queues import DATABASES, LONG, claim, expire, look, put_one, run_of, settle
from quarterdeck.events.governance import SyncRequested
from quarterdeck.kernel.db import DatabaseUnavailable, reading, writing
from quarterdeck.kernel.ids import JobId
from quarterdeck.kernel.jobs.model import (
    Cancelled,
    JobState,
    LeaseLost,
    RetryLater,
    StepUnknown,
    Stopping,
)
from quarterdeck.kernel.jobs.queue import Ending
from quarterdeck.kernel.jobs.run import Run
from quarterdeck.kernel.jobs.table import jobs, steps
from quarterdeck.kernel.outbox import outbox

pytestmark = pytest.mark.parametrize("engine", DATABASES, indirect=True)


@pytest.fixture
def job(engine: Engine) -> JobId:
    return put_one(engine)


@pytest.fixture
def run(engine: Engine, job: JobId) -> Run:
    (claimed,) = claim(engine)
    assert claimed.id == job
    return run_of(engine, claimed)


def taken_over(engine: Engine) -> Run:
    expire(engine)
    return run_of(engine, claim(engine)[0])


def journal(engine: Engine) -> dict[str, tuple[str, object]]:
    with reading(engine) as db:
        rows = db.execute(select(steps)).all()
    return {row.name: (row.state, json.loads(row.outcome)) for row in rows}


def boom() -> None:
    raise ConnectionError("line cut")


@pytest.mark.parametrize(
    ("event", "raised"), [("stop", Stopping), ("cancelled", Cancelled), ("lost", LeaseLost)]
)
def test_who_waits_is_let_go_when_the_run_should_end(
    run: Run, event: str, raised: type[Exception]
) -> None:
    began = monotonic()
    timer = Timer(0.1, getattr(run, event).set)
    timer.start()
    with pytest.raises(raised):
        run.pause(60)
    assert monotonic() - began < 5
    timer.join()


def test_a_pause_is_as_long_as_was_asked(run: Run) -> None:
    began = monotonic()
    run.pause(0.05)
    assert 0.05 <= monotonic() - began < 1


def test_a_read_is_run_again_after_a_take_over(engine: Engine, run: Run) -> None:
    seen: list[int] = []
    run.read(lambda: seen.append(1))
    taken_over(engine).read(lambda: seen.append(2))
    assert seen == [1, 2]


def test_a_keyed_step_is_run_again_under_its_key_until_something_was_built_on_it(
    engine: Engine, run: Run
) -> None:
    keys: list[str] = []

    def send(key: str) -> int:
        keys.append(key)
        return len(keys)

    assert run.keyed("mail", send) == 1
    second = taken_over(engine)
    assert second.keyed("mail", send) == 2
    second.progress(1, 2, "mails")
    assert taken_over(engine).keyed("mail", send) == 2
    assert keys == [f"{run.job.id}:mail"] * 2


def test_what_a_keyed_step_returns_is_what_a_later_attempt_finds(engine: Engine, run: Run) -> None:
    first = run.keyed("page", lambda _: {"items": (1, 2), "next": None})
    assert first == {"items": [1, 2], "next": None}
    assert run.keyed("page", lambda _: boom()) == first
    run.progress(0, 0, "")
    assert taken_over(engine).keyed("page", lambda _: boom()) == first


def test_an_effect_is_run_once(engine: Engine, run: Run) -> None:
    assert run.effect("delete", lambda: [1]) == [1]
    assert run.effect("delete", boom) == [1]
    assert taken_over(engine).effect("delete", boom) == [1]
    assert journal(engine) == {"delete": ("done", [1])}


def test_an_effect_without_outcome_of_its_own_is_run_once_too(engine: Engine, run: Run) -> None:
    assert run.effect("delete", lambda: None) is None
    assert taken_over(engine).effect("delete", boom) is None


def test_an_effects_intent_is_on_disk_before_it_begins(engine: Engine, run: Run) -> None:
    seen = run.effect("delete", lambda: list(journal(engine)))
    assert seen == ["delete"]


def test_an_effect_that_left_no_outcome_is_neither_repeated_nor_skipped(
    engine: Engine, run: Run
) -> None:
    with pytest.raises(ConnectionError):
        run.effect("delete", boom)
    for later in (run, taken_over(engine)):
        with pytest.raises(StepUnknown, match="delete"):
            later.effect("delete", lambda: 1)
    assert journal(engine) == {"delete": ("intent", None)}


def test_a_probe_finds_that_the_effect_happened(engine: Engine, run: Run) -> None:
    with pytest.raises(ConnectionError):
        run.effect("delete", boom)
    assert taken_over(engine).effect("delete", boom, probe=lambda: "gone") == "gone"
    assert journal(engine) == {"delete": ("done", "gone")}


def test_a_probe_finds_that_the_effect_did_not_happen(engine: Engine, run: Run) -> None:
    with pytest.raises(ConnectionError):
        run.effect("delete", boom)
    assert taken_over(engine).effect("delete", lambda: "now", probe=lambda: None) == "now"


def test_a_probe_that_cannot_tell_leaves_the_question_open(engine: Engine, run: Run) -> None:
    def cannot_tell() -> None:
        raise StepUnknown("no right to read it")

    with pytest.raises(ConnectionError):
        run.effect("delete", boom)
    with pytest.raises(StepUnknown, match="no right"):
        taken_over(engine).effect("delete", boom, probe=cannot_tell)


def test_an_effect_that_says_nothing_happened_may_be_tried_again(engine: Engine, run: Run) -> None:
    def throttled() -> None:
        raise RetryLater("429", LONG)

    with pytest.raises(RetryLater):
        run.effect("delete", throttled)
    assert journal(engine) == {}
    assert run.effect("delete", lambda: 1) == 1
    assert taken_over(engine).effect("delete", boom) == 1


def test_an_effect_is_not_begun_by_a_worker_that_lost_the_job(engine: Engine, run: Run) -> None:
    done: list[int] = []
    new = taken_over(engine)
    with pytest.raises(LeaseLost):
        run.effect("delete", lambda: done.append(1))
    assert done == []
    assert new.effect("delete", lambda: 7) == 7


def test_the_outcome_of_a_worker_that_lost_the_job_meanwhile_is_refused(
    engine: Engine, run: Run
) -> None:
    def slow() -> int:
        expire(engine)
        assert len(claim(engine)) == 1
        return 1

    with pytest.raises(LeaseLost):
        run.effect("delete", slow)
    assert journal(engine) == {"delete": ("intent", None)}


def test_a_stale_worker_writes_nothing(engine: Engine, run: Run) -> None:
    run.keyed("page", lambda _: 1)
    new = taken_over(engine)
    with pytest.raises(LeaseLost):
        run.progress(9, 9, "pages")
    with pytest.raises(LeaseLost), run.work() as work:
        work.publish(SyncRequested(tenant="acme", run="r", domain="d"))
    with pytest.raises(LeaseLost):
        run.check()
    new.progress(1, 2, "pages")
    with reading(engine) as db:
        assert db.execute(select(outbox)).all() == []
        assert db.execute(select(jobs.c.done, jobs.c.total, jobs.c.unit)).one() == (1, 2, "pages")
    assert journal(engine) == {}


def test_work_of_a_run_commits_with_the_jobs_request_and_actor(engine: Engine) -> None:
    put_one(engine, actor="ada", request="req-1")
    run = run_of(engine, claim(engine)[0])
    run.keyed("page", lambda _: 5)
    with run.work() as work:
        work.publish(SyncRequested(tenant="acme", run="r", domain="d"))
    with reading(engine) as db:
        assert db.execute(select(outbox.c.actor, outbox.c.request)).one() == ("ada", "req-1")
    assert journal(engine) == {"page": ("done", 5)}


def test_work_that_fails_keeps_the_outcome_for_the_next(engine: Engine, run: Run) -> None:
    run.keyed("page", lambda _: 5)
    with pytest.raises(ConnectionError), run.work():
        boom()
    assert journal(engine) == {}
    run.progress(1, 1, "page")
    assert journal(engine) == {"page": ("done", 5)}


def test_each_write_of_a_run_prolongs_its_lease(engine: Engine, run: Run) -> None:
    expire(engine)
    run.progress(1, 2, "pages")
    assert claim(engine) == []


def test_a_cancelled_job_hears_of_it_at_its_next_progress(engine: Engine, run: Run) -> None:
    with writing(engine) as db:
        db.execute(jobs.update().values(cancel=True))
    with pytest.raises(Cancelled):
        run.progress(1, 2, "pages")
    assert look(engine, run.job.id).done == 1


def test_a_stopping_worker_is_heard_before_a_step_begins(engine: Engine, run: Run) -> None:
    run.stop.set()
    for step in (
        lambda: run.effect("delete", boom),
        lambda: run.keyed("page", lambda _: boom()),
        lambda: run.read(boom),
        lambda: run.progress(1, 1, ""),
    ):
        with pytest.raises(Stopping):
            step()
    assert journal(engine) == {}


def test_keyed_outcomes_of_a_failed_attempt_are_kept(engine: Engine, run: Run) -> None:
    run.keyed("page", lambda _: 5)
    settle(engine, Ending(job=run.job, state=JobState.READY, kept=run.kept))
    assert taken_over(engine).keyed("page", lambda _: boom()) == 5


def test_a_lost_database_is_no_lost_lease(run: Run) -> None:
    with pytest.raises(DatabaseUnavailable), run.work():
        raise DatabaseUnavailable("gone")
    run.progress(1, 1, "page")
