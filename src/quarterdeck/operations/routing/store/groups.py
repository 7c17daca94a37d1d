"""Groups of alerts, and which alerts are in them."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Connection, Table, bindparam, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from quarterdeck.kernel.clock import instant, micros
from quarterdeck.kernel.db import BULK_ROWS
from quarterdeck.kernel.work import Tenants
from quarterdeck.operations.routing.store.table import (
    groups,
    left,
    members,
    sources,
    turns,
)

SOONER = (
    update(groups)
    .where(
        groups.c.id == bindparam("group"),
        groups.c.flushed.is_(False),
        groups.c.due_at > bindparam("at", type_=BigInteger),
    )
    .values(due_at=bindparam("at", type_=BigInteger))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Alerts that are told of together.

    Attributes:
        route: the id of the node that put them together.
        flushed: whether its receiver's turn has come once.
    """

    id: str
    tenant: str
    route: str
    key: str
    labels: Mapping[str, str]
    due_at: datetime
    flushed: bool


def take_turn(db: Connection, tenants: Tenants, now: datetime) -> None:
    """Be the only one who decides for these tenants until the transaction ends."""
    rows = [{"tenant": tenant, "taken": micros(now)} for tenant in sorted(tenants.ids)]
    insert = sqlite.insert if db.dialect.name == "sqlite" else postgresql.insert
    statement = insert(turns).values(rows)
    taken = {"taken": statement.excluded.taken}
    db.execute(statement.on_conflict_do_update(index_elements=["tenant"], set_=taken))


def due(db: Connection, now: datetime) -> set[str]:
    """Tenants with groups whose turn has come."""
    query = select(groups.c.tenant).where(groups.c.due_at <= micros(now)).distinct()
    return set(db.scalars(query))


def next_due(db: Connection, tenants: Tenants, now: datetime, limit: int) -> list[Group]:
    """Groups whose turn has come, the longest due first."""
    query = (
        select(groups)
        .where(groups.c.due_at <= micros(now), tenants.clause(groups.c.tenant))
        .order_by(groups.c.due_at, groups.c.id)
        .limit(limit)
    )
    return [
        Group(
            id=row.id,
            tenant=row.tenant,
            route=row.route,
            key=row.key,
            labels=json.loads(row.labels),
            due_at=instant(row.due_at),
            flushed=row.flushed,
        )
        for row in db.execute(query)
    ]


def put(db: Connection, tenants: Tenants, found: Sequence[Group]) -> None:
    """Begin groups; one that is there and has not had its turn has it no later than said."""
    del tenants  # each group bears its own
    rows = [
        {
            "id": one.id,
            "tenant": one.tenant,
            "route": one.route,
            "key": one.key,
            "labels": json.dumps(dict(one.labels)),
            "due_at": micros(one.due_at),
            "flushed": False,
        }
        for one in sorted(found, key=lambda one: one.id)
    ]
    _add(db, groups, rows)
    if rows:
        db.execute(SOONER, [{"group": row["id"], "at": row["due_at"]} for row in rows])


def join(db: Connection, tenants: Tenants, pairs: Collection[tuple[str, int]]) -> None:
    """Put alerts into groups: pairs of their ids."""
    (tenant,) = tenants.ids
    rows = [{"group": group, "alert": alert, "tenant": tenant} for group, alert in pairs]
    _add(db, members, rows)


def leave(db: Connection, tenants: Tenants, alerts: Sequence[int]) -> None:
    """Take alerts out of all their groups, and as sources of inhibition."""
    for table in (members, sources):
        mine = (table.c.alert.in_(alerts), tenants.clause(table.c.tenant))
        db.execute(delete(table).where(*mine))


def leave_group(db: Connection, tenants: Tenants, group: str, alerts: Sequence[int]) -> None:
    """Take alerts out of one group."""
    for some in _bulks(alerts):
        mine = (members.c.group == group, members.c.alert.in_(some))
        db.execute(delete(members).where(*mine, tenants.clause(members.c.tenant)))


def end_sources(db: Connection, tenants: Tenants, alerts: Sequence[int]) -> None:
    """Have alerts that fire no more inhibit no more."""
    for some in _bulks(alerts):
        mine = (sources.c.alert.in_(some), tenants.clause(sources.c.tenant))
        db.execute(delete(sources).where(*mine))


def members_of(db: Connection, tenants: Tenants, found: Sequence[str]) -> dict[str, list[int]]:
    """The alerts of each group, by id."""
    query = select(members.c.group, members.c.alert).where(
        members.c.group.in_(found), tenants.clause(members.c.tenant)
    )
    by_group: dict[str, list[int]] = {one: [] for one in found}
    for row in db.execute(query):
        by_group[row[0]].append(row[1])
    return by_group


def move(db: Connection, tenants: Tenants, found: Sequence[str], due_at: datetime) -> None:
    """Have groups had their turn, and their next one at ``due_at``."""
    mine = (groups.c.id.in_(found), tenants.clause(groups.c.tenant))
    db.execute(update(groups).where(*mine).values(due_at=micros(due_at), flushed=True))


def remove(db: Connection, tenants: Tenants, found: Sequence[str]) -> None:
    """End groups in which nothing is left."""
    db.execute(delete(groups).where(groups.c.id.in_(found), tenants.clause(groups.c.tenant)))


def clear(db: Connection, tenants: Tenants) -> None:
    """End every group: alerts are put together anew."""
    for table in (groups, members, left, sources):
        db.execute(delete(table).where(tenants.clause(table.c.tenant)))


def add_sources(db: Connection, tenants: Tenants, found: Sequence[tuple[str, int, bool]]) -> None:
    """Have alerts inhibit: what they have in common with targets, id, whether they are targets."""
    (tenant,) = tenants.ids
    rows = [
        {"common": common, "alert": alert, "tenant": tenant, "both": both}
        for common, alert, both in found
    ]
    _add(db, sources, rows)


def sources_of(
    db: Connection, tenants: Tenants, commons: Sequence[str]
) -> list[tuple[str, int, bool]]:
    """Which alerts inhibit whatever has one of ``commons``, as ``add_sources``."""
    query = select(sources.c.common, sources.c.alert, sources.c.both).where(
        sources.c.common.in_(commons), tenants.clause(sources.c.tenant)
    )
    return [(row[0], row[1], row[2]) for row in db.execute(query)]


def _bulks(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    """So many at a time as a statement has parameters for."""
    return (ids[at : at + BULK_ROWS] for at in range(0, len(ids), BULK_ROWS))


def _add(db: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    insert = sqlite.insert if db.dialect.name == "sqlite" else postgresql.insert
    if rows:
        db.execute(insert(table).on_conflict_do_nothing(), rows)
