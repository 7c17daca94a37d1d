"""Where a log's purge records stand: a help to find them. What they name, they say themselves."""

from typing import Any

from sqlalchemy import BigInteger, Column, Connection, Engine, String, Table, select
from sqlalchemy.dialects import postgresql, sqlite

from quarterdeck.kernel.db import metadata, reading
from quarterdeck.trail.log.ports import Reader
from quarterdeck.trail.log.purges import Named, Naming, named

marks = Table(
    "trail_purge_mark",
    metadata,
    Column("log", String, primary_key=True),
    Column("leaf", BigInteger, primary_key=True, autoincrement=False),
    Column("start", BigInteger, nullable=False),
    Column("end", BigInteger, nullable=False),
)


def mark(db: Connection, log: str, leaf: int, start: int, end: int) -> None:
    """Say that the purge record at ``leaf`` names entries between two indices; again is nothing."""
    insert: Any = sqlite.insert if db.dialect.name == "sqlite" else postgresql.insert
    row = {"log": log, "leaf": leaf, "start": start, "end": end}
    db.execute(insert(marks).values(row).on_conflict_do_nothing())


def naming(engine: Engine, reader: Reader, log: str) -> Naming:
    """How the purge records of a log are found, with a short transaction for each question."""

    def found(start: int, end: int) -> list[Named]:
        with reading(engine) as db:
            return among(db, reader, log, start, end)

    return found


def among(db: Connection, reader: Reader, log: str, start: int, end: int) -> list[Named]:
    """The purge records that may name entries of a range, each as it stands in the log."""
    found = (
        named(leaf, entry)
        for leaf in _leaves(db, log, start, end)
        for entry in reader.entries(log, leaf, 1)
    )
    return [one for one in found if one is not None]


def _leaves(db: Connection, log: str, start: int, end: int) -> list[int]:
    """Where the purge records stand that may name an entry of a range, oldest first."""
    here = (marks.c.log == log, marks.c.start < end, marks.c.end > start)
    return list(db.scalars(select(marks.c.leaf).where(*here).order_by(marks.c.leaf)))
