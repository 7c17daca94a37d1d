"""The worker: how each ending of a run leaves its job, and what a worker survives."""

import sys
from collections import Counter
from datetime import timedelta
from threading import Event, Lock

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.exc import InvalidRequestError

from kernel.actors import ADA, noon
from kernel.jobs.queues import (
    DATABASES,
    at_work,
    claim,
    expire,
    kind_of,
    look,
    put,
    put_one,
    run_to_end,
    state,
    worker_of,
)
from quarterdeck.kernel.db import DatabaseUnavailable, writing
from quarterdeck.kernel.jobs import service
from quarterdeck.kernel.jobs.kind import MAX_BACKOFF, JobKind, pause
from quarterdeck.kernel.jobs.model import GiveUp, JobState, NewJob, RetryLater
from quarterdeck.kernel.jobs.run import Run
from quarterdeck.kernel.work import begin
from waiting import until


def nothing(_: Run) -> None:
    return


def wait_for_check(run: Run) -> None:
    """Work that looks again and again whether it shall go on."""
    while not run.lost.wait(0.01):
        run.check()
    run.check()


@pytest.mark.parametrize("engine", DATABASES, indirect=True)
def test_two_workers_run_each_job_exactly_once(engine: Engine) -> None:
    ran: Counter[str] = Counter()
    lock = Lock()

    def count(run: Run) -> None:
        with lock:
            ran[run.job.id] += 1

    ids = put(engine, *[NewJob(kind="count", tenant="acme")] * 50)
    workers = [worker_of(engine, kind_of(count), name=name) for name in ("a", "b")]
    with at_work(*workers):
        until(lambda: all(state(engine, job) is JobState.DONE for job in ids))
    assert ran == Counter(ids)


def test_a_failing_job_is_tried_again_and_fails_after_its_attempts(engine: Engine) -> None:
    tries: list[int] = []

    def fail(run: Run) -> None:
        tries.append(run.job.attempts)
        raise ValueError(f"no {len(tries)}")

    job = put_one(engine)
    with at_work(worker_of(engine, kind_of(fail, max_attempts=3))):
        until(lambda: state(engine, job) is JobState.FAILED)
    assert tries == [1, 2, 3]
    assert look(engine, job).detail == "no 3"


def test_a_failed_attempt_waits_for_its_pause(engine: Engine) -> None:
    def fail(_: Run) -> None:
        raise ValueError("first")

    kind = JobKind(name="count", run=fail, backoff=timedelta(hours=1))
    (job,) = run_to_end(engine, [put_one(engine)], kind)
    assert (job.state, job.detail, job.attempts) == (JobState.READY, "first", 1)
    assert claim(engine) == []


def test_pauses_double_up_to_a_limit() -> None:
    kind = JobKind(name="k", run=nothing, backoff=timedelta(seconds=2))
    assert [pause(kind, n).total_seconds() for n in (1, 2, 3)] == [2, 4, 8]
    assert pause(kind, 10**6) == MAX_BACKOFF


def test_a_job_that_gives_up_fails_at_once(engine: Engine) -> None:
    def give_up(_: Run) -> None:
        raise GiveUp("no such directory")

    (job,) = run_to_end(engine, [put_one(engine)], kind_of(give_up))
    assert (job.state, job.detail, job.attempts) == (JobState.FAILED, "no such directory", 1)


def test_waiting_on_request_counts_as_no_attempt(engine: Engine) -> None:
    def wait(_: Run) -> None:
        raise RetryLater("throttled", timedelta(hours=1))

    (job,) = run_to_end(engine, [put_one(engine)], kind_of(wait))
    assert (job.state, job.detail, job.attempts) == (JobState.READY, "throttled", 0)
    assert claim(engine) == []


def test_an_effect_without_outcome_leaves_the_job_unknown(engine: Engine) -> None:
    def cut(run: Run) -> None:
        run.effect("delete", lambda: 1 // 0)

    job = put_one(engine)
    with at_work(worker_of(engine, kind_of(cut))):
        until(lambda: state(engine, job) is JobState.UNKNOWN)
    assert "delete" in look(engine, job).detail


def test_a_job_whose_workers_always_die_fails_in_the_end(engine: Engine) -> None:
    job = put_one(engine)
    for _ in range(2):
        claim(engine)
        expire(engine)
    (found,) = run_to_end(engine, [job], kind_of(nothing, max_attempts=2))
    assert (found.state, found.detail) == (JobState.FAILED, "each attempt ended with its worker")


@pytest.mark.parametrize("words", ["nul \0 here", "half \ud800 a pair", "long " * 10_000])
def test_no_words_of_an_error_keep_a_job_from_ending(engine: Engine, words: str) -> None:
    def fail(_: Run) -> None:
        raise GiveUp(words)

    (job,) = run_to_end(engine, [put_one(engine)], kind_of(fail))
    assert job.state is JobState.FAILED
    assert job.detail[:5] == words[:5].replace("\0", "?")


def test_a_job_that_tries_to_end_the_process_only_fails(engine: Engine) -> None:
    def leave(_: Run) -> None:
        sys.exit("bye")

    after = put_one(engine, "price")
    job = put_one(engine)
    with at_work(worker_of(engine, kind_of(leave, max_attempts=1), kind_of(nothing, "price"))):
        until(lambda: state(engine, job) is JobState.FAILED)
        until(lambda: state(engine, after) is JobState.DONE)


def test_a_cancelled_job_stops_at_the_next_renewal(engine: Engine) -> None:
    began = Event()

    def long(run: Run) -> None:
        began.set()
        wait_for_check(run)

    job, worker = put_one(engine), worker_of(engine, kind_of(long))
    with at_work(worker):
        assert began.wait(10)
        with begin(engine, ADA, noon) as work:
            service.cancel(work, job)
        worker.renew()
        until(lambda: state(engine, job) is JobState.CANCELLED)


def test_a_cancelled_job_that_is_taken_over_does_not_begin_again(engine: Engine) -> None:
    job = put_one(engine)
    claim(engine)
    with begin(engine, ADA, noon) as work:
        service.cancel(work, job)
    expire(engine)
    (found,) = run_to_end(engine, [job], kind_of(lambda _: pytest.fail("ran")))
    assert found.state is JobState.CANCELLED


def test_a_run_that_lost_its_job_is_told_at_the_next_renewal(engine: Engine) -> None:
    began, told = Event(), Event()

    def long(run: Run) -> None:
        began.set()
        if run.lost.wait(10):
            told.set()
        run.check()

    def renewed() -> bool:
        # A run may have begun before its worker has it among those that it renews.
        worker.renew()
        return told.wait(0.05)

    job, worker = put_one(engine), worker_of(engine, kind_of(long))
    with at_work(worker):
        assert began.wait(10)
        with writing(engine) as db:
            db.exec_driver_sql("UPDATE kernel_job SET fence = fence + 1")
        until(renewed)
    assert state(engine, job) is JobState.RUNNING


def test_a_stopping_worker_hands_its_jobs_back_for_another_to_resume(engine: Engine) -> None:
    began, resumed = Event(), Event()

    def long(run: Run) -> None:
        run.keyed("page", lambda _: "first")
        began.set()
        wait_for_check(run)

    def rest(run: Run) -> None:
        assert run.keyed("page", lambda _: "second") == "first"
        resumed.set()

    job = put_one(engine)
    with at_work(worker_of(engine, kind_of(long))):
        assert began.wait(10)
    found = look(engine, job)
    assert (found.state, found.attempts) == (JobState.READY, 0)
    run_to_end(engine, [job], kind_of(rest))
    assert resumed.is_set()


def test_a_job_enqueued_while_others_run_does_not_wait_for_them(engine: Engine) -> None:
    release, began = Event(), Event()

    def long(_: Run) -> None:
        began.set()
        release.wait(10)

    put_one(engine, "price")
    with at_work(worker_of(engine, kind_of(long, "price"), kind_of(nothing))):
        assert began.wait(10)
        quick = put_one(engine)
        until(lambda: state(engine, quick) is JobState.DONE)
        release.set()


@pytest.mark.parametrize("failure", [DatabaseUnavailable("away"), InvalidRequestError("odd")])
def test_what_ended_while_the_database_was_away_is_settled_afterwards(
    engine: Engine, failure: Exception
) -> None:
    away, refused, release = Event(), Event(), Event()

    def job(_: Run) -> None:
        release.wait(10)

    def refuse(*_: object) -> None:
        if away.is_set():
            refused.set()
            raise failure

    ids = put(engine, *[NewJob(kind="count", tenant="acme")] * 2)
    event.listen(engine, "begin", refuse)
    with at_work(worker_of(engine, kind_of(job))):
        until(lambda: all(state(engine, job) is JobState.RUNNING for job in ids))
        away.set()
        release.set()
        assert refused.wait(10)
        away.clear()
        until(lambda: all(state(engine, job) is JobState.DONE for job in ids))
    assert [look(engine, job).attempts for job in ids] == [1, 1]


def test_a_stopping_worker_waits_for_the_database_to_settle_what_ended(engine: Engine) -> None:
    away, refused, begun, release = Event(), Event(), Event(), Event()

    def refuse(*_: object) -> None:
        if away.is_set():
            refused.set()
            raise DatabaseUnavailable("away")

    def wait(_: Run) -> None:
        begun.set()
        release.wait(10)

    job, worker = put_one(engine), worker_of(engine, kind_of(wait))
    event.listen(engine, "begin", refuse)
    with at_work(worker):
        assert begun.wait(10)  # what is claimed and not begun is handed back
        away.set()
        worker.stop.set()
        release.set()
        assert refused.wait(10)
        away.clear()
    assert state(engine, job) is JobState.DONE
