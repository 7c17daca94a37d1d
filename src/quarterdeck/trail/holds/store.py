"""Legal holds in SQL: one row for each version, never changed."""

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
    func,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite

from quarterdeck.kernel.db import metadata
from quarterdeck.kernel.work import Tenants
from quarterdeck.trail.holds.model import Covers, Hold, Scope, State

holds = Table(
    "trail_hold",
    metadata,
    Column("id", String, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("tenant", String, nullable=False, index=True),
    Column("covers", String, nullable=False),
    Column("value", Text, nullable=False),
    Column("since", BigInteger),
    Column("until", BigInteger),
    Column("reason", Text, nullable=False),
    Column("state", String, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("by", String, nullable=False),
)


def add(db: Connection, hold: Hold) -> bool:
    """Insert a version; False if another made that one first."""
    write = sqlite.insert if db.dialect.name == "sqlite" else postgresql.insert
    row = {
        "id": hold.id,
        "version": hold.version,
        "tenant": hold.tenant,
        "covers": str(hold.scope.covers),
        "value": hold.scope.value,
        "since": hold.scope.since,
        "until": hold.scope.until,
        "reason": hold.reason,
        "state": str(hold.state),
        "at": hold.at,
        "by": hold.by,
    }
    made = write(holds).values(row).on_conflict_do_nothing().returning(holds.c.id)
    return db.execute(made).one_or_none() is not None


def newest(db: Connection, among: Tenants) -> list[Hold]:
    """The newest version of each hold of these tenants, the last changed first."""
    last = select(func.max(holds.c.version)).where(holds.c.id == (same := holds.alias()).c.id)
    query = select(same).where(
        among.clause(same.c.tenant), same.c.version == last.correlate(same).scalar_subquery()
    )
    return [_hold(row) for row in db.execute(query.order_by(same.c.at.desc(), same.c.id.desc()))]


def begun(db: Connection, among: Tenants, like: str) -> set[str]:
    """The ids of the holds that were placed for a reason that begins so."""
    first = (holds.c.version == 1, holds.c.reason.startswith(like, autoescape=True))
    return {*db.scalars(select(holds.c.id).where(among.clause(holds.c.tenant), *first))}


def versions(db: Connection, among: Tenants, hold: str) -> list[Hold]:
    """All versions of one hold, newest first."""
    query = select(holds).where(among.clause(holds.c.tenant), holds.c.id == hold)
    return [_hold(row) for row in db.execute(query.order_by(holds.c.version.desc()))]


def _hold(row: Row[Any]) -> Hold:
    scope = Scope(covers=Covers(row.covers), value=row.value, since=row.since, until=row.until)
    return Hold(
        id=row.id,
        tenant=row.tenant,
        version=row.version,
        scope=scope,
        reason=row.reason,
        state=State(row.state),
        at=row.at,
        by=row.by,
    )
