"""Sealed disclosures in SQL: apart from the leaves, so that they can be destroyed."""

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    LargeBinary,
    Row,
    String,
    Table,
    select,
)

from quarterdeck.kernel.db import metadata

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


def of_leaf(db: Connection, log: str, index: int) -> list[Sealed]:
    """The sealed disclosures of a leaf, by path."""
    query = (
        select(disclosures)
        .where(disclosures.c.log == log, disclosures.c.idx == index)
        .order_by(disclosures.c.path)
    )
    return list(db.execute(query).all())


def between(db: Connection, log: str, start: int, count: int) -> list[Sealed]:
    """Those of ``count`` leaves from ``start`` on."""
    query = select(disclosures).where(
        disclosures.c.log == log,
        disclosures.c.idx >= start,
        disclosures.c.idx < start + count,
    )
    return list(db.execute(query).all())
