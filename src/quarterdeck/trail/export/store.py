"""Exports in SQL. How far one is, and whether its job gave up, stands with its job."""

import json
from dataclasses import asdict
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
    Text,
    func,
    insert,
    select,
    update,
)

from quarterdeck.kernel.db import metadata
from quarterdeck.kernel.jobs.model import JobState
from quarterdeck.kernel.jobs.table import jobs
from quarterdeck.kernel.work import Tenants
from quarterdeck.trail.export.model import Export, Form, State
from quarterdeck.trail.query.model import Filter

exports = Table(
    "trail_export",
    metadata,
    Column("id", String, primary_key=True),
    Column("tenant", String, nullable=False, index=True),
    Column("job", String, nullable=False),
    Column("form", String, nullable=False),
    Column("first", BigInteger, nullable=False),
    Column("end", BigInteger, nullable=False),
    Column("complete", Boolean, nullable=False),
    Column("wanted", Text, nullable=False),
    Column("disclose", Boolean, nullable=False),
    Column("requester", String, nullable=False),
    Column("treatments", Text, nullable=False),
    Column("policy", String, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("note", LargeBinary, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("enclosed", Text, nullable=False),
    Column("state", String, nullable=False),
    Column("sha256", String, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("records", BigInteger, nullable=False),
    Column("withheld", BigInteger, nullable=False),
    Column("disclosed", BigInteger, nullable=False),
    Column("finished_at", BigInteger),
)
OF_JOB = {"detail": "", "looked_at": 0}
RESULT = ("state", "sha256", "size_bytes", "records", "withheld", "disclosed", "finished_at")
COLUMNS = (
    *exports.c,
    jobs.c.state.label("job_state"),
    jobs.c.detail.label("job_detail"),
    jobs.c.done.label("job_done"),
)


def add(db: Connection, export: Export) -> None:
    """Insert an export."""
    row = asdict(export)
    for name in OF_JOB:
        del row[name]
    row["wanted"] = json.dumps(row["wanted"], sort_keys=True)
    row["treatments"] = json.dumps(row["treatments"], sort_keys=True)
    db.execute(insert(exports).values(row))


def newest(db: Connection, tenants: Tenants, before: str, limit: int) -> list[Export]:
    """The newest ``limit``; ``before``: with smaller ids, if not empty."""
    query = _joined().where(tenants.clause(exports.c.tenant))
    if before:
        query = query.where(exports.c.id < before)
    found = db.execute(query.order_by(exports.c.id.desc()).limit(limit))
    return [_export(row) for row in found]


def one(db: Connection, tenants: Tenants, export: str) -> Export | None:
    """One export."""
    query = _joined().where(tenants.clause(exports.c.tenant), exports.c.id == export)
    row = db.execute(query).one_or_none()
    return None if row is None else _export(row)


def bytes_since(db: Connection, since: int) -> int:
    """What exports of all tenants came to that were finished since, bytes."""
    mine = (exports.c.state == State.DONE, exports.c.finished_at >= since)
    return int(db.scalar(select(func.sum(exports.c.size_bytes)).where(*mine)) or 0)


def end(db: Connection, tenants: Tenants, ended: Export) -> bool:
    """Write how it ended; False if it had ended already."""
    here = (
        tenants.clause(exports.c.tenant),
        exports.c.id == ended.id,
        exports.c.state == State.ASKED,
    )
    values = {name: getattr(ended, name) for name in RESULT}
    return db.execute(update(exports).where(*here).values(values)).rowcount == 1


def _joined() -> Any:  # noqa: ANN401  a query
    return select(*COLUMNS).outerjoin(jobs, jobs.c.id == exports.c.job)


def _export(row: Row[Any]) -> Export:
    fields = {c.name: getattr(row, c.name) for c in exports.c}
    state = State(row.state)
    if state is State.ASKED and row.job_state == JobState.FAILED:
        state = State.FAILED
    if state is State.ASKED and row.job_state == JobState.CANCELLED:
        state = State.CANCELLED
    return Export(
        **fields
        | {
            "form": Form(row.form),
            "wanted": Filter(**json.loads(row.wanted)),
            "treatments": json.loads(row.treatments),
            "state": state,
            "detail": row.job_detail or "",
            "looked_at": row.job_done or 0,
        }
    )
