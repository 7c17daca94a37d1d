"""Heads that we saw as a witness, and cosignatures that others gave us."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    LargeBinary,
    String,
    Table,
    Text,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from quarterdeck.kernel.db import metadata

witnessed = Table(
    "trail_witnessed",
    metadata,
    Column("origin", String, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("root", LargeBinary, nullable=False),
)

cosignatures = Table(
    "trail_cosignature",
    metadata,
    Column("log", String, primary_key=True),
    Column("witness", String, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("note", LargeBinary, nullable=False),
    Column("line", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)


def seen(db: Connection, origin: str) -> tuple[int, bytes] | None:
    """Size and root of the last checkpoint of a log that we cosigned."""
    query = select(witnessed.c.size, witnessed.c.root).where(witnessed.c.origin == origin)
    row = db.execute(query).one_or_none()
    return None if row is None else (row.size, row.root)


def see(db: Connection, origin: str, old: tuple[int, bytes] | None, new: tuple[int, bytes]) -> bool:
    """Put ``new`` in place of ``old``; False if that is not what stands there any more."""
    row = {"origin": origin, "size": new[0], "root": new[1]}
    if old is None:
        insert: Any = sqlite.insert if db.dialect.name == "sqlite" else postgresql.insert
        first = insert(witnessed).values(row).on_conflict_do_nothing()
        return db.scalar(first.returning(witnessed.c.origin)) is not None
    here = (
        witnessed.c.origin == origin,
        witnessed.c.size == old[0],
        witnessed.c.root == old[1],
    )
    return db.execute(update(witnessed).where(*here).values(row)).rowcount == 1


def keep(db: Connection, row: dict[str, Any]) -> None:
    """Write the newest cosignature of a log by a witness."""
    insert: Any = sqlite.insert if db.dialect.name == "sqlite" else postgresql.insert
    write = insert(cosignatures).values(row)
    db.execute(write.on_conflict_do_update(index_elements=["log", "witness"], set_=row))


def of_log(db: Connection, log: str) -> list[tuple[str, int, bytes, str, int]]:
    """By witness: its key, the size, the note, its line, and when, microseconds."""
    query = select(cosignatures).where(cosignatures.c.log == log)
    rows = db.execute(query.order_by(cosignatures.c.size.desc(), cosignatures.c.witness))
    return [(row.witness, row.size, row.note, row.line, row.at) for row in rows]
