"""The epoch: moved by every change of access, watched by what keeps a copy of it."""

from threading import Lock
from typing import Any, Protocol

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from quarterdeck.access.epoch import store
from quarterdeck.kernel import db as database
from quarterdeck.kernel.work import Work


def advance(work: Work) -> None:
    """Say that access changes in this work; call it before the first look at what changes.

    The row it moves is a lock too: from here to the commit no other work changes access, so
    that a rule about the whole ("an admin remains") holds when two act at once.
    """
    store.advance(work.db)


def current(db: Connection) -> int:
    """The epoch, as this transaction sees it."""
    return store.current(db)


class Watch(Protocol):
    """Sees the epoch move, whichever process moved it.

    Any thread may call it. Once a change of access has committed, every later call answers
    another number than every call before that commit.
    """

    def epoch(self) -> int:
        """The epoch now. Raises DatabaseUnavailable."""
        ...


def watch(engine: Engine) -> Watch:
    """The cheapest watch that ``engine`` allows."""
    return _SqliteWatch(engine) if engine.dialect.name == "sqlite" else _RowWatch(engine)


class _RowWatch:
    """Reads the row at every call, in one round trip."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def epoch(self) -> int:
        with database.glancing(self._engine) as db:
            return store.current(db)


class _SqliteWatch:
    """Asks for the row only when ``PRAGMA data_version`` says that someone committed.

    The pragma's answer changes when any other connection, of any process, commits
    (https://sqlite.org/pragma.html#pragma_data_version). So the connection here is out of the
    pool, for this alone, and never writes.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = Lock()
        self._cursor: Any = None
        self._version = -1
        self._epoch = -1

    def epoch(self) -> int:
        try:
            with self._lock:
                return self._look()
        except (DBAPIError, self._engine.dialect.loaded_dbapi.Error) as error:
            raise database.DatabaseUnavailable(f"the database cannot be used: {error}") from error

    def _look(self) -> int:
        if self._cursor is None:
            self._cursor = _own_cursor(self._engine)
        # The version first: a commit between the two questions is then seen at the next call.
        (version,) = self._cursor.execute("PRAGMA data_version").fetchone()
        if version != self._version:
            row = self._cursor.execute(store.CURRENT).fetchone()
            self._version, self._epoch = version, row[0] if row else 0
        return self._epoch


def _own_cursor(engine: Engine) -> Any:  # noqa: ANN401  a DBAPI cursor
    pooled = engine.raw_connection()
    pooled.detach()
    return pooled.cursor()
