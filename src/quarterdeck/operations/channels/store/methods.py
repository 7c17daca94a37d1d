"""Methods of people in SQL."""

from typing import Any

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Integer,
    Row,
    String,
    Table,
    Text,
    select,
)

from quarterdeck.kernel import versions
from quarterdeck.kernel.clock import instant, micros
from quarterdeck.kernel.db import metadata
from quarterdeck.kernel.work import Tenants
from quarterdeck.operations.channels.model.methods import KeptMethods, Methods

methods = Table(
    "operations_people_methods",
    metadata,
    Column("tenant", String, primary_key=True),
    Column("person", String, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("spec", Text, nullable=False),
    Column("by", String, nullable=False),
    Column("at", BigInteger, nullable=False),
)


def listed(db: Connection, tenants: Tenants, limit: int) -> list[KeptMethods]:
    """Methods by tenant and person."""
    query = select(methods).where(tenants.clause(methods.c.tenant))
    rows = db.execute(query.order_by(methods.c.tenant, methods.c.person).limit(limit))
    return [_kept(row) for row in rows]


def of_person(db: Connection, tenants: Tenants, person: str) -> KeptMethods | None:
    """How one person is reached, if that was said."""
    row = db.execute(select(methods).where(*_named(tenants, person))).one_or_none()
    return None if row is None else _kept(row)


def put(db: Connection, tenants: Tenants, made: KeptMethods) -> bool:
    """Keep methods at their version; False if they are not at the one before."""
    return versions.put(db, tenants, methods, _row(made))


def remove(db: Connection, tenants: Tenants, person: str, version: int) -> bool:
    """Forget methods; False if they are not there at that version."""
    return versions.remove(db, tenants, methods.c.person, person, version)


def _named(tenants: Tenants, person: str) -> tuple[Any, Any]:
    return tenants.clause(methods.c.tenant), methods.c.person == person


def _row(made: KeptMethods) -> dict[str, Any]:
    return {
        "tenant": made.tenant,
        "person": made.methods.person,
        "version": made.version,
        "spec": msgspec.json.encode(made.methods).decode(),
        "by": made.by,
        "at": micros(made.at),
    }


def _kept(row: Row[Any]) -> KeptMethods:
    return KeptMethods(
        tenant=row.tenant,
        version=row.version,
        by=row.by,
        at=instant(row.at),
        methods=msgspec.json.decode(row.spec, type=Methods),
    )
