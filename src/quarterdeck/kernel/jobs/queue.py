"""The queue: enqueue, claim, renew, settle. Every statement runs on SQLite and PostgreSQL.

A lease is judged by the database's clock, and every write of a run is fenced: a worker
that slept past its lease finds its fence outgrown, and changes nothing.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Update,
    and_,
    case,
    false,
    insert,
    null,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from quarterdeck.kernel.clock import MICROSECOND, instant, micros
from quarterdeck.kernel.db import now_micros
from quarterdeck.kernel.ids import JobId, uuid7
from quarterdeck.kernel.jobs.model import Job, JobState, NewJob
from quarterdeck.kernel.jobs.table import jobs, steps

COLUMNS = [c for c in jobs.c if c.name not in ("dedup", "once", "worker")]
FREED = case((jobs.c.once, jobs.c.dedup), else_=null())  # the key of a job that has ended
TAKEABLE = jobs.c.state.in_([JobState.READY, JobState.RUNNING])


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a run ended: the state the job takes, and when it is next due if that is ``ready``.

    Attributes:
        again: pause before the next attempt.
        counted: False where the attempt shall not count (a stop, a wait that was asked for).
        kept: outcomes (JSON) by name of keyed steps that are not in the journal yet.
    """

    job: Job
    state: JobState
    detail: str = ""
    again: timedelta = timedelta()
    counted: bool = True
    kept: Mapping[str, str] = field(default_factory=dict)


def enqueue(db: Connection, now: datetime, new: NewJob) -> JobId:
    """Add ``new``, or find the job that bears its dedup key. Part of the caller's transaction."""
    upsert = sqlite.insert if db.dialect.name == "sqlite" else postgresql.insert
    while True:
        # RETURNING, for SQLAlchemy keeps no rowcount of an INSERT on PostgreSQL.
        add = upsert(jobs).values(_row(now, new)).on_conflict_do_nothing().returning(jobs.c.id)
        job = db.scalar(add)
        # That other job may end between the two, and give up its key: then try again.
        if job is None:
            job = db.scalar(select(jobs.c.id).where(jobs.c.dedup == new.dedup))
        if job is not None:
            return JobId(job)


def due(db: Connection, kinds: Mapping[str, int]) -> bool:
    """Whether ``claim`` would find a job now. Writes nothing."""
    return db.scalar(select(jobs.c.id).where(_claimable(kinds)).limit(1)) is not None


def claim(
    db: Connection, kinds: Mapping[str, int], worker: str, lease: timedelta, limit: int
) -> list[Job]:
    """Take up to ``limit`` due jobs, oldest first: new ones, and any whose lease ran out.

    ``kinds`` maps each kind to the newest body version that the caller understands.
    """
    ids = (
        select(jobs.c.id)
        .where(_claimable(kinds))
        .order_by(jobs.c.due_at, jobs.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("takeable")
    )
    take = (
        update(jobs)
        .where(jobs.c.id.in_(select(ids.c.id)))
        .values(
            state=JobState.RUNNING,
            worker=worker,
            due_at=now_micros() + lease // MICROSECOND,
            attempts=jobs.c.attempts + 1,
            fence=jobs.c.fence + 1,
            started_at=case((jobs.c.started_at.is_(None), now_micros()), else_=jobs.c.started_at),
        )
        .returning(*COLUMNS)
    )
    return sorted((job_of(row) for row in db.execute(take)), key=lambda job: job.id)


def renew(db: Connection, held: Sequence[Job], lease: timedelta) -> dict[JobId, bool]:
    """Prolong the leases of ``held``: the ids still held, each with whether to cancel it."""
    if not held:
        return {}
    statement = (
        update(jobs)
        .where(_held(held))
        .values(due_at=now_micros() + lease // MICROSECOND)
        .returning(jobs.c.id, jobs.c.cancel)
    )
    return {JobId(row.id): row.cancel for row in db.execute(statement)}


def guard(db: Connection, job: Job, **values: object) -> bool:
    """Whether ``job`` is still held by this fence; locks its row until the transaction ends."""
    statement = update(jobs).where(_held([job])).values(values or {"fence": job.fence})
    return db.execute(statement).rowcount == 1


def settle(db: Connection, endings: Sequence[Ending]) -> None:
    """Write how runs ended. One that was taken over meanwhile is passed by: it is not ours."""
    done = [ending.job for ending in endings if ending.state is JobState.DONE]
    if done:
        db.execute(_end(JobState.DONE).where(_held(done)))
    for ending in endings:
        if ending.state is not JobState.DONE:
            again = ending.state is JobState.READY
            outcome = _again(ending) if again else _end(ending.state).values(detail=ending.detail)
            if db.execute(outcome.where(_held([ending.job]))).rowcount == 1:
                keep(db, ending.job, ending.kept)


def keep(db: Connection, job: Job, outcomes: Mapping[str, str]) -> None:
    """Put outcomes (JSON) of keyed steps in the journal of a job that is held."""
    rows = [{"job": job.id, "name": n, "state": "done", "outcome": o} for n, o in outcomes.items()]
    if rows:
        db.execute(insert(steps).values(at=now_micros()), rows)


def job_of(row: Row[Any]) -> Job:
    """A row of ``COLUMNS`` as a value."""
    fields = row._asdict() | {"body": json.loads(row.body), "state": JobState(row.state)}
    for name in ("created_at", "started_at", "finished_at", "due_at"):
        fields[name] = None if fields[name] is None else instant(fields[name])
    return Job(**fields)


def _row(now: datetime, new: NewJob) -> dict[str, Any]:
    return {
        "id": uuid7(now),
        "kind": new.kind,
        "version": new.version,
        "tenant": new.tenant,
        "body": json.dumps(new.body),
        "state": JobState.READY,
        "actor": new.actor,
        "request": new.request,
        "dedup": new.dedup,
        "once": new.once,
        "due_at": micros(new.due_at) if new.due_at else now_micros(),
        "created_at": micros(now),
    }


def _claimable(kinds: Mapping[str, int]) -> ColumnElement[bool]:
    # A body newer than the kind understands waits for a worker that does.
    known = [and_(jobs.c.kind == k, jobs.c.version <= newest) for k, newest in kinds.items()]
    return and_(TAKEABLE, jobs.c.due_at <= now_micros(), or_(false(), *known))


def _held(held: Sequence[Job]) -> ColumnElement[bool]:
    pairs = [(job.id, job.fence) for job in held]
    return and_(tuple_(jobs.c.id, jobs.c.fence).in_(pairs), jobs.c.state == JobState.RUNNING)


def _end(state: JobState) -> Update:
    dedup = jobs.c.dedup if state is JobState.UNKNOWN else FREED
    return update(jobs).values(state=state, finished_at=now_micros(), dedup=dedup)


def _again(ending: Ending) -> Update:
    return update(jobs).values(
        state=JobState.READY,
        due_at=now_micros() + ending.again // MICROSECOND,
        attempts=jobs.c.attempts - int(not ending.counted),
        detail=ending.detail,
    )
