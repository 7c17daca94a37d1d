"""Changes and freezes in SQL."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Index,
    Row,
    String,
    Table,
    Text,
    false,
    insert,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from quarterdeck.kernel.clock import instant, micros
from quarterdeck.kernel.db import metadata
from quarterdeck.kernel.ids import PLATFORM, TenantId
from quarterdeck.kernel.work import Tenants
from quarterdeck.operations.changes.model import Asked, Change, ChangeKind, Freeze, Level

IN_FORCE = text("ended_at IS NULL")

changes = Table(
    "operations_change",
    metadata,
    Column("id", String, primary_key=True),
    Column("tenant", String, nullable=False),
    Column("environment", String, nullable=False),
    Column("service", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("title", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("link", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("by", Text, nullable=False),
    Column("source", String, nullable=False),
    Index("operations_change_tenant", "tenant", "at"),
)

freezes = Table(
    "operations_freeze",
    metadata,
    Column("id", String, primary_key=True),
    Column("tenant", String, nullable=False),
    Column("key", String, nullable=False),
    Column("environment", String, nullable=False),
    Column("level", String, nullable=False),
    Column("reason", Text, nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("until", BigInteger),
    Column("by", String, nullable=False),
    Column("source", String, nullable=False),
    Column("ended_at", BigInteger),
    Column("ended_by", String, nullable=False),
    # A cause that is heard of twice freezes once.
    Index(
        "operations_freeze_key",
        "tenant",
        "key",
        unique=True,
        sqlite_where=IN_FORCE,
        postgresql_where=IN_FORCE,
    ),
)


def add(db: Connection, change: Change) -> None:
    """Keep a change."""
    db.execute(
        insert(changes).values(
            id=change.id,
            tenant=change.tenant,
            environment=change.environment,
            service=change.service,
            kind=change.kind.value,
            title=change.title,
            version=change.version,
            link=change.link,
            at=micros(change.at),
            by=change.by,
            source=change.source,
        )
    )


def newest(
    db: Connection,
    tenants: Tenants,
    asked: Asked,
    *,
    before: tuple[int, str] | None = None,
    limit: int,
) -> list[Change]:
    """The next ``limit`` changes that are asked for, newest first, before the key ``before``.

    What is about no single environment or service counts for each.
    """
    c = changes.c
    span = (c.at >= micros(asked.since), c.at <= micros(asked.until))
    query = select(changes).where(tenants.clause(c.tenant), *span)
    if asked.environment:
        query = query.where(c.environment.in_(["", asked.environment]))
    if asked.service:
        query = query.where(c.service.in_(["", asked.service]))
    if asked.kind:
        query = query.where(c.kind == asked.kind)
    if before:
        at, last = before
        query = query.where(or_(c.at < at, (c.at == at) & (c.id < last)))
    query = query.order_by(c.at.desc(), c.id.desc()).limit(limit)
    return [_change(row) for row in db.execute(query)]


def within(
    db: Connection, tenants: Tenants, spans: Sequence[tuple[datetime, datetime]], limit: int
) -> list[Change]:
    """The newest ``limit`` changes in any of ``spans``, newest first."""
    at = changes.c.at
    inside = or_(false(), *(at.between(micros(since), micros(until)) for since, until in spans))
    query = select(changes).where(tenants.clause(changes.c.tenant), inside)
    rows = db.execute(query.order_by(at.desc(), changes.c.id.desc()).limit(limit))
    return [_change(row) for row in rows]


def freeze(db: Connection, one: Freeze) -> bool:
    """Put a freeze in force; False if one under its key is."""
    put_new = sqlite.insert if db.dialect.name == "sqlite" else postgresql.insert
    row = put_new(freezes).values(
        id=one.id,
        tenant=one.tenant,
        key=one.key,
        environment=one.environment,
        level=one.level.value,
        reason=one.reason,
        since=micros(one.since),
        until=None if one.until is None else micros(one.until),
        by=one.by,
        source=one.source,
        ended_by="",
    )
    return db.scalar(row.on_conflict_do_nothing().returning(freezes.c.id)) is not None


def in_force(db: Connection, tenants: Tenants, now: datetime) -> list[Freeze]:
    """Every freeze that refuses something now, newest first, the platform's too."""
    lasts = or_(freezes.c.until.is_(None), freezes.c.until > micros(now))
    query = select(freezes).where(_seen(tenants), freezes.c.ended_at.is_(None), lasts)
    return [_freeze(row) for row in db.execute(query.order_by(freezes.c.id.desc()))]


def all_freezes(db: Connection, tenants: Tenants, limit: int) -> list[Freeze]:
    """The newest freezes, the platform's and those that are over too."""
    query = select(freezes).where(_seen(tenants)).order_by(freezes.c.id.desc()).limit(limit)
    return [_freeze(row) for row in db.execute(query)]


def _seen(tenants: Tenants) -> ColumnElement[bool]:
    return or_(tenants.clause(freezes.c.tenant), freezes.c.tenant == PLATFORM)


def of_id(db: Connection, tenants: Tenants, freeze_id: str) -> Freeze | None:
    """One freeze, if it is there."""
    query = select(freezes).where(freezes.c.id == freeze_id, tenants.clause(freezes.c.tenant))
    row = db.execute(query).one_or_none()
    return None if row is None else _freeze(row)


def of_key(db: Connection, tenants: Tenants, key: str) -> Freeze | None:
    """The freeze that is in force under a key, if one is."""
    mine = (freezes.c.key == key, freezes.c.ended_at.is_(None), tenants.clause(freezes.c.tenant))
    row = db.execute(select(freezes).where(*mine)).one_or_none()
    return None if row is None else _freeze(row)


def thaw(db: Connection, tenants: Tenants, freeze_id: str, at: datetime, by: str) -> bool:
    """End a freeze; False if it is over already."""
    mine = (
        freezes.c.id == freeze_id,
        freezes.c.ended_at.is_(None),
        tenants.clause(freezes.c.tenant),
    )
    values = {"ended_at": micros(at), "ended_by": by}
    return db.execute(update(freezes).where(*mine).values(values)).rowcount == 1


def _change(row: Row[Any]) -> Change:
    return Change(
        id=row.id,
        tenant=TenantId(row.tenant),
        kind=ChangeKind(row.kind),
        title=row.title,
        at=instant(row.at),
        environment=row.environment,
        service=row.service,
        version=row.version,
        link=row.link,
        by=row.by,
        source=row.source,
    )


def _freeze(row: Row[Any]) -> Freeze:
    return Freeze(
        id=row.id,
        tenant=TenantId(row.tenant),
        key=row.key,
        level=Level(row.level),
        reason=row.reason,
        since=instant(row.since),
        environment=row.environment,
        until=None if row.until is None else instant(row.until),
        by=row.by,
        source=row.source,
        ended_at=None if row.ended_at is None else instant(row.ended_at),
        ended_by=row.ended_by,
    )
