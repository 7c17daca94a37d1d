"""What a listing writes."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, bindparam, delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from quarterdeck.governance.inventory import waste
from quarterdeck.governance.inventory.filters import group_of
from quarterdeck.governance.inventory.model import Change, Known, Sighting, What
from quarterdeck.governance.inventory.store import search
from quarterdeck.governance.inventory.store.tables import (
    bodies,
    changes,
    editions,
    findings,
    resources,
    subscriptions,
    tags,
)
from quarterdeck.kernel.bulk import put
from quarterdeck.kernel.clock import micros
from quarterdeck.kernel.ids import ConnectionId, TenantId
from quarterdeck.kernel.work import Tenants

Entry = tuple[Change, Sighting]
NEXT = editions.c.edition + 1


def known(db: Connection, tenants: Tenants, ids: Sequence[str]) -> dict[str, Known]:
    """Those of ``ids`` that the inventory holds, also removed ones."""
    columns = (resources.c.id, resources.c.hash, resources.c.deleted_at, resources.c.judged)
    query = select(*columns).where(resources.c.id.in_(ids), tenants.check(resources.c.tenant))
    return {
        row.id: Known(hash=row.hash, deleted=row.deleted_at is not None, judged=row.judged)
        for row in db.execute(query)
    }


def live(db: Connection, tenants: Tenants, connection: ConnectionId, subscription: str) -> set[str]:
    """Ids of the resources that a subscription has, as far as the inventory knows."""
    query = select(resources.c.id).where(
        resources.c.connection == connection,
        resources.c.subscription == subscription,
        resources.c.deleted_at.is_(None),
        tenants.clause(resources.c.tenant),
    )
    return set(db.scalars(query))


def inhabited(db: Connection, tenants: Tenants, connection: ConnectionId) -> dict[str, str]:
    """The subscriptions of a connection in which resources live: names by id.

    One that was never listed to its end has no name yet, and is called by its id.
    """
    query = select(resources.c.subscription).where(
        resources.c.connection == connection,
        resources.c.deleted_at.is_(None),
        tenants.clause(resources.c.tenant),
    )
    named = select(subscriptions.c.id, subscriptions.c.name).where(
        subscriptions.c.connection == connection, tenants.clause(subscriptions.c.tenant)
    )
    names = {row.id: row.name for row in db.execute(named)}
    return {one: names.get(one, one) for one in db.scalars(query.distinct())}


def next_number(db: Connection, run: str) -> int:
    """The number that the next change of ``run`` bears."""
    last = db.scalar(select(func.max(changes.c.number)).where(changes.c.run == run))
    return 0 if last is None else last + 1


def replaced(db: Connection, ids: Sequence[str]) -> dict[str, str]:
    """The bodies that are about to be replaced, by resource."""
    query = select(bodies).where(bodies.c.resource.in_(ids))
    return {row.resource: row.body for row in db.execute(query)}


def write(
    db: Connection,
    tenant: TenantId,
    connection: ConnectionId,
    subscription: str,
    entries: Sequence[Entry],
) -> None:
    """Bring resources up to date, and keep what changed."""
    owner = {"tenant": tenant, "connection": connection, "subscription": subscription}
    fresh = [e for e in entries if e[0].what is What.ADDED]
    stale = [e for e in entries if e[0].what is not What.ADDED]
    put(db, resources, [owner | _row(*e) | _first(e[0]) for e in fresh])
    put(db, bodies, [{"resource": s.id, "body": s.body} for _, s in fresh])
    if stale:
        _rewrite(db, stale)
    put(db, tags, [{"tenant": tenant, **row} for _, sight in entries for row in _tags(sight)])
    search.put(db, [(s.id, s.name.casefold()) for _, s in entries])
    at = entries[0][0].at
    put(db, findings, _found(tenant, at, [sight for _, sight in fresh]))
    if stale:
        judge(db, tenant, at, [sight for _, sight in stale])
    keep(db, tenant, [change for change, _ in entries])


def judge(db: Connection, tenant: TenantId, at: datetime, sights: Sequence[Sighting]) -> None:
    """Keep what the rules find in these, since when; what they find no more is forgotten."""
    ids = [sight.id for sight in sights]
    mine = findings.c.resource.in_(ids)
    since = {(row.resource, row.rule, row.verdict): row.since for row in db.execute(_known(ids))}
    db.execute(delete(findings).where(mine))
    rows = _found(tenant, at, sights)
    for row in rows:
        row["since"] = since.get((row["resource"], row["rule"], row["verdict"]), row["since"])
    put(db, findings, rows)
    db.execute(update(resources).where(resources.c.id.in_(ids)).values(judged=waste.EDITION))


def remove(db: Connection, tenants: Tenants, tenant: TenantId, gone: Sequence[Change]) -> None:
    """Mark resources as removed; their bodies and tags stay to be looked at."""
    last = select(subscriptions.c.listed_at).where(
        subscriptions.c.connection == resources.c.connection,
        subscriptions.c.id == resources.c.subscription,
    )
    mark = (
        update(resources)
        .where(resources.c.id.in_([c.resource for c in gone]), tenants.check(resources.c.tenant))
        .values(
            deleted_at=micros(gone[0].at),
            seen_at=func.coalesce(last.scalar_subquery(), resources.c.seen_at),
        )
    )
    db.execute(mark)
    db.execute(delete(findings).where(findings.c.resource.in_([c.resource for c in gone])))
    keep(db, tenant, gone)


def identities(db: Connection, tenants: Tenants, ids: Sequence[str]) -> list[tuple[str, str, str]]:
    """Id, cloud id and hash of live resources, in order of id."""
    query = (
        select(resources.c.id, resources.c.cloud_id, resources.c.hash)
        .where(
            resources.c.id.in_(ids),
            resources.c.deleted_at.is_(None),
            tenants.check(resources.c.tenant),
        )
        .order_by(resources.c.id)
    )
    return [(row.id, row.cloud_id, row.hash) for row in db.execute(query)]


def put_subscription(db: Connection, row: dict[str, object]) -> None:
    """Keep a subscription: its columns by name, ``connection`` and ``id`` among them."""
    mine = (subscriptions.c.connection == row["connection"], subscriptions.c.id == row["id"])
    if db.execute(update(subscriptions).where(*mine).values(row)).rowcount == 0:
        db.execute(insert(subscriptions).values(row))


def _rewrite(db: Connection, stale: Sequence[Entry]) -> None:
    rows = [_row(*e) | {"of": e[1].id} for e in stale]
    for row in rows:
        del row["id"]
    statement = update(resources).where(resources.c.id == bindparam("of"))
    columns: dict[str, Any] = {name: bindparam(name) for name in rows[0] if name != "of"}
    db.execute(statement.values(columns), rows)
    body = update(bodies).where(bodies.c.resource == bindparam("of"))
    db.execute(body.values(body=bindparam("new")), [{"of": s.id, "new": s.body} for _, s in stale])
    db.execute(delete(tags).where(tags.c.resource.in_([s.id for _, s in stale])))


def keep(db: Connection, tenant: TenantId, entries: Sequence[Change]) -> None:
    """Keep what changed, and begin a new edition of the tenant's inventory."""
    rows = [
        {
            "run": c.run,
            "number": c.number,
            "tenant": tenant,
            "resource": c.resource,
            "cloud_id": c.cloud_id,
            "what": c.what.value,
            "at": micros(c.at),
            "before": c.before,
            "after": c.after,
            "replaced": c.replaced,
        }
        for c in entries
    ]
    put(db, changes, rows)
    mine = editions.c.tenant == tenant
    if db.execute(update(editions).where(mine).values(edition=NEXT)).rowcount == 0:
        begun = sqlite.insert if db.dialect.name == "sqlite" else postgresql.insert
        first = begun(editions).values(tenant=tenant, edition=1)
        db.execute(first.on_conflict_do_update(index_elements=["tenant"], set_={"edition": NEXT}))


def _row(change: Change, sight: Sighting) -> dict[str, object]:
    return {
        "id": sight.id,
        "cloud_id": sight.cloud_id,
        "name": sight.name,
        "type": sight.type,
        "name_key": sight.name.casefold(),
        "type_key": sight.type.casefold(),
        "location": _place(sight),
        "hash": sight.hash,
        "seen_at": micros(change.at),
        "deleted_at": None,
        "group_key": group_of(sight.cloud_id),
    }


def _first(change: Change) -> dict[str, object]:
    return {"first_seen": micros(change.at), "judged": waste.EDITION}


def _place(sight: Sighting) -> str:
    return sight.location.casefold().replace(" ", "")


def _tags(sight: Sighting) -> list[dict[str, str]]:
    # Clouds mind no case in a tag's name; of two that differ in it alone, the last counts.
    by_key = {name.casefold(): (name, value) for name, value in sight.tags.items()}
    return [
        {
            "resource": sight.id,
            "name": name,
            "name_key": key,
            "value": value,
            "type_key": sight.type.casefold(),
            "sort_key": sight.name.casefold(),
            "location": _place(sight),
        }
        for key, (name, value) in by_key.items()
    ]


def _found(tenant: TenantId, at: datetime, sights: Sequence[Sighting]) -> list[dict[str, Any]]:
    return [
        {
            "resource": sight.id,
            "tenant": tenant,
            "rule": found.rule,
            "verdict": found.verdict.value,
            "reason": found.reason,
            "since": micros(at),
        }
        for sight in sights
        for found in waste.findings(sight.type, sight.body)
    ]


def _known(ids: Sequence[str]) -> Select[Any]:
    return select(findings).where(findings.c.resource.in_(ids))
