"""Erasures in SQL."""

from dataclasses import asdict
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Row,
    String,
    Table,
    Text,
    insert,
    select,
    update,
)

from quarterdeck.kernel.db import metadata
from quarterdeck.kernel.work import Tenants
from quarterdeck.trail.erasure.model import Erasure, State

erasures = Table(
    "trail_erasure",
    metadata,
    Column("id", String, primary_key=True),
    Column("tenant", String, nullable=False, index=True),
    Column("subject", Text, nullable=False),
    Column("tag", String, nullable=False),
    Column("reason", Text, nullable=False),
    Column("state", String, nullable=False),
    Column("requested_by", String, nullable=False),
    Column("requested_at", BigInteger, nullable=False),
    Column("approved_by", String, nullable=False),
    Column("approved_at", BigInteger),
    Column("done_at", BigInteger),
    Column("keys", BigInteger, nullable=False),
    Column("records", BigInteger, nullable=False),
    Column("detail", Text, nullable=False),
    Column("certificate", Text, nullable=False),
)


def add(db: Connection, erasure: Erasure) -> None:
    """Insert a request."""
    db.execute(insert(erasures).values(asdict(erasure) | {"state": str(erasure.state)}))


def of_tenants(db: Connection, among: Tenants) -> list[Erasure]:
    """Every erasure of these tenants, newest first."""
    query = select(erasures).where(among.clause(erasures.c.tenant))
    ordered = query.order_by(erasures.c.requested_at.desc(), erasures.c.id.desc())
    return [_erasure(row) for row in db.execute(ordered)]


def one(db: Connection, among: Tenants, erasure: str) -> Erasure | None:
    """The erasure of this id."""
    query = select(erasures).where(among.clause(erasures.c.tenant), erasures.c.id == erasure)
    row = db.execute(query).one_or_none()
    return None if row is None else _erasure(row)


def change(db: Connection, among: Tenants, old: State, new: Erasure) -> bool:
    """Replace an erasure whose state is ``old``; False if it is not any more."""
    here = (
        among.clause(erasures.c.tenant),
        erasures.c.id == new.id,
        erasures.c.state == str(old),
    )
    values = asdict(new) | {"state": str(new.state)}
    return db.execute(update(erasures).where(*here).values(values)).rowcount == 1


def _erasure(row: Row[Any]) -> Erasure:
    return Erasure(**row._asdict() | {"state": State(row.state)})
