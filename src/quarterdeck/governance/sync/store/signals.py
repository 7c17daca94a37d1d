"""In SQL: which facts were announced and not taken back."""

from datetime import datetime

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from quarterdeck.governance.sync.store.tables import signals
from quarterdeck.kernel.clock import micros
from quarterdeck.kernel.work import Tenants

Key = tuple[str, str, str]
"""Tenant, domain, kind."""


def raised(db: Connection, tenants: Tenants) -> set[Key]:
    """What stands announced."""
    query = select(signals.c.tenant, signals.c.domain, signals.c.kind)
    found = db.execute(query.where(tenants.clause(signals.c.tenant)))
    return {(row.tenant, row.domain, row.kind) for row in found}


def put_up(db: Connection, key: Key, at: datetime) -> bool:
    """Note that ``key`` is being announced; False if somebody announced it before."""
    tenant, domain, kind = key
    add = sqlite.insert if db.dialect.name == "sqlite" else postgresql.insert
    row = {"tenant": tenant, "domain": domain, "kind": kind, "at": micros(at)}
    noted = add(signals).values(row).on_conflict_do_nothing().returning(signals.c.kind)
    return db.scalar(noted) is not None


def take_down(db: Connection, key: Key) -> bool:
    """Note that ``key`` is being taken back; False if it does not stand announced."""
    tenant, domain, kind = key
    mine = (signals.c.tenant == tenant, signals.c.domain == domain, signals.c.kind == kind)
    return db.execute(delete(signals).where(*mine)).rowcount == 1
