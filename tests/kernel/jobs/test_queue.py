"""The queue's promises, on every database and through pgbouncer."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import Engine

from kernel.actors import NOON
from kernel.jobs.queues import (
    DATABASES,
    KINDS,
    LONG,
    claim,
    expire,
    look,
    put,
    put_one,
    settle,
    state,
)
from quarterdeck.kernel.db import reading, writing
from quarterdeck.kernel.ids import JobId
from quarterdeck.kernel.jobs import queue
from quarterdeck.kernel.jobs.model import JobState, NewJob
from quarterdeck.kernel.jobs.queue import Ending

pytestmark = pytest.mark.parametrize("engine", DATABASES, indirect=True)


def test_a_job_is_claimed_as_it_was_enqueued(engine: Engine) -> None:
    wish = NewJob(
        kind="count", tenant="acme", body={"a": [1, None]}, version=1, actor="ada", request="r1"
    )
    (job,) = put(engine, wish)
    (claimed,) = claim(engine)
    assert (claimed.id, claimed.kind, claimed.tenant) == (job, "count", "acme")
    assert claimed.body == {"a": [1, None]}
    assert (claimed.actor, claimed.request) == ("ada", "r1")
    assert (claimed.state, claimed.attempts, claimed.fence) == (JobState.RUNNING, 1, 1)
    assert claimed.created_at == NOON


def test_work_that_rolls_back_enqueues_nothing(engine: Engine) -> None:
    def fail() -> None:
        with writing(engine) as db:
            queue.enqueue(db, NOON, NewJob(kind="count", tenant="acme"))
            raise ConnectionError

    with pytest.raises(ConnectionError):
        fail()
    assert claim(engine) == []


def test_a_held_job_is_not_claimed_again(engine: Engine) -> None:
    put_one(engine)
    assert len(claim(engine)) == 1
    assert claim(engine) == []


def test_no_more_are_claimed_than_asked_for_and_the_oldest_first(engine: Engine) -> None:
    due = [NOON - timedelta(hours=n) for n in (1, 3, 2)]
    first, second, third = put(
        engine, *(NewJob(kind="count", tenant="acme", due_at=at) for at in due)
    )
    assert {job.id for job in claim(engine, 2)} == {second, third}
    assert [job.id for job in claim(engine, 2)] == [first]


def test_a_job_waits_until_it_is_due(engine: Engine) -> None:
    later = NOON + timedelta(days=36500)
    job = put_one(engine, due_at=later)
    assert claim(engine) == []
    assert look(engine, job).due_at == later


def test_a_job_without_due_time_is_due_by_the_databases_clock(engine: Engine) -> None:
    tomorrow = NOON + timedelta(days=36500)
    with writing(engine) as db:
        queue.enqueue(db, tomorrow, NewJob(kind="count", tenant="acme"))
    assert len(claim(engine)) == 1


def test_a_kind_or_version_nobody_here_understands_waits(engine: Engine) -> None:
    put(
        engine,
        NewJob(kind="unheard", tenant="acme"),
        NewJob(kind="count", tenant="acme", version=2),
    )
    assert claim(engine) == []
    assert claim(engine, kinds={}) == []
    assert [job.version for job in claim(engine, kinds={"count": 2})] == [2]


def test_due_says_what_claim_would_find(engine: Engine) -> None:
    def due() -> bool:
        with reading(engine) as db:
            return queue.due(db, KINDS)

    assert not due()
    put_one(engine)
    assert due()
    claim(engine)
    assert not due()


def test_claims_that_race_share_the_jobs_out(engine: Engine) -> None:
    ids = put(engine, *[NewJob(kind="count", tenant="acme")] * 60)
    start = Barrier(4)

    def claimer(_: int) -> list[JobId]:
        start.wait(10)
        mine: list[JobId] = []
        while claimed := claim(engine, 3):
            mine += [job.id for job in claimed]
        return mine

    with ThreadPoolExecutor(4) as pool:
        claimed = [job for mine in pool.map(claimer, range(4)) for job in mine]
    assert Counter(claimed) == Counter(ids)


def test_while_a_job_lives_its_dedup_key_finds_it(engine: Engine) -> None:
    first = put_one(engine, dedup="nightly")
    assert put_one(engine, dedup="nightly") == first
    claim(engine)
    assert put_one(engine, dedup="nightly") == first


@pytest.mark.parametrize("ending", [JobState.DONE, JobState.FAILED, JobState.CANCELLED])
def test_a_job_that_ended_gives_up_its_dedup_key(engine: Engine, ending: JobState) -> None:
    first = put_one(engine, dedup="nightly")
    settle(engine, Ending(job=claim(engine)[0], state=ending))
    assert put_one(engine, dedup="nightly") != first


def test_a_job_that_asks_a_question_keeps_its_dedup_key(engine: Engine) -> None:
    first = put_one(engine, dedup="nightly")
    settle(engine, Ending(job=claim(engine)[0], state=JobState.UNKNOWN))
    assert put_one(engine, dedup="nightly") == first


def test_once_is_for_ever(engine: Engine) -> None:
    first = put_one(engine, dedup="invoice-7", once=True)
    settle(engine, Ending(job=claim(engine)[0], state=JobState.DONE))
    assert put_one(engine, dedup="invoice-7", once=True) == first
    assert claim(engine) == []


def test_enqueuing_under_one_key_never_fails_while_jobs_of_it_end(engine: Engine) -> None:
    def enqueue(_: int) -> None:
        for _turn in range(30):
            put_one(engine, dedup="nightly")

    def finish(_: int) -> int:
        endings = 0
        for _turn in range(60):
            held = claim(engine)
            settle(engine, *[Ending(job=job, state=JobState.DONE) for job in held])
            endings += len(held)
        return endings

    with ThreadPoolExecutor(4) as pool:
        for found in [pool.submit(enqueue, n) for n in range(3)]:
            finish(0)
            found.result()


def test_an_expired_lease_is_taken_over_under_a_new_fence(engine: Engine) -> None:
    put_one(engine)
    (stale,) = claim(engine)
    expire(engine)
    (taken,) = claim(engine)
    assert (taken.id, taken.fence, taken.attempts) == (stale.id, 2, 2)


def test_a_stale_worker_settles_nothing(engine: Engine) -> None:
    job = put_one(engine)
    (stale,) = claim(engine)
    expire(engine)
    claim(engine)
    for ending in (JobState.DONE, JobState.FAILED, JobState.READY, JobState.UNKNOWN):
        settle(engine, Ending(job=stale, state=ending, detail="stale", kept={"s": "1"}))
        assert (state(engine, job), look(engine, job).detail) == (JobState.RUNNING, "")


def test_a_renewed_lease_is_not_taken_over(engine: Engine) -> None:
    ids = put(engine, *[NewJob(kind="count", tenant="acme")] * 2)
    held = claim(engine)
    expire(engine)
    with writing(engine) as db:
        assert queue.renew(db, held, LONG) == dict.fromkeys(ids, False)
    assert claim(engine) == []


def test_renewing_what_was_lost_says_so(engine: Engine) -> None:
    put_one(engine)
    stale = claim(engine)
    expire(engine)
    claim(engine)
    with writing(engine) as db:
        assert queue.renew(db, stale, LONG) == {}
        assert queue.renew(db, [], LONG) == {}


def test_a_whole_batch_ends_each_in_its_own_way(engine: Engine) -> None:
    put(engine, *[NewJob(kind="count", tenant="acme")] * 4)
    a, b, c, d = claim(engine)
    settle(
        engine,
        Ending(job=a, state=JobState.DONE),
        Ending(job=b, state=JobState.FAILED, detail="no"),
        Ending(job=c, state=JobState.READY, detail="wait", again=LONG),
        Ending(job=d, state=JobState.DONE),
    )
    found = [look(engine, job.id) for job in (a, b, c, d)]
    assert [job.state for job in found] == ["done", "failed", "ready", "done"]
    assert [job.detail for job in found] == ["", "no", "wait", ""]
    assert [job.finished_at is None for job in found] == [False, False, True, False]
    assert claim(engine) == []


def test_an_attempt_that_does_not_count_is_given_back(engine: Engine) -> None:
    job = put_one(engine)
    settle(engine, Ending(job=claim(engine)[0], state=JobState.READY, counted=False))
    assert look(engine, job).attempts == 0
    settle(engine, Ending(job=claim(engine)[0], state=JobState.READY))
    assert look(engine, job).attempts == 1
