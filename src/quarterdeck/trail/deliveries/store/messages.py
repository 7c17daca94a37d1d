"""Messages that were not received at once, in SQL: what is received has no row."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Index,
    Integer,
    Row,
    Select,
    String,
    Table,
    Text,
    and_,
    bindparam,
    delete,
    exists,
    func,
    insert,
    select,
    update,
)

from quarterdeck.kernel import deliveries
from quarterdeck.kernel.clock import instant, micros
from quarterdeck.kernel.db import metadata, storable
from quarterdeck.kernel.outbox import Fact
from quarterdeck.kernel.work import Tenants
from quarterdeck.trail.deliveries.message import Kind, Message, Wanted
from quarterdeck.trail.deliveries.model import Failure, Reason, State

messages = Table(
    "trail_message",
    metadata,
    Column("consumer", String, primary_key=True),
    Column("log", String, primary_key=True),
    Column("idx", BigInteger, primary_key=True),
    Column("id", String, nullable=False),
    Column("state", String, nullable=False),
    Column("deliveries", Integer, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("reason", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("error", Text, nullable=False),
    Column("enqueued_at", BigInteger, nullable=False),
    Column("first_at", BigInteger, nullable=False),
    Column("dead_at", BigInteger, nullable=False),
    Column("locked_until", BigInteger, nullable=False, server_default="0"),
    Column("lock", String, nullable=False, server_default=""),
    Column("note", Text, nullable=False, server_default=""),
    Column("noted_by", String, nullable=False, server_default=""),
    Column("replay", String, nullable=False, server_default=""),
    Index("trail_message_due", "consumer", "state", "due_at"),
    Index("trail_message_dead", "consumer", "dead_at", "id"),
)

LETTERS = (State.DEAD, State.QUARANTINED)

Spot = tuple[int, str]
"""When it died, and its id: the key by which lists are paged."""


def add(db: Connection, rows: Sequence[Message]) -> None:
    """Put messages aside."""
    if rows:
        db.execute(insert(messages), [_row(one) for one in rows])


def put(db: Connection, message: Message) -> None:
    """Keep the message as it is now."""
    here = update(messages).where(_is(message.consumer, message.log, message.index))
    db.execute(here.values(_row(message)))


def remove(db: Connection, consumer: str, log: str, index: int) -> bool:
    """Forget a message that was received at last; False: it was not there."""
    return db.execute(delete(messages).where(_is(consumer, log, index))).rowcount == 1


def due(db: Connection, consumer: str, now: datetime, limit: int) -> list[Message]:
    """Messages whose next try has come, the longest overdue first."""
    wish = {"of": consumer, "now": micros(now), "most": limit}
    return [_message(row) for row in db.execute(_due(), wish)]


def scheduled(db: Connection, consumer: str) -> int:
    """How many await another try."""
    mine = (messages.c.consumer == consumer, messages.c.state == State.SCHEDULED)
    return db.scalar(select(func.count()).where(*mine)) or 0


def counts(db: Connection, among: Tenants) -> Mapping[tuple[str, str], int]:
    """How many of these tenants there are, by consumer and state."""
    columns = (messages.c.consumer, messages.c.state)
    query = select(*columns, func.count().label("many")).where(among.clause(messages.c.log))
    return {(row[0], row[1]): row[2] for row in db.execute(query.group_by(*columns))}


def by_reason(db: Connection) -> Mapping[tuple[str, str], int]:
    """How many dead letters there are, by consumer and reason."""
    columns = (messages.c.consumer, messages.c.reason)
    query = select(*columns, func.count().label("many")).where(messages.c.state.in_(LETTERS))
    return {(row[0], row[1]): row[2] for row in db.execute(query.group_by(*columns))}


def letters(
    db: Connection, among: Tenants, wanted: Wanted, after: Spot | None, limit: int
) -> list[Message]:
    """Dead letters of these tenants, oldest first."""
    query = select(messages).where(*_wanted(among, wanted))
    if after is not None:
        when, key = after
        later = and_(messages.c.dead_at == when, messages.c.id > key)
        query = query.where((messages.c.dead_at > when) | later)
    query = query.order_by(messages.c.dead_at, messages.c.id).limit(limit)
    return [_message(row) for row in db.execute(query)]


def count(db: Connection, among: Tenants, wanted: Wanted) -> int:
    """How many dead letters of these tenants are wanted."""
    return db.scalar(select(func.count()).where(*_wanted(among, wanted))) or 0


def letter(db: Connection, among: Tenants, consumer: str, message: str) -> Message | None:
    """One dead letter of these tenants, by its id."""
    mine = (messages.c.consumer == consumer, messages.c.id == message)
    letters = messages.c.state.in_(LETTERS)
    query = select(messages).where(*mine, letters, among.clause(messages.c.log))
    row = db.execute(query.limit(1)).one_or_none()
    return None if row is None else _message(row)


def lock(
    db: Connection, among: Tenants, one: Message, token: str, times: tuple[datetime, timedelta]
) -> bool:
    """Keep a dead letter from others until the lock ends; False: another has it."""
    now, lasts = times
    free = messages.c.locked_until <= micros(now)
    here = update(messages).where(
        _is(one.consumer, one.log, one.index), free, among.clause(messages.c.log)
    )
    return db.execute(here.values(lock=token, locked_until=micros(now + lasts))).rowcount == 1


def note(db: Connection, among: Tenants, one: Message) -> None:
    """Keep what a person said of a dead letter: its class, its quarantine."""
    here = update(messages).where(
        _is(one.consumer, one.log, one.index), among.clause(messages.c.log)
    )
    said = {"kind": one.kind, "state": one.state, "note": storable(one.note)}
    db.execute(here.values(**said, noted_by=one.noted_by))


def schedule(
    db: Connection, among: Tenants, chosen: Sequence[Message], replay: str, now: datetime
) -> list[Message]:
    """Have dead letters delivered once more, now; those that still were dead letters."""
    return [one for one in chosen if _schedule(db, among, one, replay, now)]


def _schedule(db: Connection, among: Tenants, one: Message, replay: str, now: datetime) -> bool:
    here = update(messages).where(
        _is(one.consumer, one.log, one.index),
        messages.c.state == State.DEAD,
        among.clause(messages.c.log),
    )
    values = {"state": State.SCHEDULED, "due_at": micros(now), "replay": replay}
    return db.execute(here.values(values)).rowcount == 1


def uncollected(db: Connection, limit: int) -> list[tuple[str, Fact, str, datetime]]:
    """Facts of the platform that were put aside and have no row here yet.

    Each with its subscriber, why, and when that was.
    """
    facts = deliveries.dead_facts
    here = exists().where(messages.c.consumer == facts.c.subscriber, messages.c.id == facts.c.id)
    query = select(facts).where(~here).order_by(facts.c.at).limit(limit)
    return [
        (row.subscriber, Fact(**json.loads(row.fact)), row.reason, instant(row.at))
        for row in db.execute(query)
    ]


@cache
def _due() -> Select[Any]:
    """Asked ten times a second by each consumer, and so made once."""
    return (
        select(messages)
        .where(
            messages.c.consumer == bindparam("of"),
            messages.c.state == State.SCHEDULED,
            messages.c.due_at <= bindparam("now", type_=BigInteger),
        )
        .order_by(messages.c.due_at, messages.c.log, messages.c.idx)
        .limit(bindparam("most", type_=Integer))
    )


def _is(consumer: str, log: str, index: int) -> ColumnElement[bool]:
    return and_(messages.c.consumer == consumer, messages.c.log == log, messages.c.idx == index)


def _wanted(among: Tenants, wanted: Wanted) -> list[ColumnElement[bool]]:
    c = messages.c
    states = LETTERS if wanted.quarantined else (State.DEAD,)
    found = [c.consumer == wanted.consumer, c.state.in_(states), among.clause(c.log)]
    given = ((c.reason, wanted.reason), (c.kind, wanted.kind), (c.log, wanted.tenant))
    found += [column == value for column, value in given if value]
    if wanted.message:
        found.append(c.id == wanted.message)
    if wanted.unlocked_at is not None:
        found.append(c.locked_until <= micros(wanted.unlocked_at))
    if wanted.since is not None:
        found.append(c.enqueued_at >= micros(wanted.since))
    if wanted.until is not None:
        found.append(c.enqueued_at < micros(wanted.until))
    if wanted.dead_since is not None:
        found.append(c.dead_at >= micros(wanted.dead_since))
    return found


def _row(one: Message) -> dict[str, Any]:
    return {
        "consumer": one.consumer,
        "log": one.log,
        "idx": one.index,
        "id": one.id,
        "state": one.state,
        "deliveries": one.deliveries,
        "due_at": micros(one.due_at),
        "reason": one.failure.reason,
        "kind": one.kind,
        "error": storable(one.failure.error),
        "enqueued_at": micros(one.enqueued_at),
        "first_at": micros(one.first_at),
        "dead_at": micros(one.dead_at) if one.dead_at else 0,
        "locked_until": micros(one.locked_until) if one.locked_until else 0,
        "lock": one.lock,
        "note": storable(one.note),
        "noted_by": one.noted_by,
        "replay": one.replay,
    }


def _message(row: Row[Any]) -> Message:
    return Message(
        consumer=row.consumer,
        log=row.log,
        index=row.idx,
        id=row.id,
        state=State(row.state),
        deliveries=row.deliveries,
        due_at=instant(row.due_at),
        failure=Failure(reason=Reason(row.reason), error=row.error, final=False),
        kind=Kind(row.kind),
        enqueued_at=instant(row.enqueued_at),
        first_at=instant(row.first_at),
        dead_at=instant(row.dead_at) if row.dead_at else None,
        locked_until=instant(row.locked_until) if row.locked_until else None,
        lock=row.lock,
        note=row.note,
        noted_by=row.noted_by,
        replay=row.replay,
    )
