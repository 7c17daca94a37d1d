"""Ladders in SQL: one a tenant, as JSON."""

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
    select,
)

from quarterdeck.kernel import versions
from quarterdeck.kernel.clock import instant, micros
from quarterdeck.kernel.db import metadata
from quarterdeck.kernel.work import Tenants
from quarterdeck.operations.severities.model import Kept, Ladder

ladders = Table(
    "operations_ladder",
    metadata,
    Column("tenant", String, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("spec", Text, nullable=False),
    Column("by", String, nullable=False),
    Column("at", BigInteger, nullable=False),
)


def listed(db: Connection, tenants: Tenants) -> list[Kept]:
    """Every ladder of these tenants, by tenant."""
    query = select(ladders).where(tenants.clause(ladders.c.tenant)).order_by(ladders.c.tenant)
    return [_kept(row) for row in db.execute(query)]


def put(db: Connection, tenants: Tenants, made: Kept) -> bool:
    """Keep a ladder at its version; False if the one before is not the last."""
    row = {
        "tenant": made.tenant,
        "version": made.version,
        "spec": msgspec.json.encode(made.ladder).decode(),
        "by": made.by,
        "at": None if made.at is None else micros(made.at),
    }
    return versions.put(db, tenants, ladders, row)


def _kept(row: Row[Any]) -> Kept:
    return Kept(
        tenant=row.tenant,
        version=row.version,
        by=row.by,
        at=instant(row.at),
        ladder=msgspec.json.decode(row.spec, type=Ladder),
    )
