"""Silences in SQL."""

import json
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    Row,
    String,
    Table,
    Text,
    func,
    insert,
    select,
    update,
)

from quarterdeck.kernel.clock import instant, micros
from quarterdeck.kernel.db import metadata
from quarterdeck.kernel.work import Tenants
from quarterdeck.operations.silences.matchers import Matcher, Operator
from quarterdeck.operations.silences.model import Silence

silences = Table(
    "operations_silence",
    metadata,
    Column("id", String, primary_key=True),
    Column("tenant", String, nullable=False),
    Column("matchers", Text, nullable=False),  # [[name, operator, value], ...]
    Column("starts_at", BigInteger, nullable=False),
    Column("ends_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("created_by", String, nullable=False),
    Column("comment", Text, nullable=False),
    Column("actor", String, nullable=False),
    Index("operations_silence_tenant", "tenant", "ends_at"),
)


def add(db: Connection, silence: Silence) -> None:
    """Keep a new silence."""
    db.execute(insert(silences).values(_row(silence)))


def change(db: Connection, tenants: Tenants, silence: Silence) -> None:
    """Write what became of a silence."""
    mine = (silences.c.id == silence.id, tenants.clause(silences.c.tenant))
    db.execute(update(silences).where(*mine).values(_row(silence)))


def of_id(db: Connection, tenants: Tenants, silence: str) -> Silence | None:
    """One silence, if it is there."""
    query = select(silences).where(silences.c.id == silence, tenants.clause(silences.c.tenant))
    row = db.execute(query).one_or_none()
    return None if row is None else _silence(row)


def after(db: Connection, tenants: Tenants, ends_after: datetime, limit: int) -> list[Silence]:
    """Silences that end after an instant, the one that ends last first."""
    query = (
        select(silences)
        .where(tenants.clause(silences.c.tenant), silences.c.ends_at > micros(ends_after))
        .order_by(silences.c.ends_at.desc(), silences.c.id)
        .limit(limit)
    )
    return [_silence(row) for row in db.execute(query)]


def count(db: Connection, tenants: Tenants, now: datetime) -> int:
    """How many hold or will."""
    mine = (tenants.clause(silences.c.tenant), silences.c.ends_at > micros(now))
    return db.scalars(select(func.count()).select_from(silences).where(*mine)).one()


def _row(silence: Silence) -> dict[str, Any]:
    return {
        "id": silence.id,
        "tenant": silence.tenant,
        "matchers": json.dumps([[m.name, m.operator.value, m.value] for m in silence.matchers]),
        "starts_at": micros(silence.starts_at),
        "ends_at": micros(silence.ends_at),
        "updated_at": micros(silence.updated_at),
        "created_by": silence.created_by,
        "comment": silence.comment,
        "actor": silence.actor,
    }


def _silence(row: Row[Any]) -> Silence:
    found = json.loads(row.matchers)
    return Silence(
        id=row.id,
        tenant=row.tenant,
        matchers=tuple(Matcher(name, Operator(how), value) for name, how, value in found),
        starts_at=instant(row.starts_at),
        ends_at=instant(row.ends_at),
        updated_at=instant(row.updated_at),
        created_by=row.created_by,
        comment=row.comment,
        actor=row.actor,
    )
