"""The queue: enqueue, claim, renew, settle. Every statement runs on SQLite and PostgreSQL.

A lease is judged by the database's clock, and every write of a run is fenced: a worker
that slept past its lease finds its fence outgrown, and changes nothing.

Statements are built once: building one costs ten times what running it does.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Integer,
    Row,
    Select,
    Update,
    and_,
    bindparam,
    case,
    false,
    func,
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

Kinds = tuple[tuple[str, int], ...]
COLUMNS = [c for c in jobs.c if c.name not in ("dedup", "once", "worker")]
FREED = case((jobs.c.once, jobs.c.dedup), else_=null())  # the key of a job that has ended

NEW = {name: bindparam(name) for name in ("id", "kind", "version", "tenant", "body", "actor")} | {
    "request": bindparam("request"),
    "dedup": bindparam("dedup"),
    "once": bindparam("once"),
    "created_at": bindparam("created_at"),
    "state": JobState.READY,
    "due_at": func.coalesce(bindparam("due_at", type_=BigInteger), now_micros()),
}
# RETURNING, for SQLAlchemy keeps no rowcount of an INSERT on PostgreSQL.
ADD = {
    "sqlite": sqlite.insert(jobs).values(NEW).on_conflict_do_nothing().returning(jobs.c.id),
    "postgresql": postgresql.insert(jobs).values(NEW).on_conflict_do_nothing().returning(jobs.c.id),
}
BEARER = select(jobs.c.id).where(jobs.c.dedup == bindparam("dedup"))

LEASED = now_micros() + bindparam("lease", type_=BigInteger)
HELD = update(jobs).where(
    jobs.c.id == bindparam("job"),
    jobs.c.fence == bindparam("held"),
    jobs.c.state == JobState.RUNNING,
)
PROGRESS = HELD.values(
    due_at=LEASED,
    done=bindparam("done"),
    total=bindparam("total"),
    unit=bindparam("unit"),
).returning(jobs.c.cancel)
END = HELD.values(
    state=bindparam("state"),
    detail=bindparam("detail"),
    finished_at=now_micros(),
    dedup=case((bindparam("state") == JobState.UNKNOWN, jobs.c.dedup), else_=FREED),
)
AGAIN = HELD.values(
    state=JobState.READY,
    detail=bindparam("detail"),
    due_at=now_micros() + bindparam("again", type_=BigInteger),
    attempts=jobs.c.attempts - bindparam("uncounted", type_=Integer),
)

ALL_HELD = and_(
    tuple_(jobs.c.id, jobs.c.fence).in_(bindparam("pairs", expanding=True)),
    jobs.c.state == JobState.RUNNING,
)
HOLD = update(jobs).where(ALL_HELD).values(due_at=LEASED).returning(jobs.c.id)
FREE = select(jobs.c.id).where(ALL_HELD).with_for_update(skip_locked=True).cte("free")
RENEW = update(jobs).where(jobs.c.id.in_(select(FREE.c.id))).values(due_at=LEASED)
STILL = select(jobs.c.id, jobs.c.cancel).where(ALL_HELD)
ALL_DONE = (
    update(jobs).where(ALL_HELD).values(state=JobState.DONE, finished_at=now_micros(), dedup=FREED)
)
KEEP = insert(steps).values(state="done", at=now_micros())


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
    row = _row(now, new)
    while True:
        job = db.scalar(ADD[db.dialect.name], row)
        if job is None:  # that other job may end between the two, and give up its key
            job = db.scalar(BEARER, {"dedup": new.dedup})
        if job is not None:
            return JobId(job)


def due(db: Connection, kinds: Mapping[str, int]) -> bool:
    """Whether ``claim`` would find a job now. Writes nothing."""
    return db.scalar(_due(tuple(kinds.items()))) is not None


def claim(
    db: Connection, kinds: Mapping[str, int], worker: str, lease: timedelta, limit: int
) -> list[Job]:
    """Take up to ``limit`` due jobs, oldest first: new ones, and any whose lease ran out.

    ``kinds`` maps each kind to the newest body version that the caller understands.
    """
    wish = {"worker": worker, "lease": lease // MICROSECOND, "most": limit}
    taken = db.execute(_claim(tuple(kinds.items())), wish)
    return sorted((job_of(row) for row in taken), key=lambda job: job.id)


def renew(db: Connection, held: Sequence[Job], lease: timedelta) -> dict[JobId, bool]:
    """Prolong the leases of ``held``: the ids still held, each with whether to cancel it.

    It waits for none of their transactions: a job whose row is locked by its own run
    cannot be taken over meanwhile, and must not cost the others their leases.
    """
    if not held:
        return {}
    db.execute(RENEW, {"pairs": _pairs(held), "lease": lease // MICROSECOND})
    return {JobId(row.id): row.cancel for row in db.execute(STILL, {"pairs": _pairs(held)})}


def hold(db: Connection, held: Sequence[Job], lease: timedelta) -> set[JobId]:
    """Prolong the leases of those of ``held`` that are; locks their rows until the end."""
    wish = {"pairs": _pairs(held), "lease": lease // MICROSECOND}
    return {JobId(job) for job in db.scalars(HOLD, wish)}


def progress(
    db: Connection, job: Job, lease: timedelta, done: int, total: int, unit: str
) -> bool | None:
    """As ``hold`` of one, and say how far it is: whether to cancel it; None if it is not held."""
    wish = {"job": job.id, "held": job.fence, "lease": lease // MICROSECOND}
    cancel: bool | None = db.scalar(PROGRESS, wish | {"done": done, "total": total, "unit": unit})
    return cancel


def settle(db: Connection, endings: Sequence[Ending]) -> None:
    """Write how runs ended. One that was taken over meanwhile is passed by: it is not ours."""
    done = [ending.job for ending in endings if ending.state is JobState.DONE]
    if done:
        db.execute(ALL_DONE, {"pairs": _pairs(done)})
    for ending in endings:
        if ending.state is not JobState.DONE and _settle_one(db, ending):
            keep(db, ending.job, ending.kept)


def keep(db: Connection, job: Job, outcomes: Mapping[str, str]) -> None:
    """Put outcomes (JSON) of keyed steps in the journal of a job that is held."""
    if outcomes:
        db.execute(KEEP, [{"job": job.id, "name": n, "outcome": o} for n, o in outcomes.items()])


def job_of(row: Row[Any]) -> Job:
    """A row of ``COLUMNS`` as a value."""
    fields = row._asdict() | {"body": json.loads(row.body), "state": JobState(row.state)}
    for name in ("created_at", "started_at", "finished_at", "due_at"):
        fields[name] = None if fields[name] is None else instant(fields[name])
    return Job(**fields)


def _settle_one(db: Connection, ending: Ending) -> bool:
    wish: dict[str, Any] = {"job": ending.job.id, "held": ending.job.fence, "detail": ending.detail}
    if ending.state is JobState.READY:
        pause = {"again": ending.again // MICROSECOND, "uncounted": int(not ending.counted)}
        return db.execute(AGAIN, wish | pause).rowcount == 1
    return db.execute(END, wish | {"state": ending.state}).rowcount == 1


def _row(now: datetime, new: NewJob) -> dict[str, Any]:
    return {
        "id": uuid7(now),
        "kind": new.kind,
        "version": new.version,
        "tenant": new.tenant,
        "body": json.dumps(new.body),
        "actor": new.actor,
        "request": new.request,
        "dedup": new.dedup,
        "once": new.once,
        "due_at": None if new.due_at is None else micros(new.due_at),
        "created_at": micros(now),
    }


@lru_cache
def _due(kinds: Kinds) -> Select[tuple[str]]:
    return select(jobs.c.id).where(_claimable(kinds)).limit(1)


@lru_cache
def _claim(kinds: Kinds) -> Update:
    takeable = (
        select(jobs.c.id)
        .where(_claimable(kinds))
        .order_by(jobs.c.due_at, jobs.c.id)
        .limit(bindparam("most", type_=Integer))
        .with_for_update(skip_locked=True)
        .cte("takeable")
    )
    take = update(jobs).where(jobs.c.id.in_(select(takeable.c.id)))
    first = case((jobs.c.started_at.is_(None), now_micros()), else_=jobs.c.started_at)
    return take.values(
        state=JobState.RUNNING,
        worker=bindparam("worker"),
        due_at=LEASED,
        attempts=jobs.c.attempts + 1,
        fence=jobs.c.fence + 1,
        started_at=first,
    ).returning(*COLUMNS)


def _claimable(kinds: Kinds) -> ColumnElement[bool]:
    # A body newer than the kind understands waits for a worker that does.
    known = [and_(jobs.c.kind == kind, jobs.c.version <= newest) for kind, newest in kinds]
    takeable = jobs.c.state.in_([JobState.READY, JobState.RUNNING])
    return and_(takeable, jobs.c.due_at <= now_micros(), or_(false(), *known))


def _pairs(held: Sequence[Job]) -> list[tuple[str, int]]:
    return [(job.id, job.fence) for job in held]
