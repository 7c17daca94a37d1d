"""Which series there are."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy import (
    ColumnElement,
    Connection,
    Table,
    delete,
    exists,
    func,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from quarterdeck.kernel.clock import micros
from quarterdeck.kernel.db import BULK_ROWS
from quarterdeck.kernel.work import Tenants
from quarterdeck.operations.metrics.model import Labels
from quarterdeck.operations.metrics.store import points
from quarterdeck.operations.metrics.tables import chunks, rollups, series


@dataclass(frozen=True, slots=True)
class Known:
    """A series as it is stored."""

    id: int
    name: str
    labels: Labels


def digest(name: str, labels: Sequence[tuple[str, str]]) -> bytes:
    """What a series is found by: of its name and its labels, sorted."""
    return sha256(json.dumps([name, labels]).encode()).digest()[:16]


def known(db: Connection, tenants: Tenants, digests: Collection[bytes]) -> dict[bytes, int]:
    """Ids of the series that are there, by their digests."""
    found: dict[bytes, int] = {}
    wanted = sorted(digests)
    for first in range(0, len(wanted), BULK_ROWS):
        some = wanted[first : first + BULK_ROWS]
        query = select(series.c.digest, series.c.id).where(
            tenants.clause(series.c.tenant), series.c.digest.in_(some)
        )
        found.update({bytes(row.digest): row.id for row in db.execute(query)})
    return found


def count(db: Connection, tenants: Tenants) -> int:
    """How many series there are."""
    query = select(func.count()).select_from(series).where(tenants.clause(series.c.tenant))
    return db.scalars(query).one()


def add(
    db: Connection,
    tenant: str,
    new: Mapping[bytes, tuple[str, Sequence[tuple[str, str]]]],
    at: datetime,
) -> None:
    """Begin series, each under its digest; one that another process began stays as it is."""
    insert = sqlite.insert if db.dialect.name == "sqlite" else postgresql.insert
    rows = [
        {
            "tenant": tenant,
            "digest": key,
            "name": name,
            "labels": json.dumps(dict(labels)),
            "created_at": micros(at),
            "seen_at": micros(at),
        }
        # In order: two transactions that add the same ones would else wait for each other.
        for key, (name, labels) in sorted(new.items())
    ]
    db.execute(insert(series).on_conflict_do_nothing(), rows)


def seen(db: Connection, tenants: Tenants, ids: Collection[int], at: datetime) -> set[int]:
    """Write down that series still get points; those that are there still."""
    there: set[int] = set()
    for first in range(0, len(ids), BULK_ROWS):
        mine = series.c.id.in_(sorted(ids)[first : first + BULK_ROWS])
        whose = tenants.clause(series.c.tenant)
        told = update(series).where(mine, whose).values(seen_at=micros(at))
        there |= set(db.scalars(told.returning(series.c.id)))
    return there


def of_name(db: Connection, tenants: Tenants, name: str) -> list[Known]:
    """Every series of a metric, in the order they began."""
    query = (
        select(series.c.id, series.c.name, series.c.labels)
        .where(tenants.clause(series.c.tenant), series.c.name == name)
        .order_by(series.c.id)
    )
    return [Known(row.id, row.name, json.loads(row.labels)) for row in db.execute(query)]


def metrics(db: Connection, tenants: Tenants) -> list[tuple[str, int, int]]:
    """Each metric's name, how many series it has, and when one of them last began or was seen."""
    query = (
        select(series.c.name, func.count(), func.max(series.c.seen_at))
        .where(tenants.clause(series.c.tenant))
        .group_by(series.c.name)
        .order_by(series.c.name)
    )
    return [(name, number, at) for name, number, at in db.execute(query)]


def forget(db: Connection, first: int, end: int, before: datetime) -> int:
    """Remove series in [first, end) that have no point left, in any form; how many there were.

    Only those not seen since ``before``: a process may be about to record to a later one.
    """
    some = (series.c.id >= first, series.c.id < end, series.c.seen_at < micros(before))
    lacks = [_lacks(chunks), _lacks(rollups)]
    waiting = set(db.scalars(select(series.c.id).where(*some, *lacks)))
    left = sorted(waiting - points.standing(db, sorted(waiting)))
    # Chunks are looked for once more, after open points: what was sealed meanwhile is in them.
    gone = delete(series).where(series.c.id.in_(left), *some, *lacks)
    return db.execute(gone).rowcount if left else 0


def _lacks(table: Table) -> ColumnElement[bool]:
    return ~exists().where(table.c.series == series.c.id)
