"""What routing needs of alerts: those in no group yet, and some by their ids."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, or_, select, update

from quarterdeck.kernel.clock import micros
from quarterdeck.kernel.work import Tenants
from quarterdeck.operations.alerts.model import Alert
from quarterdeck.operations.alerts.store.table import IS_LIVE, IS_UNROUTED, alert_of, alerts


def tenants_with_unplaced(db: Connection, before: datetime | None = None) -> set[str]:
    """Tenants with alerts that are in no group yet; those that were seen ``before`` then."""
    query = select(alerts.c.tenant).where(IS_UNROUTED).distinct()
    if before is not None:
        query = query.where(alerts.c.seen_at <= micros(before))
    return set(db.scalars(query))


def unplaced(db: Connection, tenants: Tenants, limit: int) -> list[Alert]:
    """Alerts that are in no group yet, oldest first."""
    query = select(alerts).where(IS_UNROUTED, tenants.clause(alerts.c.tenant))
    return [alert_of(row) for row in db.execute(query.order_by(alerts.c.id).limit(limit))]


def placed(db: Connection, tenants: Tenants, ids: Sequence[int], version: int) -> None:
    """Have alerts be in their groups, by this version of the routing."""
    mine = (alerts.c.id.in_(ids), tenants.check(alerts.c.tenant))
    db.execute(update(alerts).where(*mine).values(routed=version, was=None))


def unplace(db: Connection, tenants: Tenants) -> None:
    """Have every alert that fires be put into groups anew."""
    db.execute(update(alerts).where(IS_LIVE, tenants.clause(alerts.c.tenant)).values(routed=0))


def firing(db: Connection, tenants: Tenants, ids: Sequence[int], now: datetime) -> dict[int, str]:
    """The fingerprints of those alerts that fire at ``now``, by their ids."""
    lasts = or_(alerts.c.expires_at.is_(None), alerts.c.expires_at > micros(now))
    mine = (alerts.c.id.in_(ids), IS_LIVE, lasts, tenants.check(alerts.c.tenant))
    found = db.execute(select(alerts.c.id, alerts.c.fingerprint).where(*mine))
    return {row.id: row.fingerprint for row in found}


def of_ids(db: Connection, tenants: Tenants, ids: Sequence[int]) -> list[Alert]:
    """Alerts by their ids; those that are not there are left out."""
    query = select(alerts).where(alerts.c.id.in_(ids), tenants.check(alerts.c.tenant))
    return [alert_of(row) for row in db.execute(query)]
