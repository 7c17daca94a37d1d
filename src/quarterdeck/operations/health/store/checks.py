"""Health checks in SQL."""

from datetime import datetime

import msgspec
from sqlalchemy import Connection, delete, insert, select

from quarterdeck.kernel.clock import instant, micros
from quarterdeck.kernel.db import BULK_ROWS
from quarterdeck.kernel.work import Tenants
from quarterdeck.operations.health.model.history import Checkup, Component
from quarterdeck.operations.health.model.state import State
from quarterdeck.operations.health.store.tables import checks


def add(db: Connection, checkup: Checkup) -> None:
    """Keep a health check."""
    db.execute(
        insert(checks).values(
            id=checkup.id,
            tenant=checkup.tenant,
            environment=checkup.environment,
            at=micros(checkup.at),
            took_ms=checkup.took_ms,
            state=checkup.state.value,
            by=checkup.by,
            found=msgspec.json.encode(checkup.components).decode(),
        )
    )


def newest(
    db: Connection,
    tenants: Tenants,
    *,
    environment: str = "",
    before: str = "",
    limit: int,
) -> list[Checkup]:
    """The next ``limit`` health checks, newest first, with ids before ``before``."""
    query = select(checks).where(tenants.clause(checks.c.tenant))
    if environment:
        query = query.where(checks.c.environment == environment)
    if before:
        query = query.where(checks.c.id < before)
    return [
        Checkup(
            id=row.id,
            tenant=row.tenant,
            environment=row.environment,
            at=instant(row.at),
            took_ms=row.took_ms,
            state=State(row.state),
            by=row.by,
            components=msgspec.json.decode(row.found, type=list[Component]),
        )
        for row in db.execute(query.order_by(checks.c.id.desc()).limit(limit))
    ]


def prune(db: Connection, before: datetime) -> int:
    """Forget the oldest health checks from before ``before``, at most ``BULK_ROWS``; how many."""
    old = select(checks.c.id).where(checks.c.at < micros(before)).limit(BULK_ROWS)
    return db.execute(delete(checks).where(checks.c.id.in_(old))).rowcount
