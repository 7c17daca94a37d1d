"""Schedules in SQL, each version too."""

from collections.abc import Sequence
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
    and_,
    delete,
    func,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from quarterdeck.kernel.clock import instant, micros
from quarterdeck.kernel.db import metadata
from quarterdeck.kernel.work import Tenants
from quarterdeck.operations.oncall.document import kept, text_of
from quarterdeck.operations.oncall.model.version import DELETED, Kept, Version

schedules = Table(
    "operations_oncall",
    metadata,
    Column("tenant", String, primary_key=True),
    Column("name", String, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("text", Text, nullable=False),
    Column("by", String, nullable=False),
    Column("at", BigInteger, nullable=False),
)
"""What holds; a schedule that was deleted has versions alone."""

versions = Table(
    "operations_oncall_version",
    metadata,
    Column("tenant", String, primary_key=True),
    Column("name", String, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("text", Text, nullable=False),
    Column("by", String, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("how", String, nullable=False),
    Column("why", Text, nullable=False),
)


def listed(
    db: Connection, tenants: Tenants, *, after: tuple[str, str] = ("", ""), limit: int
) -> list[Kept]:
    """The next schedules by tenant and name, after one."""
    tenant, name = after
    beyond = (schedules.c.tenant > tenant) | (
        (schedules.c.tenant == tenant) & (schedules.c.name > name)
    )
    query = select(schedules).where(tenants.clause(schedules.c.tenant), beyond)
    rows = db.execute(query.order_by(*schedules.primary_key).limit(limit))
    return [_kept(row) for row in rows]


def of_name(db: Connection, tenants: Tenants, name: str) -> Kept | None:
    """One schedule, if it is there."""
    query = select(schedules).where(tenants.clause(schedules.c.tenant), schedules.c.name == name)
    row = db.execute(query).one_or_none()
    return None if row is None else _kept(row)


def count(db: Connection, tenants: Tenants) -> int:
    """How many schedules there are."""
    query = select(func.count()).select_from(schedules)
    return db.scalars(query.where(tenants.clause(schedules.c.tenant))).one()


def newest(db: Connection, tenants: Tenants, name: str) -> int:
    """The number of the newest version of that name that ever was; 0: there was none."""
    query = select(func.max(versions.c.version)).where(*_named(tenants, name))
    return db.scalar(query) or 0


def history(db: Connection, tenants: Tenants, name: str, limit: int) -> list[Version]:
    """The versions of a schedule, newest first."""
    query = select(versions).where(*_named(tenants, name))
    rows = db.execute(query.order_by(versions.c.version.desc()).limit(limit))
    return [_version(row) for row in rows]


def holding(db: Connection, tenants: Tenants, name: str, since: datetime) -> Sequence[Version]:
    """The versions that held at some time from ``since`` on, oldest first."""
    before = select(func.max(versions.c.version)).where(
        *_named(tenants, name), versions.c.at <= micros(since)
    )
    first = func.coalesce(before.scalar_subquery(), 0)
    query = select(versions).where(*_named(tenants, name), versions.c.version >= first)
    return [_version(row) for row in db.execute(query.order_by(versions.c.version))]


def version(db: Connection, tenants: Tenants, name: str, number: int) -> Version | None:
    """One version of a schedule, if there was one."""
    query = select(versions).where(*_named(tenants, name), versions.c.version == number)
    row = db.execute(query).one_or_none()
    return None if row is None else _version(row)


def deleted(db: Connection, tenants: Tenants, limit: int) -> list[Version]:
    """The last versions of schedules that are there no more, newest first."""
    same = (schedules.c.tenant == versions.c.tenant, schedules.c.name == versions.c.name)
    gone = (schedules.c.name.is_(None), versions.c.how == DELETED)
    query = select(versions).outerjoin(schedules, and_(*same))
    query = query.where(tenants.clause(versions.c.tenant), *gone)
    found: dict[tuple[str, str], Version] = {}
    for row in db.execute(query.order_by(versions.c.at.desc(), versions.c.version.desc())):
        if len(found) < limit:
            found.setdefault((row.tenant, row.name), _version(row))
    return list(found.values())


def add(db: Connection, tenants: Tenants, made: Version) -> bool:
    """Have a new version hold; False, and nothing changes, if there is one of its number."""
    insert = sqlite.insert if db.dialect.name == "sqlite" else postgresql.insert
    row = insert(versions).values({**_row(made), "how": made.how, "why": made.why})
    added = row.on_conflict_do_nothing().returning(versions.c.version)
    if db.execute(added).one_or_none() is None:
        return False
    mine = (tenants.clause(schedules.c.tenant), schedules.c.name == made.schedule.name)
    if made.how == DELETED:
        db.execute(delete(schedules).where(*mine))
    elif db.execute(update(schedules).where(*mine).values(_row(made))).rowcount == 0:
        db.execute(insert(schedules).values(_row(made)))
    return True


def _named(tenants: Tenants, name: str) -> tuple[Any, Any]:
    return tenants.clause(versions.c.tenant), versions.c.name == name


def _row(one: Version) -> dict[str, Any]:
    return {
        "tenant": one.tenant,
        "name": one.schedule.name,
        "version": one.version,
        "text": text_of(one.schedule),
        "by": one.by,
        "at": micros(one.at),
    }


def _kept(row: Row[Any]) -> Kept:
    return Kept(
        tenant=row.tenant,
        version=row.version,
        by=row.by,
        at=instant(row.at),
        schedule=kept(row.name, row.text),
    )


def _version(row: Row[Any]) -> Version:
    return Version(
        tenant=row.tenant,
        version=row.version,
        by=row.by,
        at=instant(row.at),
        how=row.how,
        why=row.why,
        schedule=kept(row.name, row.text),
    )
