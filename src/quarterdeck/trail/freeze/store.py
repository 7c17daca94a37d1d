"""Investigations in SQL."""

from dataclasses import asdict
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    String,
    Table,
    Text,
    insert,
    or_,
    select,
    update,
)

from quarterdeck.kernel.db import metadata
from quarterdeck.kernel.work import Tenants
from quarterdeck.trail.freeze.model import Investigation, Suspicion

investigations = Table(
    "trail_investigation",
    metadata,
    Column("id", String, primary_key=True),
    Column("tenant", String, nullable=False, index=True),
    Column("suspicion", String, nullable=False),
    Column("reason", Text, nullable=False),
    Column("opened_by", String, nullable=False),
    Column("opened_at", BigInteger, nullable=False),
    Column("where", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("quarantine_from", BigInteger),
    Column("quarantine_to", BigInteger),
    Column("outcome", String, nullable=False),
    Column("root_cause", Text, nullable=False),
    Column("closed_by", String, nullable=False),
    Column("closed_at", BigInteger),
    Column("evidence_held", Boolean, nullable=False),
)


def add(db: Connection, opened: Investigation) -> None:
    """Insert an investigation."""
    db.execute(insert(investigations).values(asdict(opened)))


def of_tenants(db: Connection, tenants: Tenants) -> list[Investigation]:
    """Every investigation of these tenants, newest first."""
    newest_first = (investigations.c.opened_at.desc(), investigations.c.id.desc())
    query = select(investigations).where(_of(tenants)).order_by(*newest_first)
    return [_investigation(dict(row)) for row in db.execute(query).mappings()]


def standing(db: Connection, tenants: Tenants) -> list[Investigation]:
    """Those that are open, or hold evidence; oldest first."""
    stands = or_(investigations.c.outcome == "", investigations.c.evidence_held)
    query = select(investigations).where(_of(tenants), stands)
    found = db.execute(query.order_by(investigations.c.id)).mappings()
    return [_investigation(dict(row)) for row in found]


def close(db: Connection, tenants: Tenants, closed: Investigation) -> bool:
    """Write how an open one ended; False if it is not open any more."""
    here = (_of(tenants), investigations.c.id == closed.id, investigations.c.outcome == "")
    values = {
        name: getattr(closed, name)
        for name in (
            "outcome",
            "root_cause",
            "closed_by",
            "closed_at",
            "quarantine_to",
            "evidence_held",
        )
    }
    return db.execute(update(investigations).where(*here).values(values)).rowcount == 1


def release(db: Connection, tenants: Tenants, investigation: str) -> bool:
    """Hold its evidence no longer; False if it held none."""
    here = (
        _of(tenants),
        investigations.c.id == investigation,
        investigations.c.outcome != "",
        investigations.c.evidence_held,
    )
    return db.execute(update(investigations).where(*here).values(evidence_held=False)).rowcount == 1


def _of(tenants: Tenants) -> Any:  # noqa: ANN401  an SQL condition
    return tenants.clause(investigations.c.tenant)


def _investigation(row: dict[str, Any]) -> Investigation:
    return Investigation(**row | {"suspicion": Suspicion(row["suspicion"])})
