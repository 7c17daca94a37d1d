"""What people call policies, sets and assignments, in SQL."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Connection, Select, func, select
from sqlalchemy.dialects import postgresql, sqlite

from quarterdeck.governance.compliance.model.names import Title
from quarterdeck.governance.compliance.store.tables import names, states
from quarterdeck.kernel.clock import micros
from quarterdeck.kernel.ids import ConnectionId, TenantId
from quarterdeck.kernel.work import Tenants


def used(db: Connection, tenants: Tenants, connection: ConnectionId) -> set[str]:
    """Ids, folded, of all that the live states of a connection point to."""
    live = (
        states.c.connection == connection,
        states.c.closed_at.is_(None),
        tenants.clause(states.c.tenant),
    )
    columns = (states.c.policy, states.c.policy_set, states.c.assignment)
    found = (db.scalars(select(column).where(*live).distinct()) for column in columns)
    return {cloud_id.casefold() for ids in found for cloud_id in ids if cloud_id}


def fresh(
    db: Connection, tenants: Tenants, known_since: datetime, asked_since: datetime
) -> set[str]:
    """Ids whose title was learnt since the one moment, or asked in vain since the other."""
    late = (names.c.title_key != "") & (names.c.read_at >= micros(known_since))
    vain = (names.c.title == "") & (names.c.read_at >= micros(asked_since))
    return set(db.scalars(select(names.c.id).where(late | vain, tenants.clause(names.c.tenant))))


def put(db: Connection, tenant: TenantId, found: Sequence[Title], at: datetime) -> None:
    """Keep titles; one that could not be had now leaves the one that was known."""
    rows = [
        {
            "tenant": tenant,
            "id": t.id,
            "name": t.name,
            "title": t.title,
            "title_key": t.title.casefold(),
            "read_at": micros(at),
        }
        for t in found
    ]
    if not rows:
        return
    add = (sqlite.insert if db.dialect.name == "sqlite" else postgresql.insert)(names)
    told: dict[str, object] = {"read_at": add.excluded.read_at}
    for column in (names.c.title, names.c.title_key):
        told[column.name] = func.coalesce(func.nullif(add.excluded[column.name], ""), column)
    db.execute(add.on_conflict_do_update(index_elements=["tenant", "id"], set_=told), rows)


def titles(
    db: Connection, tenants: Tenants, ids: Collection[str]
) -> dict[tuple[TenantId, str], str]:
    """Titles by tenant and folded id."""
    query = select(names.c.tenant, names.c.id, names.c.title).where(
        names.c.id.in_(ids), names.c.title != "", tenants.clause(names.c.tenant)
    )
    return {(TenantId(row.tenant), row.id): row.title for row in db.execute(query)}


def by_name(db: Connection, tenants: Tenants) -> dict[str, str]:
    """Titles by name, folded; a name that stands for two titles has none."""
    query = select(names.c.name, func.min(names.c.title).label("title")).where(
        names.c.title != "", tenants.clause(names.c.tenant)
    )
    one = func.count(names.c.title.distinct()) == 1
    return {row.name: row.title for row in db.execute(query.group_by(names.c.name).having(one))}


def called(tenants: Tenants, title: str) -> Select[tuple[str]]:
    """The names of what people call ``title``, in any case: for a condition."""
    return select(names.c.name).where(
        names.c.title_key == title.casefold(), tenants.clause(names.c.tenant)
    )
