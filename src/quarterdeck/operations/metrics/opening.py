"""Where series are: a file of their own beside SQLite, PostgreSQL itself."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

from sqlalchemy import Connection, Engine, event, text

from quarterdeck.kernel.db import metadata, open_engine, reading, writing
from quarterdeck.kernel.installation import make_private
from quarterdeck.operations.metrics import tables
from quarterdeck.operations.metrics.model import Limits

SCHEMA = 1
"""Of the file. A file of another number is refused: nothing could make it anew."""

FILE = "series.db"
POOL = 4
REMEMBERED = 500_000

Key = tuple[str, str, tuple[tuple[str, str], ...]]
"""Tenant, name and sorted labels of a series."""


class SeriesTooNew(RuntimeError):
    """A newer release wrote the file of the series."""


@dataclass(slots=True)
class Remembered:
    """What a process knows of a series: how it is stored, and its newest instant (microseconds)."""

    id: int
    newest: int
    seen_at: int


@dataclass(frozen=True, slots=True)
class Metrics:
    """The series of one installation, as one process has them. Any thread may use it.

    It has connections of its own, also to PostgreSQL: what is recorded is kept when
    ``record`` returns, whatever becomes of the work that recorded it.
    """

    engine: Engine
    limits: Limits = field(default_factory=Limits)
    lock: Lock = field(default_factory=Lock)
    remembered: dict[Key, Remembered] = field(default_factory=dict)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that looks at series."""
        with reading(self.engine) as db:
            yield db

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that writes series; committed when the block ends."""
        with writing(self.engine) as db:
            yield db

    def close(self) -> None:
        """Close its connections."""
        self.engine.dispose()


def open_metrics(engine: Engine, folder: Path, limits: Limits | None = None) -> Metrics:
    """The series of the installation whose database is ``engine``.

    On SQLite they are ``series.db`` in ``folder``, with its own turn to write: who records
    holds nobody else up.
    """
    if engine.dialect.name != "sqlite":
        # Of its own pool: a request that holds one connection of the other and waits for a
        # second could wait for one that does the same.
        return Metrics(open_engine(_words(engine), pool_size=POOL), limits or Limits())
    make_private(folder)
    opened = open_engine(f"sqlite:///{folder / FILE}", pool_size=POOL)
    event.listen(opened, "connect", _tuned)
    _prepare(opened)
    return Metrics(opened, limits or Limits())


def _words(engine: Engine) -> str:
    return engine.url.render_as_string(hide_password=False)


def _tuned(connection: Any, _record: object) -> None:  # noqa: ANN401  a DBAPI connection
    # A power cut may take the last moments of a gauge; a crash of the process takes nothing.
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA temp_store = MEMORY")


def _prepare(engine: Engine) -> None:
    with reading(engine) as db:
        if _version(db) == SCHEMA:
            return
    with writing(engine) as db:
        if _version(db) > SCHEMA:
            raise SeriesTooNew(f"a newer release wrote {engine.url.database}: install that one")
        metadata.create_all(db, tables=list(tables.EVERY))
        db.execute(text(f"PRAGMA user_version = {SCHEMA}"))


def _version(db: Connection) -> int:
    return int(db.scalar(text("PRAGMA user_version")) or 0)
