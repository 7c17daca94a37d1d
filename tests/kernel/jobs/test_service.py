"""What people do with jobs: look, cancel, decide, forget."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine

from kernel.actors import ADA, NOON, noon
from kernel.jobs.queues import claim, expire, look, put_one, run_of, settle, state
from quarterdeck.kernel.clock import utc_now
from quarterdeck.kernel.db import writing
from quarterdeck.kernel.ids import JobId
from quarterdeck.kernel.jobs import service
from quarterdeck.kernel.jobs.model import JobState
from quarterdeck.kernel.jobs.queue import Ending
from quarterdeck.kernel.jobs.service import JobEnded, JobNotFound
from quarterdeck.kernel.work import Actor, MissingPermission, Tenants, begin, read

STRANGER = Actor(
    "eve", frozenset({(p, "zeta") for p in ("jobs:read", "jobs:cancel", "jobs:decide")})
)
READER = Actor("rita", frozenset({("jobs:read", "acme")}))
ACME = Tenants(frozenset({"acme"}))


def cancel(engine: Engine, job: JobId, actor: Actor = ADA) -> None:
    with begin(engine, actor, noon) as work:
        service.cancel(work, job)


def decide(engine: Engine, job: JobId, outcome: object, step: str = "delete") -> None:
    with begin(engine, ADA, noon) as work:
        service.decide(work, job, step, outcome)


def asking(engine: Engine) -> JobId:
    """A job with an effect that left no outcome."""
    job = put_one(engine)
    run = run_of(engine, claim(engine)[0])
    with pytest.raises(ZeroDivisionError):
        run.effect("delete", lambda: 1 // 0)
    settle(engine, Ending(job=run.job, state=JobState.UNKNOWN, detail="delete?"))
    return job


def test_live_jobs_are_listed_and_ended_ones_not(engine: Engine) -> None:
    done, waiting = put_one(engine), put_one(engine)
    held = {job.id: job for job in claim(engine)}
    settle(engine, Ending(job=held[done], state=JobState.DONE))
    with read(engine, ADA, noon) as work:
        assert [job.id for job in service.running(work, ACME)] == [waiting]
        assert service.running(work, Tenants(frozenset({"zeta"}))) == []


def test_another_tenants_job_is_not_found_and_not_touched(engine: Engine) -> None:
    job = put_one(engine)
    with pytest.raises(JobNotFound), read(engine, STRANGER, noon) as work:
        service.of_id(work, job)
    with pytest.raises(JobNotFound):
        cancel(engine, job, STRANGER)
    assert state(engine, job) is JobState.READY


def test_who_may_look_may_not_cancel(engine: Engine) -> None:
    job = put_one(engine)
    with pytest.raises(MissingPermission):
        cancel(engine, job, READER)


def test_a_job_not_begun_is_cancelled_at_once_and_gives_up_its_key(engine: Engine) -> None:
    job = put_one(engine, dedup="nightly")
    cancel(engine, job)
    assert state(engine, job) is JobState.CANCELLED
    assert claim(engine) == []
    assert put_one(engine, dedup="nightly") != job


def test_a_job_that_runs_is_asked_to_stop(engine: Engine) -> None:
    job = put_one(engine)
    claim(engine)
    cancel(engine, job)
    assert (state(engine, job), look(engine, job).cancel) == (JobState.RUNNING, True)


def test_a_job_that_ended_cannot_be_cancelled(engine: Engine) -> None:
    job = put_one(engine)
    settle(engine, Ending(job=claim(engine)[0], state=JobState.DONE))
    with pytest.raises(JobEnded):
        cancel(engine, job)


def test_a_person_decides_that_an_effect_happened(engine: Engine) -> None:
    job = asking(engine)
    decide(engine, job, {"deleted": 3})
    run = run_of(engine, claim(engine)[0])
    assert run.effect("delete", lambda: pytest.fail("run twice")) == {"deleted": 3}


def test_a_person_decides_that_an_effect_did_not_happen(engine: Engine) -> None:
    job = asking(engine)
    decide(engine, job, None)
    assert run_of(engine, claim(engine)[0]).effect("delete", lambda: "now") == "now"


def test_a_decision_gives_the_job_its_attempts_again(engine: Engine) -> None:
    job = asking(engine)
    decide(engine, job, "done")
    assert claim(engine)[0].attempts == 1


@pytest.mark.parametrize("step", ["other", "delete"])
def test_only_an_open_question_can_be_decided(engine: Engine, step: str) -> None:
    if step == "other":
        job, left = asking(engine), JobState.UNKNOWN
    else:
        job, left = put_one(engine), JobState.READY
    with pytest.raises(JobEnded, match="asks nothing"):
        decide(engine, job, 1, step)
    assert state(engine, job) is left


def test_pruning_forgets_what_ended_long_ago_with_its_steps(engine: Engine) -> None:
    ids = [put_one(engine), put_one(engine, dedup="k", once=True), put_one(engine), put_one(engine)]
    held = {job.id: job for job in claim(engine)}
    run_of(engine, held[ids[0]]).effect("s", lambda: 1)
    states = [JobState.DONE, JobState.DONE, JobState.FAILED, JobState.READY]
    settle(engine, *[Ending(job=held[i], state=s) for i, s in zip(ids, states, strict=True)])
    with writing(engine) as db:
        assert service.prune(db, NOON) == 0
        assert service.prune(db, utc_now() + timedelta(days=1)) == 1
    expire(engine)
    assert [state(engine, job) for job in ids[1:]] == states[1:]
