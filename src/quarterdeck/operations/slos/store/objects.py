"""What was applied, an OpenSLO document each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from quarterdeck.kernel.clock import instant, micros
from quarterdeck.kernel.work import Tenants
from quarterdeck.operations.slos.store.tables import objects


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """An object as it is kept."""

    tenant: str
    kind: str
    name: str
    text: str
    by: str
    at: datetime


def put(db: Connection, tenants: Tenants, one: Kept) -> None:
    """Keep an object instead of the one before it."""
    insert = sqlite.insert if db.dialect.name == "sqlite" else postgresql.insert
    said = {"text": one.text, "by": one.by, "at": micros(one.at)}
    row = insert(objects).values(tenant=one.tenant, kind=one.kind, name=one.name, **said)
    key = [objects.c.tenant, objects.c.kind, objects.c.name]
    db.execute(
        row.on_conflict_do_update(
            index_elements=key, set_=said, where=tenants.clause(objects.c.tenant)
        )
    )


def found(
    db: Connection, tenants: Tenants, kinds: Sequence[str] = (), name: str = ""
) -> list[Kept]:
    """Objects by tenant, kind and name."""
    query = select(objects).where(tenants.clause(objects.c.tenant))
    if kinds:
        query = query.where(objects.c.kind.in_(kinds))
    if name:
        query = query.where(objects.c.name == name)
    key = (objects.c.tenant, objects.c.kind, objects.c.name)
    return [_kept(row) for row in db.execute(query.order_by(*key))]


def remove(db: Connection, tenants: Tenants, kind: str, name: str) -> bool:
    """Remove an object; False if it is not there."""
    mine = (objects.c.kind == kind, objects.c.name == name, tenants.clause(objects.c.tenant))
    return db.execute(delete(objects).where(*mine)).rowcount == 1


def hold(db: Connection, tenants: Tenants, kind: str, name: str) -> bool:
    """Have an object stay as long as this transaction lasts; False if it is not there."""
    mine = (objects.c.kind == kind, objects.c.name == name, tenants.clause(objects.c.tenant))
    query = select(objects.c.name).where(*mine).with_for_update(read=True)
    return db.scalar(query) is not None


def _kept(row: Row[Any]) -> Kept:
    return Kept(
        tenant=row.tenant,
        kind=row.kind,
        name=row.name,
        text=row.text,
        by=row.by,
        at=instant(row.at),
    )
