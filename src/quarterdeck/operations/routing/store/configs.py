"""Configurations, each version as it was applied."""

from typing import Any

from sqlalchemy import Connection, Row, func, insert, select

from quarterdeck.kernel.clock import instant, micros
from quarterdeck.kernel.work import Tenants
from quarterdeck.operations.routing.model import Version
from quarterdeck.operations.routing.store.table import configs


def add(db: Connection, version: Version) -> None:
    """Keep a new version."""
    row = {
        "tenant": version.tenant,
        "version": version.version,
        "text": version.text,
        "by": version.by,
        "at": micros(version.at),
    }
    db.execute(insert(configs).values(row))


def newest(db: Connection, tenants: Tenants) -> Version | None:
    """The version that holds."""
    query = (
        select(configs).where(tenants.clause(configs.c.tenant)).order_by(configs.c.version.desc())
    )
    row = db.execute(query.limit(1)).one_or_none()
    return None if row is None else _version(row)


def number(db: Connection, tenants: Tenants) -> int:
    """The number of the version that holds; 0 before the first."""
    query = select(func.max(configs.c.version)).where(tenants.clause(configs.c.tenant))
    return db.scalar(query) or 0


def every(db: Connection, tenants: Tenants, limit: int) -> list[Version]:
    """Versions, newest first."""
    query = (
        select(configs).where(tenants.clause(configs.c.tenant)).order_by(configs.c.version.desc())
    )
    return [_version(row) for row in db.execute(query.limit(limit))]


def configured(db: Connection) -> dict[str, int]:
    """Every tenant that has a configuration, with the number of the version that holds."""
    query = select(configs.c.tenant, func.max(configs.c.version)).group_by(configs.c.tenant)
    return {row[0]: row[1] for row in db.execute(query)}


def _version(row: Row[Any]) -> Version:
    return Version(
        tenant=row.tenant, version=row.version, text=row.text, by=row.by, at=instant(row.at)
    )
