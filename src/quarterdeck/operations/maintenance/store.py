"""Maintenance windows in SQL."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    Row,
    String,
    Table,
    Text,
    func,
    insert,
    or_,
    select,
    update,
)

from quarterdeck.kernel.clock import instant, micros
from quarterdeck.kernel.db import metadata
from quarterdeck.kernel.ids import PLATFORM, TenantId
from quarterdeck.kernel.work import Tenants
from quarterdeck.operations.maintenance.model import Window, WindowState

windows = Table(
    "operations_maintenance",
    metadata,
    Column("id", String, primary_key=True),
    Column("tenant", String, nullable=False),
    Column("environment", String, nullable=False),
    Column("services", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("starts_at", BigInteger, nullable=False),
    Column("ends_at", BigInteger, nullable=False),
    Column("state", String, nullable=False),
    Column("by", String, nullable=False),
    Column("ended_at", BigInteger),
    Column("ended_by", String, nullable=False),
    Index("operations_maintenance_tenant", "tenant", "starts_at"),
    Index("operations_maintenance_state", "state"),
)

OPEN = (WindowState.SCHEDULED.value, WindowState.ACTIVE.value)


def add(db: Connection, window: Window) -> None:
    """Keep a window."""
    db.execute(
        insert(windows).values(
            id=window.id,
            tenant=window.tenant,
            environment=window.environment,
            services=",".join(window.services),
            reason=window.reason,
            starts_at=micros(window.start),
            ends_at=micros(window.end),
            state=window.state.value,
            by=window.by,
            ended_by="",
        )
    )


def newest(
    db: Connection,
    tenants: Tenants,
    *,
    states: Sequence[str] = (),
    before: str = "",
    limit: int,
) -> list[Window]:
    """The next ``limit`` windows, last entered first; the platform's are everybody's."""
    query = select(windows).where(_seen(tenants))
    if states:
        query = query.where(windows.c.state.in_(states))
    if before:
        query = query.where(windows.c.id < before)
    return [_window(row) for row in db.execute(query.order_by(windows.c.id.desc()).limit(limit))]


def of_id(db: Connection, tenants: Tenants, window: str) -> Window | None:
    """One window, if it is there."""
    query = select(windows).where(windows.c.id == window, tenants.clause(windows.c.tenant))
    row = db.execute(query).one_or_none()
    return None if row is None else _window(row)


def between(db: Connection, tenants: Tenants, since: datetime, until: datetime) -> list[Window]:
    """Windows that were open at some time in [since, until), by their start."""
    until_then = func.coalesce(windows.c.ended_at, windows.c.ends_at)
    query = select(windows).where(
        _seen(tenants), windows.c.starts_at < micros(until), until_then > micros(since)
    )
    return [_window(row) for row in db.execute(query.order_by(windows.c.starts_at))]


def end(db: Connection, tenants: Tenants, window: str, at: datetime, by: str) -> bool:
    """End a window; False if it is over already."""
    mine = (
        windows.c.id == window,
        windows.c.state.in_(OPEN),
        tenants.clause(windows.c.tenant),
    )
    values = {"state": WindowState.ENDED.value, "ended_at": micros(at), "ended_by": by}
    return db.execute(update(windows).where(*mine).values(values)).rowcount == 1


def due(db: Connection, now: datetime) -> list[Window]:
    """Windows whose start or end has come, and that are not marked so. Writes nothing."""
    starts = (windows.c.state == WindowState.SCHEDULED.value, windows.c.starts_at <= micros(now))
    ends = (windows.c.state.in_(OPEN), windows.c.ends_at <= micros(now))
    query = select(windows).where(or_(starts[0] & starts[1], ends[0] & ends[1]))
    return [_window(row) for row in db.execute(query.order_by(windows.c.starts_at).limit(100))]


def move(db: Connection, window: Window, state: WindowState, now: datetime) -> bool:
    """Mark that the start or the end of a window has come; False if somebody did before."""
    mine = (windows.c.id == window.id, windows.c.state == window.state.value)
    over = state is WindowState.ENDED
    values = {"state": state.value, "ended_at": micros(now) if over else None}
    return db.execute(update(windows).where(*mine).values(values)).rowcount == 1


def _seen(tenants: Tenants) -> Any:  # noqa: ANN401  SQLAlchemy's
    return or_(tenants.clause(windows.c.tenant), windows.c.tenant == PLATFORM)


def _window(row: Row[Any]) -> Window:
    return Window(
        id=row.id,
        tenant=TenantId(row.tenant),
        environment=row.environment,
        services=tuple(row.services.split(",")) if row.services else (),
        reason=row.reason,
        start=instant(row.starts_at),
        end=instant(row.ends_at),
        state=WindowState(row.state),
        by=row.by,
        ended_at=None if row.ended_at is None else instant(row.ended_at),
        ended_by=row.ended_by,
    )
