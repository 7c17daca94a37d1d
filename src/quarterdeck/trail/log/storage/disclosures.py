"""Sealed disclosures in SQL: apart from the leaves, so that they can be destroyed."""

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    LargeBinary,
    Row,
    String,
    Table,
    insert,
    select,
)

from quarterdeck.kernel.db import metadata
from quarterdeck.kernel.work import Tenants

disclosures = Table(
    "trail_disclosure",
    metadata,
    Column("log", String, primary_key=True),
    Column("idx", BigInteger, primary_key=True),
    Column("path", String, primary_key=True),
    Column("data_key", String, nullable=False, index=True),
    Column("sealed", LargeBinary, nullable=False),
)

Sealed = Row[tuple[str, int, str, str, bytes]]


def add(db: Connection, log: str, index: int, path: str, data_key: str, sealed: bytes) -> None:
    """Insert one sealed disclosure of a leaf."""
    row = {"log": log, "idx": index, "path": path, "data_key": data_key, "sealed": sealed}
    db.execute(insert(disclosures).values(row))


def of_leaf(db: Connection, log: str, tenants: Tenants, index: int) -> list[Sealed]:
    """The sealed disclosures of a leaf, by path."""
    query = (
        select(disclosures)
        .where(tenants.clause(disclosures.c.log), disclosures.c.log == log)
        .where(disclosures.c.idx == index)
        .order_by(disclosures.c.path)
    )
    return list(db.execute(query).all())
