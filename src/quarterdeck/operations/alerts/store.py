"""Alerts in SQL."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    Integer,
    Row,
    String,
    Table,
    Text,
    func,
    insert,
    select,
    text,
    update,
)

from quarterdeck.kernel.clock import instant, micros
from quarterdeck.kernel.db import metadata
from quarterdeck.kernel.work import Tenants
from quarterdeck.operations.alerts.model import Alert, AlertState, Severity, Sign

LIVE = text("state = 'firing'")

alerts = Table(
    "operations_alert",
    metadata,
    # A number, for runbook 000 writes it into addresses by hand (section 10.3).
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("key", String, nullable=False),
    Column("tenant", String, nullable=False),
    Column("type", String, nullable=False),
    Column("severity", String, nullable=False),
    Column("title", String, nullable=False),
    Column("labels", Text, nullable=False),
    Column("annotations", Text, nullable=False),
    Column("state", String, nullable=False),
    Column("starts_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Column("times", Integer, nullable=False),
    Column("ends_at", BigInteger),
    Column("resolved_by", String, nullable=False),
    # Whoever comes second finds the first's row here.
    Index("operations_alert_live", "key", unique=True, sqlite_where=LIVE, postgresql_where=LIVE),
    Index("operations_alert_tenant", "tenant", "state"),
    sqlite_autoincrement=True,  # an id that was in somebody's shell never means another alert
)


def of_id(db: Connection, tenants: Tenants, alert: int) -> Alert | None:
    """One alert, if it is there."""
    query = select(alerts).where(alerts.c.id == alert, tenants.clause(alerts.c.tenant))
    row = db.execute(query).one_or_none()
    return None if row is None else _alert(row)


def firing(db: Connection, tenants: Tenants, key: str) -> Alert | None:
    """The alert that fires under ``key``, if one does."""
    mine = (alerts.c.key == key, alerts.c.state == AlertState.FIRING)
    row = db.execute(select(alerts).where(*mine, tenants.clause(alerts.c.tenant))).one_or_none()
    return None if row is None else _alert(row)


def newest(
    db: Connection,
    tenants: Tenants,
    *,
    states: Sequence[str] = (),
    types: Sequence[str] = (),
    before: int | None = None,
    limit: int,
) -> list[Alert]:
    """The next ``limit`` alerts, newest first, with ids smaller than ``before``."""
    query = select(alerts).where(tenants.clause(alerts.c.tenant))
    if states:
        query = query.where(alerts.c.state.in_(states))
    if types:
        query = query.where(alerts.c.type.in_(types))
    if before is not None:
        query = query.where(alerts.c.id < before)
    return [_alert(row) for row in db.execute(query.order_by(alerts.c.id.desc()).limit(limit))]


def count(db: Connection, tenants: Tenants) -> int:
    """How many fire."""
    mine = (alerts.c.state == AlertState.FIRING, tenants.clause(alerts.c.tenant))
    return db.scalars(select(func.count()).select_from(alerts).where(*mine)).one()


def add(db: Connection, sign: Sign, at: datetime) -> int:
    """Begin an alert; its id."""
    row = _row(sign) | {
        "key": sign.key,
        "tenant": sign.tenant,
        "state": AlertState.FIRING,
        "starts_at": micros(at),
        "seen_at": micros(at),
        "times": 1,
        "resolved_by": "",
    }
    alert: int = db.scalars(insert(alerts).values(row).returning(alerts.c.id)).one()
    return alert


def renew(db: Connection, tenants: Tenants, sign: Sign, at: datetime) -> bool:
    """Write down that ``sign`` was seen again; False if no alert fires under its key."""
    mine = (
        alerts.c.key == sign.key,
        alerts.c.state == AlertState.FIRING,
        tenants.clause(alerts.c.tenant),
    )
    values = _row(sign) | {"seen_at": micros(at), "times": alerts.c.times + 1}
    return db.execute(update(alerts).where(*mine).values(values)).rowcount == 1


def end(db: Connection, tenants: Tenants, alert: int, at: datetime, by: str) -> bool:
    """Resolve an alert; False if it does not fire."""
    mine = (
        alerts.c.id == alert,
        alerts.c.state == AlertState.FIRING,
        tenants.clause(alerts.c.tenant),
    )
    values = {"state": AlertState.RESOLVED, "ends_at": micros(at), "resolved_by": by}
    return db.execute(update(alerts).where(*mine).values(values)).rowcount == 1


def _row(sign: Sign) -> dict[str, Any]:
    return {
        "type": sign.type,
        "severity": sign.severity,
        "title": sign.title,
        "labels": json.dumps(dict(sign.labels)),
        "annotations": json.dumps(dict(sign.annotations)),
    }


def _alert(row: Row[Any]) -> Alert:
    return Alert(
        id=row.id,
        sign=Sign(
            key=row.key,
            tenant=row.tenant,
            type=row.type,
            severity=Severity(row.severity),
            title=row.title,
            labels=json.loads(row.labels),
            annotations=json.loads(row.annotations),
        ),
        state=AlertState(row.state),
        starts_at=instant(row.starts_at),
        seen_at=instant(row.seen_at),
        times=row.times,
        ends_at=None if row.ends_at is None else instant(row.ends_at),
        resolved_by=row.resolved_by,
    )
