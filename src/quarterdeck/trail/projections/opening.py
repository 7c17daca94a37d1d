"""Where the read models are: a file of their own beside SQLite, PostgreSQL itself."""

from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, event, text

from quarterdeck.kernel.db import metadata, open_engine, reading, writing
from quarterdeck.kernel.installation import make_private
from quarterdeck.trail.projections import tables

SCHEMA, LESS = 2, frozenset({1})
"""Of the file. One of a number in ``LESS`` gets the tables that it lacks, which are filled from
the logs; one of any other is emptied, and filled again."""

FILE = "read.db"
CACHE_KIB, POOL = 16_384, 4
TEXT = (
    "CREATE VIRTUAL TABLE read_text USING fts5"
    "(words, content='', contentless_delete=1, tokenize='unicode61')"
)


def open_read(engine: Engine, folder: Path) -> Engine:
    """The read models of the installation whose database is ``engine``.

    On SQLite they are ``read.db`` in ``folder``, with its own turn to write: a projection
    that is catching up holds nobody else up.
    """
    if engine.dialect.name != "sqlite":
        return engine
    make_private(folder)
    opened = open_engine(f"sqlite:///{folder / FILE}", pool_size=POOL)
    event.listen(opened, "connect", _tuned)
    _prepare(opened)
    return opened


def _tuned(connection: Any, _record: object) -> None:  # noqa: ANN401  a DBAPI connection
    # What a power cut takes is read again from the log: the place goes with the rows.
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    # From the first row on, and not for an erasure alone: pages that are split or let go of
    # before would keep tokens of who is erased later, where no deletion finds them.
    connection.execute("PRAGMA secure_delete = ON")


def _prepare(engine: Engine) -> None:
    with reading(engine) as db:
        if _version(db) == SCHEMA:
            return
    with writing(engine) as db:
        if _version(db) == SCHEMA:  # another process did, meanwhile
            return
        if _version(db) not in LESS:
            db.execute(text("DROP TABLE IF EXISTS read_text"))
            metadata.drop_all(db, tables=list(tables.EVERY))
            db.execute(text(TEXT))
        metadata.create_all(db, tables=list(tables.EVERY))
        db.execute(text(f"PRAGMA user_version = {SCHEMA}"))


def _version(db: Connection) -> int:
    return int(db.scalar(text("PRAGMA user_version")) or 0)
