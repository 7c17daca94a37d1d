"""Checkpoints in SQL: one row for each log, replaced by compare-and-swap.

A guarded UPDATE is atomic in SQLite and in PostgreSQL alike, so this needs
neither row locks nor dialect branches.
"""

from collections.abc import Sequence

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Engine,
    LargeBinary,
    String,
    Table,
    func,
    select,
    text,
)
from sqlalchemy.exc import IntegrityError

from quarterdeck.kernel.db import metadata, reading, writing
from quarterdeck.kernel.work import Tenants
from quarterdeck.trail.log.model import Checkpoint, CheckpointMoved
from quarterdeck.trail.log.storage.leaves import logs

checkpoints = Table(
    "trail_checkpoint",
    metadata,
    Column("log", String, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("note", LargeBinary, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("second_vkey", String, nullable=False, server_default=""),
)

FIRST = text(
    "INSERT INTO trail_checkpoint (log, size, note, at, second_vkey) "
    "VALUES (:log, :size, :note, :at, :second_vkey) ON CONFLICT DO NOTHING"
)
NEXT = text(
    "UPDATE trail_checkpoint SET size = :size, note = :note, at = :at, "
    "second_vkey = :second_vkey WHERE log = :log AND note = :old"
)


class SqlCheckpointStore:
    """A CheckpointStore (see ``ports``) in one table."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def latest(self, log: str) -> Checkpoint | None:
        with reading(self._engine) as db:
            return latest(db, log)

    def sizes(self) -> dict[str, int]:
        with reading(self._engine) as db:
            return sizes(db)

    def replace(self, old: Checkpoint | None, new: Checkpoint) -> None:
        # Own transaction, not the caller's: a checkpoint must be durable
        # before anyone can be shown it.
        with writing(self._engine) as db:
            if old is None:
                _begin(db, new)
            else:
                _swap(db, old, new)

    def advance(self, steps: Sequence[tuple[Checkpoint | None, Checkpoint]]) -> set[str]:
        if not steps:
            return set()
        with writing(self._engine) as db:
            # By name, so that two who advance at once never wait for each other in turn.
            ordered = sorted(steps, key=lambda step: step[1].log)
            return {new.log for old, new in ordered if not _advanced(db, old, new)}


def latest(db: Connection, log: str) -> Checkpoint | None:
    """The log's checkpoint, as this transaction sees it."""
    row = db.execute(select(checkpoints).where(checkpoints.c.log == log)).one_or_none()
    return None if row is None else Checkpoint(*row)


def sizes(db: Connection) -> dict[str, int]:
    """The size of each log's checkpoint, as this transaction sees it."""
    rows = db.execute(select(checkpoints.c.log, checkpoints.c.size))
    return {row.log: row.size for row in rows}


def second_keys(db: Connection, tenants: Tenants) -> dict[str, str]:
    """By tenant, the second key of its log's checkpoint; left out where none cosigned it."""
    query = (
        select(logs.c.log, checkpoints.c.second_vkey)
        .join(checkpoints, checkpoints.c.log == logs.c.origin)
        .where(tenants.clause(logs.c.log), checkpoints.c.second_vkey != "")
    )
    return {row.log: row.second_vkey for row in db.execute(query)}


def newest_at(db: Connection) -> int | None:
    """When the newest checkpoint of any log was signed, microseconds since 1970."""
    at: int | None = db.scalar(select(func.max(checkpoints.c.at)))
    return at


def _advanced(db: Connection, old: Checkpoint | None, new: Checkpoint) -> bool:
    row = _row(new)
    if old is None:
        return db.execute(FIRST, row).rowcount == 1
    return db.execute(NEXT, row | {"old": old.note}).rowcount == 1


def _begin(db: Connection, new: Checkpoint) -> None:
    begin = checkpoints.insert().values(_row(new))
    try:
        db.execute(begin)
    except IntegrityError as error:
        raise CheckpointMoved(f"log {new.log} has already begun") from error


def _swap(db: Connection, old: Checkpoint, new: Checkpoint) -> None:
    swap = (
        checkpoints.update()
        .where(checkpoints.c.log == old.log, checkpoints.c.note == old.note)
        .values(_row(new))
    )
    if db.execute(swap).rowcount != 1:
        raise CheckpointMoved(f"log {old.log} has moved past size {old.size}")


def _row(new: Checkpoint) -> dict[str, str | int | bytes]:
    return {
        "log": new.log,
        "size": new.size,
        "note": new.note,
        "at": new.at,
        "second_vkey": new.second_vkey,
    }
