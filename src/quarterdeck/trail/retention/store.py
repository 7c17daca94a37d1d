"""Purges in SQL: what was announced, and what was done."""

import json
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
from quarterdeck.trail.retention.model import Purge, PurgeState

purges = Table(
    "trail_purge",
    metadata,
    Column("id", String, primary_key=True),
    Column("tenant", String, nullable=False, index=True),
    Column("state", String, nullable=False),
    Column("event", String, nullable=False),
    Column("ranges", Text, nullable=False),
    Column("policy", String, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
)


def add(db: Connection, purge: Purge) -> None:
    """Insert a purge."""
    db.execute(
        insert(purges).values(
            id=purge.id,
            tenant=purge.tenant,
            state=str(purge.state),
            event=purge.event,
            ranges=json.dumps(purge.ranges),
            policy=purge.policy,
            due_at=purge.due_at,
            at=purge.at,
        )
    )


def done(db: Connection, among: Tenants, purge: str) -> bool:
    """Say that it is done; False if that was known."""
    here = (
        among.clause(purges.c.tenant),
        purges.c.id == purge,
        purges.c.state == str(PurgeState.ANNOUNCED),
    )
    return db.execute(update(purges).where(*here).values(state=str(PurgeState.DONE))).rowcount == 1


def cleared(db: Connection, among: Tenants, purge: str) -> bool:
    """Say that its copies are gone too; False if that was known."""
    here = (
        among.clause(purges.c.tenant),
        purges.c.id == purge,
        purges.c.state == str(PurgeState.DONE),
    )
    write = update(purges).where(*here).values(state=str(PurgeState.CLEARED))
    return db.execute(write).rowcount == 1


def tenants_done(db: Connection) -> list[str]:
    """Whose purges left copies that are locked, or were."""
    query = select(purges.c.tenant).where(purges.c.state == str(PurgeState.DONE)).distinct()
    return list(db.scalars(query.order_by(purges.c.tenant)))


def of_tenants(db: Connection, among: Tenants, state: PurgeState | None = None) -> list[Purge]:
    """Purges of these tenants, newest first."""
    query = select(purges).where(among.clause(purges.c.tenant))
    if state is not None:
        query = query.where(purges.c.state == str(state))
    return [
        _purge(row) for row in db.execute(query.order_by(purges.c.at.desc(), purges.c.id.desc()))
    ]


def _purge(row: Row[Any]) -> Purge:
    return Purge(
        id=row.id,
        tenant=row.tenant,
        state=PurgeState(row.state),
        event=row.event,
        ranges=[(start, end) for start, end in json.loads(row.ranges)],
        policy=row.policy,
        due_at=row.due_at,
        at=row.at,
    )
