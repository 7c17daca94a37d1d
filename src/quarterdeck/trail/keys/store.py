"""Data keys in SQL, each wrapped by its tenant's key. A destroyed one keeps its row, empty."""

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
)

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
