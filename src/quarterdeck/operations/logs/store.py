"""What keeps logs from being dropped, in SQL."""

from datetime import datetime

from sqlalchemy import BigInteger, Column, Connection, String, Table, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from quarterdeck.kernel.clock import micros
from quarterdeck.kernel.db import metadata
from quarterdeck.kernel.work import Tenants

holds = Table(
    "operations_log_hold",
    metadata,
    Column("tenant", String, primary_key=True),
    Column("cause", String, primary_key=True),
    Column("since", BigInteger, nullable=False),
)


def hold(db: Connection, tenant: str, cause: str, at: datetime) -> None:
    """Keep all logs because of ``cause``. Twice is once."""
    put_new = sqlite.insert if db.dialect.name == "sqlite" else postgresql.insert
    row = put_new(holds).values(tenant=tenant, cause=cause, since=micros(at))
    db.execute(row.on_conflict_do_nothing())


def release(db: Connection, tenants: Tenants, cause: str) -> None:
    """Keep logs no longer because of ``cause``."""
    db.execute(delete(holds).where(holds.c.cause == cause, tenants.clause(holds.c.tenant)))


def held(db: Connection) -> bool:
    """Whether anything keeps logs from being dropped: they are of all tenants."""
    return db.scalar(select(holds.c.cause).limit(1)) is not None
