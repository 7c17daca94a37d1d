"""Cards in SQL, each kept as JSON."""

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
)

from quarterdeck.kernel import versions
from quarterdeck.kernel.clock import instant, micros
from quarterdeck.kernel.db import metadata
from quarterdeck.kernel.work import Tenants
from quarterdeck.operations.cards.model import Card, Kept

cards = Table(
    "operations_card",
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
    """The next cards by tenant and name, after one."""
    query = versions.after(tenants, cards, after, limit)
    return [_kept(row) for row in db.execute(query)]


def of_name(db: Connection, tenants: Tenants, name: str) -> Kept | None:
    """One card, if it is there."""
    row = versions.of_name(db, tenants, cards, name)
    return None if row is None else _kept(row)


def count(db: Connection, tenants: Tenants) -> int:
    """How many there are."""
    return versions.count(db, tenants, cards)


def put(db: Connection, tenants: Tenants, made: Kept) -> bool:
    """Keep a card at its version; False if it is not at the one before."""
    return versions.put(db, tenants, cards, _row(made))


def remove(db: Connection, tenants: Tenants, name: str, version: int) -> bool:
    """Take a card out; False if it is not there at that version."""
    return versions.remove(db, tenants, cards.c.name, name, version)


def _row(made: Kept) -> dict[str, Any]:
    return {
        "tenant": made.tenant,
        "name": made.card.name,
        "version": made.version,
        "spec": msgspec.json.encode(made.card).decode(),
        "by": made.by,
        "at": micros(made.at),
    }


def _kept(row: Row[Any]) -> Kept:
    return Kept(
        tenant=row.tenant,
        version=row.version,
        by=row.by,
        at=instant(row.at),
        card=msgspec.json.decode(row.spec, type=Card),
    )
