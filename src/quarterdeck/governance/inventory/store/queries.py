"""What people ask of the inventory."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Select, func, select

from quarterdeck.governance.inventory.filters import Filter, Spot
from quarterdeck.governance.inventory.model import Change, Resource, What
from quarterdeck.governance.inventory.store import listing
from quarterdeck.governance.inventory.store.labels import labels_of
from quarterdeck.governance.inventory.store.tables import (
    bodies,
    changes,
    editions,
    resources,
    subscriptions,
    tags,
)
from quarterdeck.kernel.clock import instant
from quarterdeck.kernel.ids import ConnectionId
from quarterdeck.kernel.work import Tenants

Listed = Mapping[tuple[str, str], int]
"""When each subscription of a connection was last listed to its end."""

_TAGS = msgspec.json.Decoder(dict[str, str])

STEPS = 20  # moves that a history is followed back over


def page(
    db: Connection, tenants: Tenants, wanted: Filter, after: Spot | None, limit: int
) -> list[Resource]:
    """The next ``limit`` resources after a spot, in the order wanted; without their bodies."""
    found = listing.rows(db, tenants, wanted, after, limit)
    listed = _listed(db, found)
    return [_resource(row, listed) for row in found]


def count(db: Connection, tenants: Tenants, wanted: Filter) -> int:
    """How many resources a filter finds."""
    return listing.count(db, tenants, wanted)


def editions_of(db: Connection, tenants: Tenants) -> list[tuple[str, int]]:
    """The edition of each tenant's inventory, by tenant; those without resources are left out."""
    query = select(editions).where(tenants.clause(editions.c.tenant)).order_by(editions.c.tenant)
    return [(row.tenant, row.edition) for row in db.execute(query)]


def count_of(db: Connection, tenants: Tenants, connection: ConnectionId) -> int:
    """Live resources of one connection."""
    query = select(func.count()).where(
        resources.c.connection == connection,
        resources.c.deleted_at.is_(None),
        tenants.clause(resources.c.tenant),
    )
    return db.scalars(query).one()


def count_by(db: Connection, tenants: Tenants) -> list[tuple[str, str, int]]:
    """Live resources: tenant, type in lower case, how many."""
    by = (resources.c.tenant, resources.c.type_key)
    query = (
        select(*by, func.count().label("many"))
        .where(resources.c.deleted_at.is_(None), tenants.clause(resources.c.tenant))
        .group_by(*by)
        .order_by(*by)
    )
    return [(row.tenant, row.type_key, row.many) for row in db.execute(query)]


def of_id(db: Connection, tenants: Tenants, resource: str) -> Resource | None:
    """One resource with its body, also a removed one."""
    query = (
        select(*resources.c, labels_of(resources.c.id), bodies.c.body)
        .join_from(resources, bodies)
        .where(resources.c.id == resource, tenants.clause(resources.c.tenant))
    )
    row: Any = db.execute(query).one_or_none()
    if row is None:
        return None
    return _resource(row, _listed(db, [row]), row.body)


def history(db: Connection, tenants: Tenants, resource: str, limit: int) -> list[Change]:
    """The newest ``limit`` changes of a resource, newest first; also from before it moved."""
    mine = (changes.c.resource.in_(_before(db, tenants, resource)),)
    query = select(changes).where(*mine, tenants.clause(changes.c.tenant))
    newest = query.order_by(changes.c.at.desc(), changes.c.number.desc())
    return _changes(db, newest.limit(limit))


def moved_to(db: Connection, tenants: Tenants, resource: str) -> str:
    """The id of the resource that this one became when it moved; empty where it did not."""
    query = select(resources.c.id).where(
        resources.c.was == resource, resources.c.was != "", tenants.clause(resources.c.tenant)
    )
    return db.scalars(query.limit(1)).first() or ""


def groups_of(db: Connection, tenants: Tenants, wanted: str, limit: int) -> list[tuple[str, int]]:
    """Values of a column of live resources, the most frequent first: value, how many."""
    column = resources.c[wanted]
    query = (
        select(column.label("value"), func.count().label("many"))
        .where(resources.c.deleted_at.is_(None), tenants.clause(resources.c.tenant), column != "")
        .group_by(column)
        .order_by(func.count().desc(), column)
    )
    return [(row.value, row.many) for row in db.execute(query.limit(limit))]


def owners(
    db: Connection, tenants: Tenants, names: Sequence[str], limit: int
) -> list[tuple[str, int]]:
    """Values of the tags ``names`` on live resources, the most frequent first."""
    query = (
        select(tags.c.value, func.count(tags.c.resource.distinct()).label("many"))
        .join_from(tags, resources, resources.c.id == tags.c.resource)
        .where(
            tags.c.name_key.in_(names),
            tags.c.value != "",
            resources.c.deleted_at.is_(None),
            tenants.clause(resources.c.tenant),
        )
        .group_by(tags.c.value)
        .order_by(func.count(tags.c.resource.distinct()).desc(), tags.c.value)
    )
    return [(row.value, row.many) for row in db.execute(query.limit(limit))]


def of_run(db: Connection, tenants: Tenants, run: str, after: int, limit: int) -> list[Change]:
    """The next ``limit`` changes of a run after the one numbered ``after``, in order."""
    query = (
        select(changes)
        .where(changes.c.run == run, changes.c.number > after, tenants.clause(changes.c.tenant))
        .order_by(changes.c.number)
        .limit(limit)
    )
    return _changes(db, query)


def tally(db: Connection, tenants: Tenants, run: str) -> dict[What, int]:
    """How many changes of each kind a run made; kinds without any are left out."""
    query = (
        select(changes.c.what, func.count().label("many"))
        .where(changes.c.run == run, tenants.clause(changes.c.tenant))
        .group_by(changes.c.what)
    )
    return {What(row.what): row.many for row in db.execute(query)}


def _before(db: Connection, tenants: Tenants, resource: str) -> list[str]:
    chain = [resource]
    mine = tenants.clause(resources.c.tenant)
    for _ in range(STEPS):
        was = db.scalar(select(resources.c.was).where(resources.c.id == chain[-1], mine))
        if not was or was in chain:
            break
        chain.append(was)
    return chain


def _listed(db: Connection, rows: Sequence[Any]) -> Listed:
    # Not a join: PostgreSQL would then sort all resources rather than read its index.
    connections = {row.connection for row in rows}
    query = select(subscriptions).where(subscriptions.c.connection.in_(connections))
    return {(row.connection, row.id): row.listed_at or 0 for row in db.execute(query)}


def _changes(db: Connection, query: Select[tuple[object, ...]]) -> list[Change]:
    return [
        Change(
            run=row.run,
            number=row.number,
            resource=row.resource,
            cloud_id=row.cloud_id,
            what=What(row.what),
            at=instant(row.at),
            before=row.before,
            after=row.after,
            replaced=row.replaced,
        )
        for row in db.execute(query)
    ]


def _resource(
    row: Any,  # noqa: ANN401  SQLAlchemy types rows of eleven columns and more in no common way
    listed: Listed,
    body: str = "",
) -> Resource:
    (one, tenant, connection, subscription, cloud_id, name, kind, _, _, location, digest) = row[:11]
    first_seen, seen_at, deleted_at, _, _, was, labels = row[11:18]
    last_seen = max(seen_at, listed.get((connection, subscription), 0))
    return Resource(
        id=one,
        tenant=tenant,
        connection=connection,
        subscription=subscription,
        cloud_id=cloud_id,
        name=name,
        type=kind,
        location=location,
        tags=dict(sorted(_TAGS.decode(labels or "{}").items())),
        body=body,
        hash=digest,
        first_seen=instant(first_seen),
        last_seen=instant(last_seen if deleted_at is None else seen_at),
        deleted_at=None if deleted_at is None else instant(deleted_at),
        was=was,
    )
