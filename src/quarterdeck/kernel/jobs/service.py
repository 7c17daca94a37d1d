"""What people do with jobs: look, cancel, decide."""

import json
from datetime import datetime

from sqlalchemy import Connection, delete, func, select, update

from quarterdeck.kernel.clock import micros
from quarterdeck.kernel.db import BULK_ROWS, now_micros
from quarterdeck.kernel.errors import Conflict, NotFound
from quarterdeck.kernel.ids import JobId
from quarterdeck.kernel.jobs.facts import JobCancelled, JobDecided
from quarterdeck.kernel.jobs.model import LIVE, Job, JobState, Json
from quarterdeck.kernel.jobs.queue import COLUMNS, FREED, job_of
from quarterdeck.kernel.jobs.table import jobs, steps
from quarterdeck.kernel.work import Tenants, Work


class JobNotFound(NotFound):
    """No such job."""


class JobEnded(Conflict):
    """The job has ended; nothing is left to change."""


def running(work: Work, tenants: Tenants) -> list[Job]:
    """Jobs that have not ended, oldest first; at most 200."""
    query = (
        select(*COLUMNS)
        .where(tenants.clause(jobs.c.tenant), jobs.c.state.in_(LIVE))
        .order_by(jobs.c.created_at)
        .limit(200)
    )
    return [job_of(row) for row in work.db.execute(query)]


def failed(work: Work, tenant: str = "", limit: int = 200) -> list[Job]:
    """Jobs that failed, or of which it is not known how they ended, newest first."""
    tenants = work.require("jobs:read", tenant) if tenant else work.tenants("jobs:read")
    query = (
        select(*COLUMNS)
        .where(
            tenants.clause(jobs.c.tenant),
            jobs.c.state.in_([JobState.FAILED, JobState.UNKNOWN]),
        )
        .order_by(jobs.c.created_at.desc(), jobs.c.id.desc())
        .limit(limit)
    )
    return [job_of(row) for row in work.db.execute(query)]


def standing(db: Connection, kind: str) -> tuple[int, int]:
    """How many jobs of ``kind``, of all tenants, wait and run; for a health check."""
    query = (
        select(jobs.c.state, func.count())
        .where(jobs.c.kind == kind, jobs.c.state.in_(LIVE))
        .group_by(jobs.c.state)
    )
    found: dict[str, int] = {row.state: row[1] for row in db.execute(query)}
    at_work = found.pop(JobState.RUNNING, 0)
    return sum(found.values()), at_work


def of_id(work: Work, job: JobId) -> Job:
    """The job, if the actor may read jobs of its tenant; else JobNotFound."""
    tenants = work.tenants("jobs:read")
    row = work.db.execute(
        select(*COLUMNS).where(jobs.c.id == job, tenants.clause(jobs.c.tenant))
    ).one_or_none()
    if row is None:
        raise JobNotFound(f"no job {job}")
    return job_of(row)


def cancel(work: Work, job: JobId) -> Job:
    """Ask a job to stop: one not begun ends at once, one that runs at its next progress."""
    tenants = work.tenants("jobs:cancel")
    mine = (jobs.c.id == job, tenants.clause(jobs.c.tenant))
    waiting = update(jobs).where(*mine, jobs.c.state.in_([JobState.READY, JobState.UNKNOWN]))
    ended = waiting.values(state=JobState.CANCELLED, finished_at=now_micros(), dedup=FREED)
    if work.db.execute(ended).rowcount == 0:
        asked = update(jobs).where(*mine, jobs.c.state == JobState.RUNNING).values(cancel=True)
        if work.db.execute(asked).rowcount == 0:
            of_id(work, job)
            raise JobEnded(f"job {job} has ended")
    asked_for = of_id(work, job)
    work.publish(JobCancelled(tenant=asked_for.tenant, job=job, kind=asked_for.kind))
    return asked_for


def decide(work: Work, job: JobId, step: str, outcome: Json) -> Job:
    """Settle an UNKNOWN step: ``outcome`` None runs it again, any other value was its result."""
    tenants = work.tenants("jobs:decide")
    mine = (jobs.c.id == job, tenants.clause(jobs.c.tenant), jobs.c.state == JobState.UNKNOWN)
    # The attempts begin anew: a person's answer must not be lost to their limit.
    values = {"state": JobState.READY, "due_at": now_micros(), "finished_at": None, "attempts": 0}
    asking = work.db.execute(update(jobs).where(*mine).values(values)).rowcount
    if not asking or not _answer(work, job, step, outcome):
        raise JobEnded(f"job {of_id(work, job).id} asks nothing about step {step}")
    decided = of_id(work, job)
    answer = "again" if outcome is None else "done"
    work.publish(
        JobDecided(tenant=decided.tenant, job=job, kind=decided.kind, step=step, answer=answer)
    )
    return decided


def _answer(work: Work, job: JobId, step: str, outcome: Json) -> bool:
    open_step = (steps.c.job == job, steps.c.name == step, steps.c.state == "intent")
    told = update(steps).values(state="done", outcome=json.dumps(outcome))
    answer = delete(steps) if outcome is None else told
    return work.db.execute(answer.where(*open_step)).rowcount == 1


def prune(db: Connection, before: datetime) -> int:
    """Forget jobs that ended before, at most ``BULK_ROWS``; how many.

    Those that failed stay, and those with a key for ever.
    """
    old = (
        select(jobs.c.id)
        .where(
            jobs.c.state.in_([JobState.DONE, JobState.CANCELLED]),
            jobs.c.finished_at < micros(before),
            jobs.c.once.is_(False),
        )
        .limit(BULK_ROWS)
    )
    return db.execute(delete(jobs).where(jobs.c.id.in_(old))).rowcount
