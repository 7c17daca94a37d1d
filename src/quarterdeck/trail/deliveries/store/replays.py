"""Replays in SQL: how many messages of each tenant, and what became of them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Integer,
    Row,
    String,
    Table,
    Text,
    insert,
    select,
    update,
)

from quarterdeck.kernel.clock import instant, micros
from quarterdeck.kernel.db import metadata
from quarterdeck.kernel.work import Tenants

replays = Table(
    "trail_replay",
    metadata,
    Column("id", String, primary_key=True),
    Column("tenant", String, primary_key=True),
    Column("consumer", String, nullable=False),
    Column("actor", String, nullable=False),
    Column("filter", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("chosen", Integer, nullable=False),
    Column("succeeded", Integer, nullable=False, server_default="0"),
    Column("failed", Integer, nullable=False, server_default="0"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The share of a replay that is one tenant's."""

    id: str
    tenant: str
    consumer: str
    actor: str
    filter: str
    at: datetime
    chosen: int
    succeeded: int = 0
    failed: int = 0


def add(db: Connection, part: Part) -> None:
    """Begin a replay."""
    db.execute(insert(replays).values(**_row(part)))


def ended(db: Connection, replay: str, tenant: str, *, succeeded: bool) -> None:
    """One message more of the replay was delivered, or failed once more."""
    here = update(replays).where(replays.c.id == replay, replays.c.tenant == tenant)
    counted = replays.c.succeeded if succeeded else replays.c.failed
    db.execute(here.values({counted.name: counted + 1}))


def parts(db: Connection, among: Tenants, replay: str) -> list[Part]:
    """The shares of a replay that are these tenants'."""
    query = select(replays).where(replays.c.id == replay, among.clause(replays.c.tenant))
    return [_part(row) for row in db.execute(query.order_by(replays.c.tenant))]


def latest(db: Connection, among: Tenants, limit: int) -> list[Part]:
    """The newest shares of these tenants."""
    query = select(replays).where(among.clause(replays.c.tenant))
    query = query.order_by(replays.c.at.desc(), replays.c.id, replays.c.tenant).limit(limit)
    return [_part(row) for row in db.execute(query)]


def _row(part: Part) -> dict[str, Any]:
    return {
        "id": part.id,
        "tenant": part.tenant,
        "consumer": part.consumer,
        "actor": part.actor,
        "filter": part.filter,
        "at": micros(part.at),
        "chosen": part.chosen,
    }


def _part(row: Row[Any]) -> Part:
    return Part(**row._asdict() | {"at": instant(row.at)})
