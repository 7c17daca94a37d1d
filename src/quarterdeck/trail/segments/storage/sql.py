"""Which segments there are: one row for each, its manifest in it."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    LargeBinary,
    Row,
    String,
    Table,
    func,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from quarterdeck.kernel.db import metadata
from quarterdeck.kernel.work import Tenants
from quarterdeck.trail.keys.note import text_of
from quarterdeck.trail.log.model import LogDamaged
from quarterdeck.trail.segments.model import Manifest, Segment

segments = Table(
    "trail_segment",
    metadata,
    Column("tenant", String, primary_key=True),
    Column("number", BigInteger, primary_key=True),
    Column("start", BigInteger, nullable=False),
    Column("end", BigInteger, nullable=False),
    Column("note", LargeBinary, nullable=False),
    Column("stored", Boolean, nullable=False),
)


def add(db: Connection, sealed: Segment) -> bool:
    """Insert a segment; False if another sealed that number."""
    manifest = sealed.manifest
    write = sqlite.insert if db.dialect.name == "sqlite" else postgresql.insert
    row = {
        "tenant": manifest.tenant,
        "number": manifest.number,
        "start": manifest.start,
        "end": manifest.end,
        "note": sealed.note,
        "stored": sealed.stored,
    }
    # RETURNING, for SQLAlchemy keeps no rowcount of an INSERT on PostgreSQL.
    added = write(segments).values(row).on_conflict_do_nothing().returning(segments.c.number)
    return db.scalar(added) is not None


def mark_stored(db: Connection, tenants: Tenants, sealed: Segment) -> None:
    """Everything of it stands in the store."""
    here = (
        tenants.clause(segments.c.tenant),
        segments.c.tenant == sealed.manifest.tenant,
        segments.c.number == sealed.manifest.number,
    )
    db.execute(update(segments).where(*here).values(stored=True))


def of_tenants(db: Connection, tenants: Tenants, before: int | None, limit: int) -> list[Segment]:
    """Segments by tenant, newest first; ``before``: those of smaller numbers."""
    query = select(segments).where(tenants.clause(segments.c.tenant))
    if before is not None:
        query = query.where(segments.c.number < before)
    ordered = query.order_by(segments.c.tenant, segments.c.number.desc()).limit(limit)
    return [_segment(row) for row in db.execute(ordered)]


def count(db: Connection) -> int:
    """How many segments there are, of all logs."""
    return db.scalar(select(func.count()).select_from(segments)) or 0


def one(db: Connection, tenants: Tenants, tenant: str, number: int) -> Segment | None:
    """The segment of this number."""
    query = select(segments).where(
        tenants.clause(segments.c.tenant),
        segments.c.tenant == tenant,
        segments.c.number == number,
    )
    row = db.execute(query).one_or_none()
    return None if row is None else _segment(row)


def covering(db: Connection, tenants: Tenants, tenant: str, index: int) -> Segment | None:
    """The segment that holds the record at ``index``."""
    query = select(segments).where(
        tenants.clause(segments.c.tenant),
        segments.c.tenant == tenant,
        segments.c.start <= index,
        segments.c.end > index,
    )
    row = db.execute(query).one_or_none()
    return None if row is None else _segment(row)


def between(db: Connection, tenants: Tenants, tenant: str, start: int, end: int) -> list[Segment]:
    """The segments that hold a record of a range, oldest first."""
    query = select(segments).where(
        tenants.clause(segments.c.tenant),
        segments.c.tenant == tenant,
        segments.c.start < end,
        segments.c.end > start,
    )
    return [_segment(row) for row in db.execute(query.order_by(segments.c.number))]


def last(db: Connection, tenants: Tenants, tenant: str) -> Segment | None:
    """The newest segment of the tenant's log."""
    newest = select(func.max(segments.c.number)).where(segments.c.tenant == tenant)
    return one(db, tenants, tenant, db.scalar(newest) or 0)


def stored_end(db: Connection, tenants: Tenants) -> int | None:
    """The end of the newest segment that stands in the store whole."""
    stored = (tenants.clause(segments.c.tenant), segments.c.stored)
    end: int | None = db.scalar(select(func.max(segments.c.end)).where(*stored))
    return end


def _segment(row: Row[Any]) -> Segment:
    try:
        manifest = Manifest.parse(text_of(row.note))
    except ValueError as error:
        raise LogDamaged(
            f"the manifest of segment {row.number} of {row.tenant} cannot be read in the database: "
            f"{error}; the segment store holds it too: put it back from there"
        ) from error
    return Segment(manifest=manifest, note=row.note, stored=bool(row.stored))
