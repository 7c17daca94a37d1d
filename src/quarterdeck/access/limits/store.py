"""Rates of tenants in SQL, where they differ from the setting.

``rates`` serves every request of every tenant, and takes no tenants.
"""

from sqlalchemy import Column, Connection, Integer, String, Table, delete, insert, select

from quarterdeck.access.limits.model import Rate
from quarterdeck.kernel.db import metadata
from quarterdeck.kernel.work import Tenants

limits = Table(
    "access_limit",
    metadata,
    Column("tenant", String, primary_key=True),
    Column("per_minute", Integer, nullable=False),
    Column("burst", Integer, nullable=False),
)


def rates(db: Connection) -> dict[str, Rate]:
    """Every rate that differs from the setting, by tenant."""
    return {
        row.tenant: Rate(per_minute=row.per_minute, burst=row.burst)
        for row in db.execute(select(limits))
    }


def rate_of(db: Connection, among: Tenants, tenant: str) -> Rate | None:
    """The tenant's own rate, if it has one."""
    query = select(limits).where(limits.c.tenant == tenant, among.clause(limits.c.tenant))
    row = db.execute(query).one_or_none()
    return None if row is None else Rate(per_minute=row.per_minute, burst=row.burst)


def put(db: Connection, among: Tenants, tenant: str, rate: Rate | None) -> None:
    """Give the tenant its own rate; None: as the setting says."""
    db.execute(delete(limits).where(limits.c.tenant == tenant, among.clause(limits.c.tenant)))
    if rate is not None:
        row = {"tenant": tenant, "per_minute": rate.per_minute, "burst": rate.burst}
        db.execute(insert(limits).values(row))
