"""Looking for alerts."""

from collections.abc import Iterator, Sequence
from datetime import datetime

import orjson
from sqlalchemy import ColumnElement, Connection, TextClause, func, or_, select

from quarterdeck.kernel.clock import instant, micros
from quarterdeck.kernel.db import BULK_ROWS
from quarterdeck.kernel.work import Tenants
from quarterdeck.operations.alerts.model import LIVE, Alert, AlertState, Change, Filter
from quarterdeck.operations.alerts.store.table import IS_LIVE, alert_of, alerts, changes

Clause = ColumnElement[bool] | TextClause


def of_id(db: Connection, tenants: Tenants, alert: int) -> Alert | None:
    """One alert, if it is there."""
    query = select(alerts).where(alerts.c.id == alert, tenants.clause(alerts.c.tenant))
    row = db.execute(query).one_or_none()
    return None if row is None else alert_of(row)


def firing(db: Connection, tenants: Tenants, key: str) -> Alert | None:
    """The alert that fires under ``key``, if one does."""
    mine = (alerts.c.key == key, IS_LIVE, tenants.clause(alerts.c.tenant))
    row = db.execute(select(alerts).where(*mine)).one_or_none()
    return None if row is None else alert_of(row)


def newest(
    db: Connection,
    tenants: Tenants,
    wanted: Filter,
    *,
    before: int | None = None,
    limit: int,
) -> list[Alert]:
    """The next ``limit`` alerts, newest first, with ids smaller than ``before``."""
    query = select(alerts).where(*_clauses(tenants, wanted))
    if before is not None:
        query = query.where(alerts.c.id < before)
    return [alert_of(row) for row in db.execute(query.order_by(alerts.c.id.desc()).limit(limit))]


def ids(db: Connection, tenants: Tenants, wanted: Filter, limit: int) -> list[int]:
    """The ids of the oldest ``limit`` alerts that are meant."""
    query = select(alerts.c.id).where(*_clauses(tenants, wanted))
    return list(db.scalars(query.order_by(alerts.c.id).limit(limit)))


def live(
    db: Connection, tenants: Tenants, now: datetime, labels: Sequence[tuple[str, str]] = ()
) -> Iterator[list[Alert]]:
    """Every alert that fires at ``now`` and bears ``labels``, in the order of fingerprints.

    In parts, so that a hundred thousand are never in memory at once.
    """
    query = (
        select(alerts)
        .where(
            IS_LIVE,
            or_(alerts.c.expires_at.is_(None), alerts.c.expires_at > micros(now)),
            tenants.clause(alerts.c.tenant),
            *(_bears(name, value) for name, value in labels),
        )
        .order_by(alerts.c.fingerprint)
        .execution_options(yield_per=BULK_ROWS)
    )
    for part in db.execute(query).partitions():
        yield [alert_of(row) for row in part]


def similar(db: Connection, tenants: Tenants, alert: Alert, limit: int) -> list[Alert]:
    """What ended before under the same labels, newest first; then what else is of its type."""
    same = alerts.c.fingerprint == alert.fingerprint
    mine = (
        alerts.c.id != alert.id,
        alerts.c.state == AlertState.RESOLVED,
        alerts.c.tenant == alert.sign.tenant,
        tenants.clause(alerts.c.tenant),
    )
    found: list[Alert] = []
    for clause in (same, (alerts.c.type == alert.sign.type) & ~same):
        query = select(alerts).where(*mine, clause).order_by(alerts.c.id.desc())
        rows = db.execute(query.limit(limit - len(found)))
        found += [alert_of(row) for row in rows]
    return found


def history(db: Connection, tenants: Tenants, alert: int) -> list[Change]:
    """What people did with an alert, in order."""
    query = (
        select(changes)
        .where(changes.c.alert == alert, tenants.clause(changes.c.tenant))
        .order_by(changes.c.id)
    )
    return [
        Change(at=instant(row.at), state=row.state, by=row.by, words=row.words)
        for row in db.execute(query)
    ]


def _clauses(tenants: Tenants, wanted: Filter) -> Sequence[Clause]:
    found: list[Clause] = [tenants.clause(alerts.c.tenant)]
    for column, values in (
        (alerts.c.id, wanted.ids),
        (alerts.c.type, wanted.types),
        (alerts.c.severity, wanted.severities),
    ):
        if values:
            found.append(column.in_(values))
    if wanted.but_types:
        found.append(alerts.c.type.not_in(wanted.but_types))
    if set(wanted.states) == set(LIVE):
        found.append(IS_LIVE)  # in the words of the index that has them in order
    elif wanted.states:
        found.append(alerts.c.state.in_(wanted.states))
    if wanted.words:
        found.append(alerts.c.title.icontains(wanted.words, autoescape=True))
    return [*found, *(_bears(name, value) for name, value in wanted.labels)]


def _bears(name: str, value: str) -> ColumnElement[bool]:
    """Whether the labels have a pair. Not LIKE: on SQLite that takes ``A`` for ``a``."""
    pair = orjson.dumps({name: value}).decode()[1:-1]
    return func.replace(alerts.c.labels, pair, "") != alerts.c.labels
