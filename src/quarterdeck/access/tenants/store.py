"""Tenants in SQL."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Integer,
    Row,
    String,
    Table,
    Text,
    insert,
    select,
    update,
)

from quarterdeck.access.tenants.model import Tenant, TenantExists
from quarterdeck.kernel.clock import instant, micros
from quarterdeck.kernel.db import metadata
from quarterdeck.kernel.ids import TenantId
from quarterdeck.kernel.work import Tenants

tenants = Table(
    "access_tenant",
    metadata,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("description", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("archived_at", BigInteger),
    Column("version", Integer, nullable=False),
)


def add(db: Connection, tenant: Tenant) -> None:
    """Insert ``tenant``; raise TenantExists if its id is taken, also by one that ended."""
    if db.scalar(select(tenants.c.id).where(tenants.c.id == tenant.id)):
        raise TenantExists(f"there is a tenant {tenant.id}; choose another id")
    db.execute(insert(tenants).values(_row(tenant)))


def one(db: Connection, among: Tenants, tenant: str) -> Tenant | None:
    """The tenant, if it is ``among`` these."""
    query = select(tenants).where(tenants.c.id == tenant, among.clause(tenants.c.id))
    row = db.execute(query).one_or_none()
    return None if row is None else _tenant(row)


def existing(db: Connection, among: Tenants, ids: Collection[str]) -> list[str]:
    """Those of ``ids`` that are tenants ``among`` these."""
    query = select(tenants.c.id).where(tenants.c.id.in_(ids), among.clause(tenants.c.id))
    return list(db.scalars(query))


def unended(db: Connection, among: Tenants) -> set[str]:
    """Ids of those ``among`` these that have not ended."""
    query = select(tenants.c.id).where(tenants.c.archived_at.is_(None), among.clause(tenants.c.id))
    return set(db.scalars(query))


def page(db: Connection, among: Tenants, after: str, limit: int) -> list[Tenant]:
    """The next ``limit`` tenants by id, ``after`` one; ended ones too."""
    query = (
        select(tenants)
        .where(among.clause(tenants.c.id), tenants.c.id > after)
        .order_by(tenants.c.id)
        .limit(limit)
    )
    return [_tenant(row) for row in db.execute(query)]


def save(db: Connection, among: Tenants, tenant: Tenant) -> bool:
    """Put ``tenant`` in place of the version before it; False if that is not the one there."""
    put = (
        update(tenants)
        .where(
            among.clause(tenants.c.id),
            tenants.c.id == tenant.id,
            tenants.c.version == tenant.version - 1,
        )
        .values(_row(tenant))
    )
    return db.execute(put).rowcount == 1


def _row(tenant: Tenant) -> dict[str, Any]:
    return {
        "id": tenant.id,
        "name": tenant.name,
        "description": tenant.description,
        "owner": tenant.owner,
        "purpose": tenant.purpose,
        "created_at": micros(tenant.created_at),
        "archived_at": None if tenant.archived_at is None else micros(tenant.archived_at),
        "version": tenant.version,
    }


def _tenant(row: Row[Any]) -> Tenant:
    return Tenant(
        id=TenantId(row.id),
        name=row.name,
        description=row.description,
        owner=row.owner,
        purpose=row.purpose,
        created_at=instant(row.created_at),
        archived_at=None if row.archived_at is None else instant(row.archived_at),
        version=row.version,
    )
