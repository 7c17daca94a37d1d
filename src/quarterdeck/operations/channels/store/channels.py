"""Channels in SQL."""

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
from quarterdeck.operations.channels.model.channel import Channel, Kept, Kind

channels = Table(
    "operations_channel",
    metadata,
    Column("tenant", String, primary_key=True),
    Column("name", String, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("kind", String, nullable=False),
    Column("spec", Text, nullable=False),
    Column("sealed", Text, nullable=False),
    Column("by", String, nullable=False),
    Column("at", BigInteger, nullable=False),
)


def listed(
    db: Connection, tenants: Tenants, *, after: tuple[str, str] = ("", ""), limit: int
) -> list[Kept]:
    """The next channels by tenant and name, after one."""
    query = versions.after(tenants, channels, after, limit)
    return [_kept(row) for row in db.execute(query)]


def of_name(db: Connection, tenants: Tenants, name: str) -> Kept | None:
    """One channel, if it is there."""
    row = versions.of_name(db, tenants, channels, name)
    return None if row is None else _kept(row)


def everywhere(db: Connection, kind: Kind) -> list[Kept]:
    """Channels of every tenant that go out by ``kind``."""
    query = select(channels).where(channels.c.kind == kind.value)
    return [_kept(row) for row in db.execute(query.order_by(channels.c.tenant, channels.c.name))]


def count(db: Connection, tenants: Tenants) -> int:
    """How many channels there are."""
    return versions.count(db, tenants, channels)


def put(db: Connection, tenants: Tenants, made: Kept) -> bool:
    """Keep a channel at its version; False if it is not at the one before."""
    return versions.put(db, tenants, channels, _row(made))


def remove(db: Connection, tenants: Tenants, name: str, version: int) -> bool:
    """Take a channel away; False if it is not there at that version."""
    return versions.remove(db, tenants, channels.c.name, name, version)


def _row(made: Kept) -> dict[str, Any]:
    return {
        "tenant": made.tenant,
        "name": made.channel.name,
        "version": made.version,
        "kind": made.channel.kind.value,
        "spec": msgspec.json.encode(made.channel).decode(),
        "sealed": made.sealed,
        "by": made.by,
        "at": micros(made.at),
    }


def _kept(row: Row[Any]) -> Kept:
    return Kept(
        tenant=row.tenant,
        version=row.version,
        by=row.by,
        at=instant(row.at),
        channel=msgspec.json.decode(row.spec, type=Channel),
        sealed=row.sealed,
    )
