"""Exports that are repeated, and the files that they wrote, in SQL."""

import json
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    delete,
    insert,
    select,
)
from sqlalchemy.exc import IntegrityError

from quarterdeck.governance.exports.model import Export, ExportExists, File
from quarterdeck.kernel.clock import MICROSECOND, instant, micros
from quarterdeck.kernel.db import metadata
from quarterdeck.kernel.ids import TenantId
from quarterdeck.kernel.tabular import Format
from quarterdeck.kernel.work import Tenants

exports = Table(
    "governance_export",
    metadata,
    Column("id", String, primary_key=True),
    Column("tenant", String, nullable=False),
    Column("name", String, nullable=False),
    Column("what", String, nullable=False),
    Column("wanted", Text, nullable=False),
    Column("form", String, nullable=False),
    Column("every", BigInteger, nullable=False),
    Column("kept", Integer, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("created_by", String, nullable=False),
    UniqueConstraint("tenant", "name", name="governance_export_tenant_name"),
)

files = Table(
    "governance_export_file",
    metadata,
    Column("id", String, primary_key=True),
    Column(
        "export", String, ForeignKey("governance_export.id", ondelete="CASCADE"), nullable=False
    ),
    Column("tenant", String, nullable=False),
    Column("form", String, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("digest", String, nullable=False),
    Index("governance_export_file_newest", "export", "at", "id"),
)


def add(db: Connection, export: Export) -> None:
    """Keep an export; raise ExportExists if its tenant has one of that name."""
    row = {
        "id": export.id,
        "tenant": export.tenant,
        "name": export.name,
        "what": export.what,
        "wanted": json.dumps(dict(export.wanted)),
        "form": export.form,
        "every": export.every // MICROSECOND,
        "kept": export.kept,
        "created_at": micros(export.created_at),
        "created_by": export.created_by,
    }
    try:
        with db.begin_nested():
            db.execute(insert(exports).values(row))
    except IntegrityError as error:
        raise ExportExists(f"there is an export named {export.name!r}; choose another") from error


def listed(db: Connection, tenants: Tenants) -> list[Export]:
    """Exports by tenant and name."""
    query = select(exports).where(tenants.clause(exports.c.tenant))
    rows = db.execute(query.order_by(exports.c.tenant, exports.c.name))
    return [_export(row) for row in rows]


def of_id(db: Connection, tenants: Tenants, export: str) -> Export | None:
    """One export, if it is there."""
    query = select(exports).where(exports.c.id == export, tenants.clause(exports.c.tenant))
    row = db.execute(query).one_or_none()
    return None if row is None else _export(row)


def remove(db: Connection, tenants: Tenants, export: str) -> bool:
    """End an export, and forget its files; False if it is not there."""
    db.execute(delete(files).where(files.c.export == export, tenants.clause(files.c.tenant)))
    gone = delete(exports).where(exports.c.id == export, tenants.clause(exports.c.tenant))
    return db.execute(gone).rowcount == 1


def put_file(db: Connection, tenants: Tenants, file: File) -> bool:
    """Keep what an export wrote; False if that was kept already."""
    if file_of(db, tenants, file.id) is not None:
        return False
    row = {
        "id": file.id,
        "export": file.export,
        "tenant": file.tenant,
        "form": file.form,
        "at": micros(file.at),
        "rows": file.rows,
        "size_bytes": file.size_bytes,
        "digest": file.digest,
    }
    db.execute(insert(files).values(row))
    return True


def files_of(db: Connection, tenants: Tenants, export: str) -> list[File]:
    """The files of an export, newest first."""
    query = (
        select(files)
        .where(files.c.export == export, tenants.clause(files.c.tenant))
        .order_by(files.c.at.desc(), files.c.id.desc())
    )
    return [_file(row) for row in db.execute(query)]


def file_of(db: Connection, tenants: Tenants, file: str) -> File | None:
    """One file, if it is known."""
    query = select(files).where(files.c.id == file, tenants.clause(files.c.tenant))
    row = db.execute(query).one_or_none()
    return None if row is None else _file(row)


def newest(db: Connection, tenants: Tenants, export: str) -> datetime | None:
    """When an export last wrote a file."""
    found = files_of(db, tenants, export)
    return found[0].at if found else None


def forget(db: Connection, tenants: Tenants, file: str) -> None:
    """Know a file no more."""
    db.execute(delete(files).where(files.c.id == file, tenants.clause(files.c.tenant)))


def _export(row: Any) -> Export:  # noqa: ANN401  SQLAlchemy types rows by their columns
    return Export(
        id=row.id,
        tenant=TenantId(row.tenant),
        name=row.name,
        what=row.what,
        wanted=json.loads(row.wanted),
        form=Format(row.form),
        every=row.every * MICROSECOND,
        kept=row.kept,
        created_at=instant(row.created_at),
        created_by=row.created_by,
    )


def _file(row: Any) -> File:  # noqa: ANN401
    return File(
        id=row.id,
        export=row.export,
        tenant=TenantId(row.tenant),
        form=Format(row.form),
        at=instant(row.at),
        rows=row.rows,
        size_bytes=row.size_bytes,
        digest=row.digest,
    )
