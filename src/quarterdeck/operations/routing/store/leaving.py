"""Alerts that left a group because their labels changed: its receiver is to hear of their end."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from quarterdeck.kernel.clock import instant, micros
from quarterdeck.kernel.work import Tenants
from quarterdeck.operations.routing.store.table import left, members


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """An alert that left a group, under the labels that it had there."""

    alert: int
    fingerprint: str
    labels: Mapping[str, str]
    at: datetime


def part(db: Connection, tenants: Tenants, gone: Sequence[Left]) -> None:
    """Note of alerts that their groups are yet to be told that they left."""
    by_id = {one.alert: one for one in gone}
    query = select(members).where(members.c.alert.in_(by_id), tenants.clause(members.c.tenant))
    rows = [
        {
            "group": row.group,
            "alert": row.alert,
            "fingerprint": by_id[row.alert].fingerprint,
            "tenant": row.tenant,
            "labels": json.dumps(dict(by_id[row.alert].labels)),
            "at": micros(by_id[row.alert].at),
        }
        for row in db.execute(query)
    ]
    insert = sqlite.insert if db.dialect.name == "sqlite" else postgresql.insert
    if rows:
        db.execute(insert(left).on_conflict_do_nothing(), rows)


def of_groups(db: Connection, tenants: Tenants, groups: Sequence[str]) -> dict[str, list[Left]]:
    """What left each group, and its receiver is yet to be told of."""
    query = select(left).where(left.c.group.in_(groups), tenants.clause(left.c.tenant))
    found: dict[str, list[Left]] = {one: [] for one in groups}
    for row in db.execute(query):
        one = Left(
            alert=row.alert,
            fingerprint=row.fingerprint,
            labels=json.loads(row.labels),
            at=instant(row.at),
        )
        found[row.group].append(one)
    return found


def forget(db: Connection, tenants: Tenants, group: str, prints: Collection[str]) -> None:
    """Forget of a group what its receiver knows now, or need not know."""
    mine = (left.c.group == group, left.c.fingerprint.in_(prints))
    db.execute(delete(left).where(*mine, tenants.clause(left.c.tenant)))
