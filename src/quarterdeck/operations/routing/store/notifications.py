"""Notifications: what is to be sent, is being sent, and was; and what each receiver knows."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    Connection,
    Insert,
    Row,
    Select,
    and_,
    delete,
    false,
    func,
    insert,
    not_,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from quarterdeck.kernel.clock import MICROSECOND, instant, micros
from quarterdeck.kernel.db import BULK_ROWS, now_micros
from quarterdeck.kernel.work import Tenants
from quarterdeck.operations.routing.notification import (
    DROPPED,
    SENDING,
    WAITING,
    Notification,
    Way,
)
from quarterdeck.operations.routing.notifying import Standing, Told
from quarterdeck.operations.routing.store.table import IS_OPEN, notifications, told


def known(db: Connection, tenants: Tenants, ids: Sequence[str]) -> dict[str, Told]:
    """What webhooks know, by id."""
    query = select(told).where(told.c.id.in_(ids), tenants.check(told.c.tenant))
    return {
        row.id: Told(
            firing=frozenset(json.loads(row.firing)),
            resolved=frozenset(json.loads(row.resolved)),
            at=instant(row.at),
        )
        for row in db.execute(query)
    }


def waiting(db: Connection, tenants: Tenants, ids: Sequence[str]) -> dict[str, Notification]:
    """What is yet to be sent, by the id of what its webhook knows."""
    mine = (notifications.c.told.in_(ids), IS_OPEN)
    query = select(notifications).where(*mine, tenants.clause(notifications.c.tenant))
    return {row.told: _notification(row) for row in db.execute(query)}


def add(db: Connection, new: Sequence[Notification]) -> None:
    """Have these sent."""
    if new:
        db.execute(insert(notifications), [_row(one) for one in new])


def replace(db: Connection, tenants: Tenants, old: str, new: Notification) -> bool:
    """Have something newer sent instead; False if the old one is on its way."""
    mine = (notifications.c.id == old, notifications.c.state == WAITING)
    values = {
        name: value
        for name, value in _row(new).items()
        if name in ("firing", "resolved", "body", "forget_after")
    }
    changed = update(notifications).where(*mine, tenants.clause(notifications.c.tenant))
    return db.execute(changed.values(values)).rowcount == 1


def drop(db: Connection, tenants: Tenants, one: str, now: datetime) -> bool:
    """Have something not sent any more; False if it is on its way."""
    mine = (notifications.c.id == one, notifications.c.state == WAITING)
    values = {"state": DROPPED, "ended_at": micros(now), "body": ""}
    dropped = update(notifications).where(*mine, tenants.clause(notifications.c.tenant))
    return db.execute(dropped.values(values)).rowcount == 1


def takeable(
    db: Connection, most: int, held: Sequence[str], full: Sequence[Way]
) -> list[tuple[str, Way]]:
    """What is due, and what another began and did not end, with the webhook that is told.

    Nothing for tenants in ``held``, nor for the webhooks in ``full``. No other process takes
    any of it until this transaction ends.
    """
    c = notifications.c
    crowded = [
        and_(c.tenant == tenant, c.receiver == receiver, c.webhook == webhook)
        for tenant, receiver, webhook in full
    ]
    query = (
        select(c.id, c.tenant, c.receiver, c.webhook)
        .where(
            IS_OPEN,
            notifications.c.due_at <= now_micros(),
            notifications.c.tenant.not_in(held),
            not_(or_(false(), *crowded)),
        )
        .order_by(notifications.c.due_at)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    return [(row[0], (row[1], row[2], row[3])) for row in db.execute(query)]


def claim(db: Connection, lease: timedelta, ids: Sequence[str]) -> list[Notification]:
    """Take some of what is ``takeable``."""
    if not ids:
        return []
    take = (
        update(notifications)
        .where(notifications.c.id.in_(ids))
        .values(
            state=SENDING,
            due_at=now_micros() + lease // MICROSECOND,
            attempts=notifications.c.attempts + 1,
            fence=notifications.c.fence + 1,
        )
        .returning(*notifications.c)
    )
    return [_notification(row) for row in db.execute(take)]


def any_due(db: Connection) -> bool:
    """Whether ``claim`` would find something. Writes nothing."""
    return db.scalar(_due()) is not None


@cache
def _due() -> Select[Any]:
    """Asked many times a second, and so made once."""
    mine = (IS_OPEN, notifications.c.due_at <= now_micros())
    return select(notifications.c.id).where(*mine).limit(1)


def end(
    db: Connection, some: Sequence[Notification], state: str, now: datetime, error: str = ""
) -> list[Notification]:
    """Write how they ended; those of them that no other holds by now."""
    mine = (notifications.c.id.in_([one.id for one in some]), notifications.c.state == SENDING)
    query = select(notifications.c.id, notifications.c.fence).where(*mine).with_for_update()
    fences = {row.id: row.fence for row in db.execute(query)}
    held = [one for one in some if fences.get(one.id) == one.fence]
    if held:
        ids = notifications.c.id.in_([one.id for one in held])
        values = {"state": state, "ended_at": micros(now), "error": error, "body": ""}
        db.execute(update(notifications).where(ids).values(values))
    return held


def again(db: Connection, one: Notification, pause: timedelta, error: str) -> bool:
    """Have it tried again after a pause; False if another holds it now."""
    due_at = now_micros() + pause // MICROSECOND
    return _fenced(db, one, {"state": WAITING, "due_at": due_at, "error": error})


def release(db: Connection, one: Notification) -> bool:
    """Give back what was taken, and not tried; False if another holds it now."""
    attempts = notifications.c.attempts - 1
    return _fenced(db, one, {"state": WAITING, "due_at": now_micros(), "attempts": attempts})


def tell(db: Connection, some: Sequence[Notification], now: datetime) -> None:
    """Write down that webhooks know what was sent."""
    rows = [
        {
            "id": one.told,
            "tenant": one.tenant,
            "firing": json.dumps(sorted(one.standing.firing)),
            "resolved": json.dumps(sorted(one.standing.resolved)),
            "at": micros(now),
            "forget_at": micros(now + one.forget_after),
        }
        for one in sorted(some, key=lambda one: one.told)
    ]
    if rows:
        db.execute(_telling(db.dialect.name), rows)


@cache
def _telling(dialect: str) -> Insert:
    make = (sqlite.insert if dialect == "sqlite" else postgresql.insert)(told)
    changed = {name: make.excluded[name] for name in ("firing", "resolved", "at", "forget_at")}
    return make.on_conflict_do_update(index_elements=["id"], set_=changed)


def keep(
    db: Connection, tenants: Tenants, ids: Sequence[str], until: datetime, soon: timedelta
) -> None:
    """Keep what webhooks know until then; what is forgotten less than ``soon`` before is let be."""
    mine = (told.c.id.in_(ids), told.c.forget_at < micros(until - soon))
    kept = update(told).where(*mine, tenants.clause(told.c.tenant))
    db.execute(kept.values(forget_at=micros(until)))


def renew(db: Connection, held: Sequence[Notification], lease: timedelta) -> None:
    """Prolong the leases of what is being sent."""
    for one in held:
        _fenced(db, one, {"due_at": now_micros() + lease // MICROSECOND})


def listed(
    db: Connection, tenants: Tenants, states: Sequence[str], limit: int
) -> list[Notification]:
    """Notifications, newest first."""
    query = select(notifications).where(tenants.clause(notifications.c.tenant))
    if states:
        query = query.where(notifications.c.state.in_(states))
    rows = db.execute(query.order_by(notifications.c.created_at.desc()).limit(limit))
    return [_notification(row) for row in rows]


def sent_since(db: Connection, since: datetime) -> dict[str, int]:
    """How many were sent to each tenant's receivers since then."""
    query = (
        select(notifications.c.tenant, func.count())
        .where(notifications.c.ended_at > micros(since))
        .group_by(notifications.c.tenant)
    )
    return {row[0]: row[1] for row in db.execute(query)}


def counts(db: Connection, tenants: Tenants) -> Mapping[str, int]:
    """How many are to be sent: ``waiting``, and of these ``late``, which failed before."""
    mine = (IS_OPEN, tenants.clause(notifications.c.tenant))
    late = func.sum(func.abs(func.sign(func.length(notifications.c.error))))
    row = db.execute(select(func.count(), late).where(*mine)).one()
    return {"waiting": row[0], "late": int(row[1] or 0)}


def forget(db: Connection, now: datetime, before: datetime) -> int:
    """Drop some of what ended before then, and of what nobody repeats any more."""
    old = select(notifications.c.id).where(notifications.c.ended_at < micros(before))
    gone = delete(notifications).where(notifications.c.id.in_(old.limit(BULK_ROWS)))
    stale = select(told.c.id).where(told.c.forget_at < micros(now)).limit(BULK_ROWS)
    return db.execute(gone).rowcount + db.execute(delete(told).where(told.c.id.in_(stale))).rowcount


def _fenced(db: Connection, one: Notification, values: Mapping[str, Any]) -> bool:
    mine = (
        notifications.c.id == one.id,
        notifications.c.fence == one.fence,
        notifications.c.state == SENDING,
    )
    return db.execute(update(notifications).where(*mine).values(**values)).rowcount == 1


def _row(one: Notification) -> dict[str, Any]:
    return {
        "id": one.id,
        "tenant": one.tenant,
        "told": one.told,
        "group": one.group,
        "key": one.key,
        "receiver": one.receiver,
        "webhook": one.webhook,
        "firing": json.dumps(sorted(one.standing.firing)),
        "resolved": json.dumps(sorted(one.standing.resolved)),
        "body": one.body,
        "forget_after": one.forget_after // MICROSECOND,
        "state": one.state,
        "created_at": micros(one.created_at),
        "due_at": micros(one.due_at),
        "attempts": one.attempts,
        "fence": one.fence,
        "error": one.error,
    }


def _notification(row: Row[Any]) -> Notification:
    fields = row._asdict()
    firing, resolved = json.loads(fields.pop("firing")), json.loads(fields.pop("resolved"))
    for name in ("created_at", "due_at", "ended_at"):
        fields[name] = None if fields[name] is None else instant(fields[name])
    fields["forget_after"] = fields["forget_after"] * MICROSECOND
    return Notification(
        **fields, standing=Standing(firing=frozenset(firing), resolved=frozenset(resolved))
    )
