"""Audiences in SQL, each kept as JSON."""

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
    func,
    select,
)

from quarterdeck.kernel import versions
from quarterdeck.kernel.clock import instant, micros
from quarterdeck.kernel.db import metadata
from quarterdeck.kernel.work import Tenants
from quarterdeck.operations.audiences.model import Audience, Kept

audiences = Table(
    "operations_audience",
    metadata,
    Column("tenant", String, primary_key=True),
    Column("name", String, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("spec", Text, nullable=False),
    Column("by", String, nullable=False),
    Column("at", BigInteger, nullable=False),
)


def listed(
    db: Connection, tenants: Tenants, *, after: tuple[str, str] = ("", ""), limit: int
) -> list[Kept]:
    """The next audiences by tenant and name, after one."""
    query = versions.after(tenants, audiences, after, limit)
    return [_kept(row) for row in db.execute(query)]


def of_name(db: Connection, tenants: Tenants, name: str) -> Kept | None:
    """One audience, if it is there."""
    row = versions.of_name(db, tenants, audiences, name)
    return None if row is None else _kept(row)


def count(db: Connection, tenants: Tenants) -> int:
    """How many there are."""
    return versions.count(db, tenants, audiences)


def counts(db: Connection, tenants: Tenants) -> dict[str, int]:
    """How many there are, by tenant."""
    c = audiences.c.tenant
    query = select(c, func.count()).where(tenants.clause(c)).group_by(c)
    return {row[0]: row[1] for row in db.execute(query)}


def put(db: Connection, tenants: Tenants, made: Kept) -> bool:
    """Keep an audience at its version; False if it is not at the one before."""
    return versions.put(db, tenants, audiences, _row(made))


def remove(db: Connection, tenants: Tenants, name: str, version: int) -> bool:
    """Take an audience out; False if it is not there at that version."""
    return versions.remove(db, tenants, audiences.c.name, name, version)


def _row(made: Kept) -> dict[str, Any]:
    return {
        "tenant": made.tenant,
        "name": made.audience.name,
        "version": made.version,
        "spec": msgspec.json.encode(made.audience).decode(),
        "by": made.by,
        "at": micros(made.at),
    }


def _kept(row: Row[Any]) -> Kept:
    return Kept(
        tenant=row.tenant,
        version=row.version,
        by=row.by,
        at=instant(row.at),
        audience=msgspec.json.decode(row.spec, type=Audience),
    )
