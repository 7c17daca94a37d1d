"""SQL: one metadata for all tables, and how transactions begin."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
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
    text,
)
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as NoneFree
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from quarterdeck.kernel.errors import Invalid, Unavailable
from quarterdeck.kernel.pooling import ask_who_rested

try:
    from pysqlite3 import dbapi2
except ImportError:  # no wheel for this machine: the system's own
    from sqlite3 import dbapi2

sqlite: ModuleType = dbapi2
metadata = MetaData()

READ_ONLY = "postgresql_readonly"  # PostgreSQL knows this option; _begin gives it to SQLite
BUSY_TIMEOUT_S = 5  # our own writers wait for write.lock: only strangers keep SQLite busy
BACKENDS = frozenset({"sqlite", "postgresql"})
MOST_WORDS = 4000  # of an error that is kept
SILENT_S, MOST_SILENT_S = 10, 300
"""After which PostgreSQL ends a transaction whose process says nothing amid it, one that is
``brief`` and any: what a worker holds that the network parted from us is there for others. By
itself it would learn of it from TCP, which asks after two hours."""
BRIEF = text("SELECT set_config('idle_in_transaction_session_timeout', :silent, true)")

PARTED = {
    "connect_timeout": 10,
    "keepalives_idle": 5,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}
"""Seconds, and milliseconds, after which libpq gives a server up that the network lost: a worker
waits no longer than others do for its leases. Of no effect on a Unix socket."""

OVERFLOWS = 1  # pools may grow by as many connections again as they keep
BULK_ROWS = 500  # rows a bulk writer may commit at once, so that others get their turn

# The WAL-reset bug corrupts a database that two processes write; https://sqlite.org/wal.html
WAL_RESET_FIXED = (3, 51, 3)
WAL_RESET_BACKPORTS = {(3, 44): 6, (3, 50): 7}

# What a person or a second try can mend: by the words SQLite uses, or by the class of
# PostgreSQL's SQLSTATE. A write that is refused as such is a bug where we meant to read.
MENDABLE = (
    "disk is full",
    "is locked",
    "unable to open",
    "disk I/O",
    "malformed",
    "not a database",
)
MENDABLE_STATES = ("08", "25P03", "40", "53", "55P03", "57")
MENDABLE_WRITE = ("readonly database", "25006")
NO_SERVER = "08000"  # psycopg gives no state where it reached no server, or lost it


class DatabaseUnavailable(Unavailable):
    """The database cannot be used now."""


class NoDatabase(Invalid):
    """The setting ``database`` names no database that can be used."""


class now_micros(FunctionElement[int]):  # noqa: N801  it stands in SQL where a function does
    """The database's clock, in microseconds since 1970: the one clock that leases may trust."""

    type = BigInteger()
    inherit_cache = True


@compiles(now_micros, "sqlite")
def _sqlite_now(_element: object, _compiler: object, **_: object) -> str:
    # Not unixepoch('subsec'): a SQLite older than 3.42 answers NULL to that.
    return "CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)"


@compiles(now_micros, "postgresql")
def _postgres_now(_element: object, _compiler: object, **_: object) -> str:
    # Not clock_timestamp(): an index cannot help to compare with what is volatile.
    return "CAST(extract(epoch FROM statement_timestamp()) * 1000000 AS BIGINT)"


def sqlite_version() -> tuple[int, ...]:
    """The version of the SQLite library that this process uses."""
    return tuple(map(int, sqlite.sqlite_version.split(".")))


def sqlite_is_safe_across_processes(version: tuple[int, ...]) -> bool:
    """Whether SQLite of ``version`` lets two processes write one WAL database."""
    major, minor, patch = version[:3]
    return version >= WAL_RESET_FIXED or patch >= WAL_RESET_BACKPORTS.get((major, minor), 10**6)


def open_engine(url: str, *, pool_size: int = 10, prepare_threshold: int | None = None) -> Engine:
    """The database at ``url``: SQLite (a file) or PostgreSQL by psycopg; or NoDatabase.

    ``prepare_threshold`` is psycopg's; None, never preparing, is what a pooler in
    transaction mode needs.
    """
    parsed = _parsed(url)
    if parsed.get_backend_name() == "sqlite":
        return _open_sqlite(parsed, pool_size)
    patience = {name: value for name, value in PARTED.items() if name not in parsed.query}
    engine = create_engine(
        parsed.set(drivername="postgresql+psycopg"),
        pool_size=pool_size,
        max_overflow=pool_size * OVERFLOWS,
        pool_use_lifo=True,  # who was used last need not be asked whether it lives
        hide_parameters=True,  # an error's words reach logs and jobs; values stay out of them
        connect_args={"prepare_threshold": prepare_threshold, **patience},
    )
    event.listen(engine, "connect", _limit_silence)
    ask_who_rested(engine)
    return engine


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A transaction in which the database refuses to write.

    Raises:
        DatabaseUnavailable: a person can mend it: file missing or locked, server away.
    """
    with _told(), engine.connect().execution_options(**{READ_ONLY: True}) as db, db.begin():
        yield db


@contextmanager
def glancing(engine: Engine) -> Iterator[Connection]:
    """As ``reading``, for statements that need not see the same moment; none of them may write.

    To PostgreSQL each is a transaction by itself: one round trip, not three. SQLite has no such
    trips to save.
    """
    is_far = engine.dialect.name == "postgresql"
    alone = {"isolation_level": "AUTOCOMMIT"} if is_far else {READ_ONLY: True}
    with _told(), engine.connect().execution_options(**alone) as db:
        yield db


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that commits when the block ends, and rolls back if it raises.

    Raises:
        DatabaseUnavailable: as for ``reading``, or the disk is full. Nothing was written;
            only where the server went away during the commit itself may it have been.
    """
    with _told(*MENDABLE_WRITE), _turn(engine), engine.begin() as db:
        yield db


@contextmanager
def bulk(engine: Engine) -> Iterator[None]:
    """A bulk writer's turn, around each of its transactions: one at a time, of all processes.

    So whoever else writes waits for at most one chunk, however many bulk writers there are.
    """
    with _turn(engine, "bulk.lock"):
        yield


def brief(db: Connection) -> None:
    """Have what this transaction holds be there for others within a lease, should we be parted.

    For one that goes from statement to statement at once; PostgreSQL ends it otherwise.
    """
    if db.dialect.name == "postgresql":
        db.execute(BRIEF, {"silent": f"{SILENT_S}s"})


def storable(words: str) -> str:
    """``words`` as every database can store them: without NUL and lone surrogates, not endless."""
    return words.encode(errors="replace").decode().replace("\0", "?")[:MOST_WORDS]


@contextmanager
def _told(*more: str) -> Iterator[None]:
    try:
        yield
    except NoneFree as error:
        raise DatabaseUnavailable("all database connections are in use; try again") from error
    except DBAPIError as error:
        if not _mendable(error, more):
            raise
        raise DatabaseUnavailable(f"the database cannot be used: {error.orig}") from error


def _mendable(error: DBAPIError, more: tuple[str, ...]) -> bool:
    if not hasattr(error.orig, "sqlstate"):
        return any(sign in str(error.orig) for sign in MENDABLE + more)
    lost = NO_SERVER if isinstance(error, OperationalError) else ""
    state: str = getattr(error.orig, "sqlstate", None) or lost
    return state.startswith(MENDABLE_STATES + more)


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() in BACKENDS:
            return parsed
    except (ArgumentError, ValueError):
        pass
    # Not what was given: it may hold a password.
    raise NoDatabase("database must be as postgresql://USER@HOST/NAME or sqlite:///FILE")


def _turn(engine: Engine, lock: str = "write.lock") -> AbstractContextManager[None]:
    if engine.dialect.name != "sqlite" or not engine.url.database:
        return nullcontext()
    return _locked(Path(engine.url.database).with_name(lock))


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    # SQLite's busy handler is not fair: a bulk writer starved another process for 10 s.
    # Waiters for this lock are woken in order.
    try:
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise DatabaseUnavailable(f"{path} cannot be opened: {error.strerror}") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


class _File:
    """Notices when a database's file is taken away from under its connections.

    SQLite would go on writing to the removed file, and all of that would be lost.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._known: tuple[int, int] | None = None

    def remember(self, *_: object) -> None:
        """The first connection says which file it is."""
        self._known = self._known or self._identity()

    def check(self, *_: object) -> None:
        """Raise DatabaseUnavailable if the file is no longer that one."""
        if self._known and self._identity() != self._known:
            raise DatabaseUnavailable(
                f"{self._path} was removed or replaced: put it back, or restart quarterdeck"
            )

    def _identity(self) -> tuple[int, int] | None:
        try:
            found = os.stat(self._path)  # noqa: PTH116  a Path costs as much as the call
        except OSError:
            return None
        return found.st_dev, found.st_ino


def _limit_silence(connection: Any, _record: object) -> None:  # noqa: ANN401  DBAPI's
    # Not as an option of the connection: a pooler refuses what it does not know.
    connection.execute(f"SET idle_in_transaction_session_timeout = '{MOST_SILENT_S}s'")
    connection.commit()


def _open_sqlite(url: URL, pool_size: int) -> Engine:
    engine = create_engine(
        url,
        module=sqlite,
        pool_size=pool_size,
        max_overflow=pool_size * OVERFLOWS,
        # What one connection has written, another reads anew: the last to be used knows most.
        pool_use_lifo=True,
        hide_parameters=True,
        connect_args={"timeout": BUSY_TIMEOUT_S, "check_same_thread": False},
    )
    event.listen(engine, "connect", partial(_prepare_sqlite, engine))
    event.listen(engine, "begin", _begin)
    if url.database:
        file = _File(url.database)
        event.listen(engine, "do_connect", file.check)
        event.listen(engine, "connect", file.remember)
        event.listen(engine, "begin", file.check, insert=True)
    return engine


def _prepare_sqlite(engine: Engine, connection: Any, _record: object) -> None:  # noqa: ANN401  DBAPI's
    # The sqlite3 module begins late and never IMMEDIATE. SQLAlchemy documents this
    # way around it ("Using SQLAlchemy to emit BEGIN", in its SQLite dialect).
    connection.isolation_level = None
    # What a bulk writer changes lies all over the indexes: with the usual 2 MB of pages a chunk
    # spills half of them and writes them twice, and with a checkpoint each 4 MB once more. Not
    # more than 4 MB: each connection of the pool has its own.
    # A new file changes to WAL alone: SQLite refuses a second who tries so meanwhile, without wait.
    with _turn(engine, "open.lock"):
        connection.execute("PRAGMA journal_mode = WAL")
    for pragma in (
        "synchronous = FULL",
        "foreign_keys = ON",
        "cache_size = -4000",
        "wal_autocheckpoint = 8000",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin(db: Connection) -> None:
    # A transaction that reads first and writes later fails at once, however long it
    # may wait, if another wrote in between. So writers take their turn at the start.
    reads = db.get_execution_options().get(READ_ONLY, False)
    if db.info.get(READ_ONLY) is not reads:  # a connection keeps the pragma
        db.exec_driver_sql(f"PRAGMA query_only = {reads:d}")
        db.info[READ_ONLY] = reads
    db.exec_driver_sql("BEGIN DEFERRED" if reads else "BEGIN IMMEDIATE")
