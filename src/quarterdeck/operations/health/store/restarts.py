"""Restarts that were tried, in SQL."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from quarterdeck.kernel.clock import instant, micros
from quarterdeck.kernel.db import BULK_ROWS
from quarterdeck.kernel.work import Tenants
from quarterdeck.operations.health.model.restarts import Means, Restart, Result
from quarterdeck.operations.health.store.tables import restarts


def add(db: Connection, one: Restart) -> bool:
    """Keep an attempt; False if it is known, or another process makes this very one."""
    insert: Any = sqlite.insert if db.dialect.name == "sqlite" else postgresql.insert
    row = {
        "id": one.id,
        "tenant": one.tenant,
        "environment": one.environment,
        "service": one.service,
        "by": one.by.value,
        "number": one.number,
        "at": micros(one.at),
        "result": one.result.value,
        "detail": one.detail,
    }
    write = insert(restarts).values(row).on_conflict_do_nothing().returning(restarts.c.id)
    return db.execute(write).one_or_none() is not None


def settle(db: Connection, tenants: Tenants, one: Restart, result: Result, detail: str) -> bool:
    """Write what came of an attempt; False if that is known."""
    write = update(restarts).where(
        tenants.clause(restarts.c.tenant),
        restarts.c.id == one.id,
        restarts.c.result == Result.UNDER_WAY.value,
    )
    return db.execute(write.values(result=result.value, detail=detail)).rowcount == 1


def next_number(db: Connection, tenants: Tenants, environment: str, service: str) -> int:
    """Of a service's next attempt."""
    query = select(func.max(restarts.c.number)).where(*_of(tenants, environment, service))
    return (db.scalar(query) or 0) + 1


def newest(
    db: Connection, tenants: Tenants, environment: str, service: str, limit: int
) -> list[Restart]:
    """Attempts of a service, newest first."""
    query = select(restarts).where(*_of(tenants, environment, service))
    found = db.execute(query.order_by(restarts.c.number.desc()).limit(limit))
    return [_restart(row) for row in found]


def under_way(db: Connection, tenants: Tenants, before: datetime) -> list[Restart]:
    """Attempts that began before ``before``, and of which nothing was heard."""
    query = select(restarts).where(
        tenants.clause(restarts.c.tenant),
        restarts.c.result == Result.UNDER_WAY.value,
        restarts.c.at < micros(before),
    )
    return [_restart(row) for row in db.execute(query.order_by(restarts.c.at))]


def prune(db: Connection, before: datetime) -> int:
    """Forget the oldest attempts from before ``before``, at most ``BULK_ROWS``; how many."""
    old = select(restarts.c.id).where(restarts.c.at < micros(before)).limit(BULK_ROWS)
    return db.execute(delete(restarts).where(restarts.c.id.in_(old))).rowcount


def _of(tenants: Tenants, environment: str, service: str) -> tuple[Any, ...]:
    return (
        tenants.clause(restarts.c.tenant),
        restarts.c.environment == environment,
        restarts.c.service == service,
    )


def _restart(row: Row[Any]) -> Restart:
    return Restart(
        id=row.id,
        tenant=row.tenant,
        environment=row.environment,
        service=row.service,
        by=Means(row.by),
        number=row.number,
        at=instant(row.at),
        result=Result(row.result),
        detail=row.detail,
    )
