"""Messages: what is to be told, is being told, and was."""

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import cache
from typing import Any

import msgspec
from sqlalchemy import (
    Connection,
    Executable,
    delete,
    func,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from quarterdeck.kernel.clock import instant, micros
from quarterdeck.kernel.db import BULK_ROWS, now_micros
from quarterdeck.kernel.work import Tenants
from quarterdeck.operations.messages.model import (
    FAILED,
    OPEN,
    SENT,
    WAITING,
    Filter,
    Message,
    Urgency,
)
from quarterdeck.operations.messages.store.table import IS_OPEN, message_of, messages


def add(db: Connection, new: Sequence[Message]) -> list[str]:
    """Have these sent; the id of each, or of the message that has its key and goes its way."""
    rows = [_row(one) for one in new]
    made = set(db.scalars(_fresh(db.dialect.name), rows)) if rows else set()
    return [one.id if one.id in made else _same(db, one) for one in new]


def _same(db: Connection, new: Message) -> str:
    same = (messages.c.tenant == new.tenant, messages.c.key == new.key, messages.c.way == new.way)
    return str(db.scalar(select(messages.c.id).where(*same)))


@cache
def _fresh(dialect: str) -> Executable:
    # Made once: in a storm, making it costs as much as the database does.
    make = sqlite.insert if dialect == "sqlite" else postgresql.insert
    return make(messages).on_conflict_do_nothing().returning(messages.c.id)


def hurry(db: Connection, new: Message) -> None:
    """Have what is held back go no later than one that must come after it."""
    held = (
        messages.c.tenant == new.tenant,
        messages.c.about == new.about,
        messages.c.way == new.way,
        messages.c.state == WAITING,
        messages.c.attempts == 0,
        messages.c.due_at > micros(new.due_at),
    )
    db.execute(update(messages).where(*held).values(due_at=micros(new.due_at)))


def bundle_due(db: Connection, tenants: Tenants, way: str) -> datetime | None:
    """When the messages to an address that wait to be bundled go; None: none waits."""
    mine = (messages.c.way == way, messages.c.urgency == Urgency.BATCH, messages.c.attempts == 0)
    query = select(func.min(messages.c.due_at)).where(
        tenants.clause(messages.c.tenant), *mine, messages.c.state == WAITING
    )
    due = db.scalar(query)
    return None if due is None else instant(due)


def of_id(db: Connection, tenants: Tenants, message: str) -> Message | None:
    """One message, if it is there."""
    mine = (tenants.clause(messages.c.tenant), messages.c.id == message)
    row = db.execute(select(messages).where(*mine)).one_or_none()
    return None if row is None else message_of(row)


def about(db: Connection, tenants: Tenants, what: str) -> list[Message]:
    """What was told about something, first to last."""
    mine = (tenants.clause(messages.c.tenant), messages.c.about == what)
    return [
        message_of(row)
        for row in db.execute(select(messages).where(*mine).order_by(messages.c.seq))
    ]


def states_of(db: Connection, tenants: Tenants, what: Collection[str]) -> dict[str, str]:
    """The states of what was told about some things, by the messages' ids."""
    mine = (tenants.clause(messages.c.tenant), messages.c.about.in_(what))
    return {
        row[0]: row[1] for row in db.execute(select(messages.c.id, messages.c.state).where(*mine))
    }


def pages_wait(db: Connection, tenants: Tenants, what: Collection[str], before: datetime) -> bool:
    """Whether a page about one of some things is not told since before then."""
    mine = (tenants.clause(messages.c.tenant), messages.c.about.in_(what))
    old = (IS_OPEN, messages.c.urgency == Urgency.PAGE, messages.c.created_at <= micros(before))
    return db.scalar(select(messages.c.id).where(*mine, *old).limit(1)) is not None


def listed(
    db: Connection, tenants: Tenants, wanted: Filter, *, before: int = 0, limit: int
) -> list[Message]:
    """Messages, newest first; those before one, if that is given."""
    query = select(messages).where(tenants.clause(messages.c.tenant))
    if wanted.states:
        query = query.where(messages.c.state.in_(wanted.states))
    if wanted.about:
        query = query.where(messages.c.about == wanted.about)
    if wanted.channel:
        query = query.where(messages.c.channel == wanted.channel)
    if before:
        query = query.where(messages.c.seq < before)
    rows = db.execute(query.order_by(messages.c.seq.desc()).limit(limit))
    return [message_of(row) for row in rows]


def last_of_channels(db: Connection, tenants: Tenants) -> dict[tuple[str, str], Message]:
    """What each channel was told last, by tenant and channel."""
    newest = (
        select(func.max(messages.c.seq))
        .where(tenants.clause(messages.c.tenant), messages.c.channel != "", messages.c.attempts > 0)
        .group_by(messages.c.tenant, messages.c.channel)
    )
    rows = db.execute(select(messages).where(messages.c.seq.in_(newest)))
    return {(row.tenant, row.channel): message_of(row) for row in rows}


def retry(db: Connection, tenants: Tenants, one: Message, until: datetime) -> bool:
    """Have what failed tried anew; False if it is in another state now."""
    mine = (tenants.clause(messages.c.tenant), messages.c.id == one.id, messages.c.state == FAILED)
    values = {
        "state": WAITING,
        "due_at": now_micros(),
        "give_up_at": micros(until),
        "ended_at": None,
    }
    return db.execute(update(messages).where(*mine).values(**values)).rowcount == 1


def bounce(db: Connection, tenants: Tenants, one: Message, error: str, now: datetime) -> bool:
    """Write down that what was sent came back; False if it was not sent, or is known to have."""
    mine = (tenants.clause(messages.c.tenant), messages.c.id == one.id, messages.c.state == SENT)
    values = {"state": FAILED, "error": error, "ended_at": micros(now)}
    return db.execute(update(messages).where(*mine).values(**values)).rowcount == 1


def let_go(db: Connection, tenants: Tenants, one: Message, state: str, now: datetime) -> bool:
    """Have it tried no more; False if it is being sent, or was, or was let go."""
    mine = (tenants.clause(messages.c.tenant), messages.c.id == one.id)
    open_ = messages.c.state.in_((WAITING, FAILED))
    values = {"state": state, "ended_at": micros(now)}
    return db.execute(update(messages).where(*mine, open_).values(**values)).rowcount == 1


def counts(db: Connection, tenants: Tenants) -> list[tuple[str, str, str, int, int]]:
    """Tenant, kind, state, how many, and since when (microseconds), of what was not told."""
    by = (messages.c.tenant, messages.c.kind, messages.c.state)
    query = (
        select(*by, func.count(), func.min(messages.c.created_at))
        .where(tenants.clause(messages.c.tenant), messages.c.state.in_((*OPEN, FAILED)))
        .group_by(*by)
    )
    return [(row[0], row[1], row[2], row[3], row[4]) for row in db.execute(query)]


def forget(db: Connection, before: datetime) -> int:
    """Drop some of what ended before then; dead letters too."""
    old = select(messages.c.id).where(messages.c.ended_at < micros(before)).limit(BULK_ROWS)
    return db.execute(delete(messages).where(messages.c.id.in_(old))).rowcount


def _row(one: Message) -> dict[str, Any]:
    moments = {name: micros(getattr(one, name)) for name in ("created_at", "due_at", "give_up_at")}
    return moments | {
        "id": one.id,
        "tenant": one.tenant,
        "key": one.key,
        "about": one.about,
        "way": one.way,
        "channel": one.channel,
        "kind": one.kind,
        "address": one.address,
        "person": one.person,
        "urgency": one.urgency.value,
        "content": msgspec.json.encode(one.content).decode(),
        "state": one.state,
        "attempts": one.attempts,
        "fence": one.fence,
        "error": one.error,
        "receipt": one.receipt,
        "ended_at": None if one.ended_at is None else micros(one.ended_at),
    }
