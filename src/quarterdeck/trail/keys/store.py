"""Data keys in SQL, each wrapped by its tenant's key. A destroyed one keeps its row, empty."""

from collections.abc import Collection

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    LargeBinary,
    Row,
    String,
    Table,
    insert,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from quarterdeck.kernel.db import metadata

data_keys = Table(
    "trail_data_key",
    metadata,
    Column("id", String, primary_key=True),
    Column("tenant", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("wrapped", LargeBinary),
    Column("made_at", BigInteger, nullable=False),
)

# One living key for each subject; any number that were destroyed.
Index(
    "trail_data_key_living",
    data_keys.c.tenant,
    data_keys.c.subject,
    unique=True,
    sqlite_where=data_keys.c.wrapped.isnot(None),
    postgresql_where=data_keys.c.wrapped.isnot(None),
)

WrappedKey = Row[tuple[str, str, str, bytes | None, int]]


def add(db: Connection, row: dict[str, str | bytes | int]) -> None:
    """Insert a wrapped key."""
    db.execute(insert(data_keys).values(row))


def add_missing(db: Connection, rows: list[dict[str, str | bytes | int]]) -> None:
    """Insert wrapped keys, but for subjects that have a living one by now."""
    make = sqlite.insert if db.dialect.name == "sqlite" else postgresql.insert
    db.execute(make(data_keys).on_conflict_do_nothing(), rows)


def living_of(db: Connection, tenant: str, subjects: Collection[str]) -> list[WrappedKey]:
    """The keys of these subjects that are not destroyed."""
    query = select(data_keys).where(
        data_keys.c.tenant == tenant,
        data_keys.c.subject.in_(subjects),
        data_keys.c.wrapped.isnot(None),
    )
    return list(db.execute(query))


def living(db: Connection, tenant: str, subject: str) -> WrappedKey | None:
    """The subject's key that is not destroyed, if there is one."""
    query = select(data_keys).where(
        data_keys.c.tenant == tenant,
        data_keys.c.subject == subject,
        data_keys.c.wrapped.isnot(None),
    )
    return db.execute(query).one_or_none()


def by_id(db: Connection, tenant: str, key: str) -> WrappedKey | None:
    """The tenant's key of this id, destroyed or not."""
    query = select(data_keys).where(data_keys.c.tenant == tenant, data_keys.c.id == key)
    return db.execute(query).one_or_none()


def by_ids(db: Connection, tenant: str, keys: Collection[str]) -> list[WrappedKey]:
    """Those of the tenant's keys of these ids that are not destroyed."""
    query = select(data_keys).where(
        data_keys.c.tenant == tenant, data_keys.c.id.in_(keys), data_keys.c.wrapped.isnot(None)
    )
    return list(db.execute(query))


def ids_of(db: Connection, tenant: str, subject: str) -> list[str]:
    """The ids of the subject's keys that are not destroyed."""
    return [row.id for row in living_of(db, tenant, [subject])]


def living_before(db: Connection, tenant: str, moment: int) -> list[str]:
    """The ids of the tenant's keys made until then that are not destroyed."""
    query = select(data_keys.c.id).where(
        data_keys.c.tenant == tenant,
        data_keys.c.made_at <= moment,
        data_keys.c.wrapped.isnot(None),
    )
    return list(db.scalars(query))


def destroy(db: Connection, tenant: str, key: str, subject: str) -> bool:
    """Empty a key's row, and have ``subject`` stand for whose it was; False if it was empty."""
    if db.dialect.name == "sqlite":  # what is freed within the file is overwritten with zeros
        db.exec_driver_sql("PRAGMA secure_delete = ON")
    here = (data_keys.c.tenant == tenant, data_keys.c.id == key, data_keys.c.wrapped.isnot(None))
    emptied = update(data_keys).where(*here).values(wrapped=None, subject=subject)
    return db.execute(emptied).rowcount == 1
