"""Schedules: what runs when, without a leader.

A tick moves the schedule on by a guarded update and enqueues its job, in one
transaction; of many workers that see the same tick, one succeeds.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, Row, String, Table, Text, select, update
from sqlalchemy import delete as sql_delete
from sqlalchemy.dialects import postgresql, sqlite

from quarterdeck.kernel.clock import MICROSECOND, instant, micros
from quarterdeck.kernel.db import metadata
from quarterdeck.kernel.errors import Invalid
from quarterdeck.kernel.jobs.model import NewJob
from quarterdeck.kernel.jobs.queue import enqueue
from quarterdeck.kernel.work import Tenants

schedules = Table(
    "kernel_schedule",
    metadata,
    Column("name", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("tenant", String, nullable=False),
    Column("body", Text, nullable=False),
    Column("every", BigInteger, nullable=False),
    Column("dedup", String, nullable=False),
    Column("next_due", BigInteger, nullable=False, index=True),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """A job to enqueue again and again.

    Attributes:
        dedup: while a live job bears this key, a tick adds no other; "" is the name.
    """

    name: str
    kind: str
    tenant: str
    every: timedelta
    dedup: str = ""
    body: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.every < MICROSECOND:
            raise Invalid(f"schedule {self.name} must have an interval longer than nothing")


def put(db: Connection, now: datetime, schedule: Schedule) -> None:
    """Begin ``schedule``, first due now; or change it, due at most one new interval from now."""
    insert = sqlite.insert if db.dialect.name == "sqlite" else postgresql.insert
    values = {
        "kind": schedule.kind,
        "tenant": schedule.tenant,
        "body": json.dumps(schedule.body),
        "every": schedule.every // MICROSECOND,
        "dedup": schedule.dedup or f"schedule:{schedule.name}",
    }
    changed = update(schedules).where(schedules.c.name == schedule.name).values(values)
    if db.execute(changed).rowcount:
        latest = micros(now + schedule.every)
        sooner = (schedules.c.name == schedule.name, schedules.c.next_due > latest)
        db.execute(update(schedules).where(*sooner).values(next_due=latest))
        return
    row = {"name": schedule.name, "next_due": micros(now)} | values
    db.execute(insert(schedules).values(row).on_conflict_do_nothing())


def reset(db: Connection, schedule: Schedule, due: datetime) -> None:
    """Begin or change ``schedule``, next due at ``due`` whatever it was."""
    put(db, due, schedule)
    mine = schedules.c.name == schedule.name
    db.execute(update(schedules).where(mine).values(next_due=micros(due)))


def drop(db: Connection, name: str) -> None:
    """End a schedule; one that is not there is ended already."""
    db.execute(sql_delete(schedules).where(schedules.c.name == name))


def of_tenants(db: Connection, tenants: Tenants) -> list[tuple[Schedule, datetime]]:
    """Schedules, each with the instant it is next due."""
    query = select(schedules).where(tenants.clause(schedules.c.tenant)).order_by(schedules.c.name)
    return [(_schedule(row), instant(row.next_due)) for row in db.execute(query)]


def overdue(db: Connection, now: datetime) -> Sequence[Row[Any]]:
    """Schedules that are due, for ``tick``. Writes nothing."""
    return db.execute(select(schedules).where(schedules.c.next_due <= micros(now))).all()


def tick(db: Connection, now: datetime, row: Row[Any]) -> bool:
    """Enqueue the job of one overdue schedule; False if another worker did.

    Ticks missed while nobody ran are made up for by one job, not by many.
    """
    missed = (micros(now) - row.next_due) // row.every
    following = row.next_due + (missed + 1) * row.every
    mine = (schedules.c.name == row.name, schedules.c.next_due == row.next_due)
    if db.execute(update(schedules).where(*mine).values(next_due=following)).rowcount != 1:
        return False
    body = json.loads(row.body)
    enqueue(db, now, NewJob(kind=row.kind, tenant=row.tenant, body=body, dedup=row.dedup))
    return True


def _schedule(row: Row[Any]) -> Schedule:
    return Schedule(
        name=row.name,
        kind=row.kind,
        tenant=row.tenant,
        every=row.every * MICROSECOND,
        dedup=row.dedup,
        body=json.loads(row.body),
    )
