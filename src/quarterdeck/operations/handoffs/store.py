"""Hand-offs in SQL; what was open is kept as JSON."""

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Integer,
    Row,
    String,
    Table,
    Text,
    UniqueConstraint,
    func,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from quarterdeck.kernel.clock import instant, micros
from quarterdeck.kernel.db import metadata
from quarterdeck.kernel.work import Tenants
from quarterdeck.operations.handoffs.model.handoff import Handoff, Matters, Turn
from quarterdeck.operations.oncall.model.hours import Span

handoffs = Table(
    "operations_handoff",
    metadata,
    Column("tenant", String, primary_key=True),
    Column("id", String, primary_key=True),
    Column("schedule", String, nullable=False),
    Column("turns_at", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
    Column("giver", String, nullable=False),
    Column("taker", String, nullable=False),
    Column("text", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("by", String, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("taken_by", String, nullable=False),
    Column("taken_at", BigInteger),
    Column("found", Text),
    UniqueConstraint("tenant", "schedule", "turns_at"),
)


def newest(
    db: Connection, tenants: Tenants, schedule: str, *, before: datetime | None = None, limit: int
) -> list[Handoff]:
    """The hand-offs of a schedule, the latest turn first; those of turns ``before`` one."""
    query = select(handoffs).where(*_of(tenants, schedule))
    if before is not None:
        query = query.where(handoffs.c.turns_at < micros(before))
    rows = db.execute(query.order_by(handoffs.c.turns_at.desc()).limit(limit))
    return [_handoff(row) for row in rows]


def waiting(db: Connection, tenants: Tenants, limit: int) -> list[Handoff]:
    """Of each schedule the hand-off of the latest turn, where nobody took it over."""
    latest = (
        select(handoffs.c.tenant, handoffs.c.schedule, func.max(handoffs.c.turns_at).label("last"))
        .where(tenants.clause(handoffs.c.tenant))
        .group_by(handoffs.c.tenant, handoffs.c.schedule)
        .subquery()
    )
    same = (
        (handoffs.c.tenant == latest.c.tenant)
        & (handoffs.c.schedule == latest.c.schedule)
        & (handoffs.c.turns_at == latest.c.last)
    )
    query = select(handoffs).join(latest, same).where(handoffs.c.taken_at.is_(None))
    order = (handoffs.c.turns_at, handoffs.c.tenant, handoffs.c.schedule)
    return [_handoff(row) for row in db.execute(query.order_by(*order).limit(limit))]


def of_id(db: Connection, tenants: Tenants, schedule: str, handoff: str) -> Handoff | None:
    """One hand-off of a schedule, if it is there."""
    query = select(handoffs).where(*_of(tenants, schedule), handoffs.c.id == handoff)
    row = db.execute(query).one_or_none()
    return None if row is None else _handoff(row)


def at_turn(db: Connection, tenants: Tenants, schedule: str, at: datetime) -> Handoff | None:
    """The hand-off of a turn, if a note was left."""
    query = select(handoffs).where(*_of(tenants, schedule), handoffs.c.turns_at == micros(at))
    row = db.execute(query).one_or_none()
    return None if row is None else _handoff(row)


def add(db: Connection, made: Handoff) -> bool:
    """Keep the first note of a turn; False if somebody else did just now."""
    insert = sqlite.insert if db.dialect.name == "sqlite" else postgresql.insert
    row = insert(handoffs).values(_row(made)).on_conflict_do_nothing()
    return db.execute(row.returning(handoffs.c.id)).one_or_none() is not None


def change(db: Connection, tenants: Tenants, old: Handoff, new: Handoff) -> bool:
    """Have ``new`` be in place of ``old``; False if that is no more, or was taken over."""
    here = (*_of(tenants, old.schedule), handoffs.c.id == old.id)
    same = (handoffs.c.version == old.version, handoffs.c.taken_at.is_(None))
    return db.execute(update(handoffs).where(*here, *same).values(_row(new))).rowcount == 1


def _of(tenants: Tenants, schedule: str) -> tuple[Any, Any]:
    return tenants.clause(handoffs.c.tenant), handoffs.c.schedule == schedule


def _row(one: Handoff) -> dict[str, Any]:
    return {
        "tenant": one.tenant,
        "id": one.id,
        "schedule": one.schedule,
        "turns_at": micros(one.turn.span.start),
        "until": micros(one.turn.span.end),
        "giver": one.turn.giver,
        "taker": one.turn.taker,
        "text": one.text,
        "version": one.version,
        "by": one.by,
        "at": micros(one.at),
        "taken_by": one.taken_by,
        "taken_at": None if one.taken_at is None else micros(one.taken_at),
        "found": None if one.found is None else msgspec.json.encode(one.found).decode(),
    }


def _handoff(row: Row[Any]) -> Handoff:
    span = Span(instant(row.turns_at), instant(row.until))
    return Handoff(
        id=row.id,
        tenant=row.tenant,
        schedule=row.schedule,
        turn=Turn(span=span, giver=row.giver, taker=row.taker),
        text=row.text,
        version=row.version,
        by=row.by,
        at=instant(row.at),
        taken_by=row.taken_by,
        taken_at=None if row.taken_at is None else instant(row.taken_at),
        found=None if row.found is None else msgspec.json.decode(row.found, type=Matters),
    )
