"""What people ask of the platform's own logs, and what keeps them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from quarterdeck.kernel.clock import Clock
from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.kernel.settings import Settings
from quarterdeck.kernel.work import Actor, Tenants, Work, read
from quarterdeck.operations.logs import files, store
from quarterdeck.operations.logs.model.answering import answer, belongs, row_of, since_of, until_of
from quarterdeck.operations.logs.model.entry import Asked, Entry
from quarterdeck.operations.logs.model.parsing import parse

READ = "logs:read"
MOST = 1000
USUAL = timedelta(hours=24)
AHEAD = timedelta(seconds=5)
MB = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The rows that a pipe query made, with their columns in order."""

    columns: Sequence[str]
    rows: Sequence[dict[str, Any]]


def folder_of(settings: Settings) -> Path | None:
    """Where the processes of this machine write their logs; None: nowhere."""
    return Path(settings.data) / "logs" if settings.data else None


def find(work: Work, folder: Path | None, asked: Asked, limit: int = MOST) -> list[Entry]:
    """The newest lines that are asked for, oldest first: of the processes of this machine."""
    work.require(READ, PLATFORM)
    return files.newest(folder, asked, limit)


def query(work: Work, folder: Path | None, text: str) -> Answer:
    """What a pipe query answers; without a bound on ``timestamp``, of the last 24 hours.

    Where it only says until when, of the 24 hours before that.

    Raises:
        UnusableQuestion: says where it cannot be read, and what was expected.
    """
    work.require(READ, PLATFORM)
    parsed = parse(text)
    until = until_of(parsed, work.now) or work.now
    since = since_of(parsed, work.now) or until - USUAL
    asked = Asked(since=since, until=until + AHEAD)
    lines = (e for e in files.entries(folder, asked) if asked.wants(e) and belongs(e, parsed.table))
    rows = answer(parsed, (row_of(entry) for entry in lines), work.now)
    columns = list(dict.fromkeys(name for row in rows for name in row))
    return Answer(columns=columns, rows=rows)


def hold(work: Work, tenant: str, cause: str) -> None:
    """Keep all logs, for they are evidence. In no person's name: the cause was decided on."""
    store.hold(work.db, tenant, cause, work.now)


def release(work: Work, tenant: str, cause: str) -> None:
    """Keep logs no longer because of ``cause``."""
    store.release(work.db, Tenants(frozenset({tenant})), cause)


def drop_old(engine: Engine, clock: Clock, folder: Path, kept_mb: int) -> bool:
    """Drop the oldest logs beyond ``kept_mb``, unless they are evidence; for a pulse."""
    with read(engine, Actor("quarterdeck", frozenset()), clock) as work:
        if store.held(work.db):
            return False
    files.drop(folder, kept_mb * MB)
    return False
