"""SQL: one metadata for all tables, and how transactions begin."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import ModuleType
from typing import Any

from sqlalchemy import (
    BigInteger,
    Connection,
    Engine,
    MetaData,
    create_engine,
    event,
)
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from quarterdeck.kernel.errors import Unavailable

try:
    import pysqlite3.dbapi2 as sqlite
except ImportError:  # no wheel for this machine: the system's own
    import sqlite3 as sqlite

metadata = MetaData()

READ_ONLY = "postgresql_readonly"  # PostgreSQL knows this option; _begin gives it to SQLite
BUSY_TIMEOUT_S = 30
BULK_ROWS = 500  # rows a bulk writer may commit at once, so that others get their turn

# The WAL-reset bug corrupts a database that two processes write; https://sqlite.org/wal.html
WAL_RESET_FIXED = (3, 51, 3)
WAL_RESET_BACKPORTS = {(3, 44): 6, (3, 50): 7}

# What a person can mend, by the words SQLite uses, or by the class of PostgreSQL's SQLSTATE.
MENDABLE = ("disk is full", "is locked", "unable to open", "disk I/O", "readonly database")
MENDABLE_STATES = ("08", "53", "57")


class DatabaseUnavailable(Unavailable):
    """The database cannot be used now."""


class now_micros(FunctionElement[int]):  # noqa: N801  it stands in SQL where a function does
    """The database's clock, in microseconds since 1970: the one clock that leases may trust."""

    type = BigInteger()
    inherit_cache = True


@compiles(now_micros, "sqlite")
def _sqlite_now(_element: object, _compiler: object, **_: object) -> str:
    return "CAST(unixepoch('subsec') * 1000000 AS INTEGER)"


@compiles(now_micros, "postgresql")
def _postgres_now(_element: object, _compiler: object, **_: object) -> str:
    return "CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)"


def sqlite_version() -> tuple[int, ...]:
    """The version of the SQLite library that this process uses."""
    return tuple(map(int, sqlite.sqlite_version.split(".")))


def sqlite_is_safe_across_processes(version: tuple[int, ...]) -> bool:
    """Whether SQLite of ``version`` lets two processes write one WAL database."""
    major, minor, patch = version[:3]
    return version >= WAL_RESET_FIXED or patch >= WAL_RESET_BACKPORTS.get((major, minor), 10**6)


def open_engine(url: str, *, pool_size: int = 10, prepare_threshold: int | None = None) -> Engine:
    """The database at ``url``: SQLite (a file) or PostgreSQL by psycopg.

    ``prepare_threshold`` is psycopg's; None, never preparing, is what a pooler in
    transaction mode needs.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return _open_sqlite(parsed, pool_size)
    return create_engine(
        parsed.set(drivername="postgresql+psycopg"),
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_pre_ping=True,
        connect_args={"prepare_threshold": prepare_threshold},
    )


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A transaction in which the database refuses to write.

    Raises:
        DatabaseUnavailable: a person can mend it: disk full, file locked, server away.
    """
    with _told(), engine.connect().execution_options(**{READ_ONLY: True}) as db, db.begin():
        yield db


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that commits when the block ends, and rolls back if it raises.

    Raises:
        DatabaseUnavailable: as for ``reading``; nothing was written.
    """
    with _told(), _turn(engine), engine.begin() as db:
        yield db


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        if not _mendable(error):
            raise
        raise DatabaseUnavailable(f"the database cannot be used: {error.orig}") from error


def _mendable(error: DBAPIError) -> bool:
    state = getattr(error.orig, "sqlstate", None)
    if state is not None:
        return str(state).startswith(MENDABLE_STATES)
    words = str(error.orig)
    return error.connection_invalidated or any(sign in words for sign in MENDABLE)


def _turn(engine: Engine) -> Any:  # noqa: ANN401  contextlib has no common name for the two
    if engine.dialect.name != "sqlite" or not engine.url.database:
        return nullcontext()
    return _locked(Path(engine.url.database).with_name("write.lock"))


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    # SQLite's busy handler is not fair: a bulk writer starved another process for 10 s.
    # Waiters for this lock are woken in order.
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _open_sqlite(url: URL, pool_size: int) -> Engine:
    module: ModuleType = sqlite
    engine = create_engine(
        url,
        module=module,
        pool_size=pool_size,
        max_overflow=pool_size,
        connect_args={"timeout": BUSY_TIMEOUT_S, "check_same_thread": False},
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:  # noqa: ANN401  a DBAPI connection
    # The sqlite3 module begins late and never IMMEDIATE. SQLAlchemy documents this
    # way around it ("Using SQLAlchemy to emit BEGIN", in its SQLite dialect).
    connection.isolation_level = None
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(db: Connection) -> None:
    # A transaction that reads first and writes later fails at once, however long it
    # may wait, if another wrote in between. So writers take their turn at the start.
    reads = db.get_execution_options().get(READ_ONLY, False)
    db.exec_driver_sql(f"PRAGMA query_only = {reads:d}")
    db.exec_driver_sql("BEGIN DEFERRED" if reads else "BEGIN IMMEDIATE")
