"""How far each log was checked, and the checkpoints that were kept on the way."""

from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, LargeBinary, String, Table, select
from sqlalchemy.dialects import postgresql, sqlite

from quarterdeck.kernel.db import metadata
from quarterdeck.kernel.work import Tenants
from quarterdeck.trail.log.model import Checkpoint
from quarterdeck.trail.proof.tree import EMPTY_ROOT

scans = Table(
    "trail_scan",
    metadata,
    Column("log", String, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("root", LargeBinary, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("segment", BigInteger, nullable=False),
    Column("rounds", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
)

kept = Table(
    "trail_kept_checkpoint",
    metadata,
    Column("log", String, primary_key=True),
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("note", LargeBinary, nullable=False),
    Column("at", BigInteger, nullable=False),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """How far a tenant's log was checked.

    Attributes:
        size, root: the tail was checked up to here, and this was the tree's root then.
        position: where the full scan stands.
        segment: the one to check next.
        rounds: full scans that ended.
        at: microseconds since 1970.
    """

    log: str
    size: int = 0
    root: bytes = EMPTY_ROOT
    position: int = 0
    segment: int = 0
    rounds: int = 0
    at: int = 0


def of_tenants(db: Connection, tenants: Tenants) -> list[Watched]:
    """By log."""
    query = select(scans).where(tenants.clause(scans.c.log)).order_by(scans.c.log)
    return [Watched(**dict(row)) for row in db.execute(query).mappings()]


def put(db: Connection, tenants: Tenants, watched: Watched) -> None:
    """Write how far it is now."""
    insert: Any = sqlite.insert if db.dialect.name == "sqlite" else postgresql.insert
    row = asdict(watched)
    write = insert(scans).values(row)
    write = write.on_conflict_do_update(
        index_elements=["log"], set_=row, where=tenants.clause(scans.c.log)
    )
    db.execute(write)


def keep(db: Connection, log: str, signed: Checkpoint) -> None:
    """Keep a checkpoint; again is nothing."""
    insert: Any = sqlite.insert if db.dialect.name == "sqlite" else postgresql.insert
    row = {"log": log, "size": signed.size, "note": signed.note, "at": signed.at}
    db.execute(insert(kept).values(row).on_conflict_do_nothing())


def history(
    db: Connection, tenants: Tenants, log: str, before: int | None, limit: int
) -> list[Checkpoint]:
    """Checkpoints that were kept of a log, newest first; ``before``: of smaller sizes."""
    query = select(kept).where(tenants.clause(kept.c.log), kept.c.log == log)
    if before is not None:
        query = query.where(kept.c.size < before)
    rows = db.execute(query.order_by(kept.c.size.desc()).limit(limit))
    return [Checkpoint(log, row.size, row.note, row.at) for row in rows]
