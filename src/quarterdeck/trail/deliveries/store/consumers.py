"""Consumers and their places in SQL."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Integer,
    Row,
    Select,
    String,
    Table,
    Text,
    and_,
    bindparam,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from quarterdeck.kernel.clock import MICROSECOND, micros
from quarterdeck.kernel.db import metadata, now_micros, storable
from quarterdeck.kernel.work import Tenants
from quarterdeck.trail.deliveries.model import Known, Place, pause_after

consumers = Table(
    "trail_consumer",
    metadata,
    Column("name", String, primary_key=True),
    Column("queue", String, nullable=False),
    Column("began_at", BigInteger, nullable=False),
    Column("paused", Text, nullable=False, server_default=""),
    Column("holder", String, nullable=False, server_default=""),
    Column("held_until", BigInteger, nullable=False, server_default="0"),
)

cursors = Table(
    "trail_cursor",
    metadata,
    Column("consumer", String, primary_key=True),
    Column("log", String, primary_key=True),
    Column("position", BigInteger, nullable=False),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("error", Text, nullable=False, server_default=""),
    Column("since", BigInteger, nullable=False, server_default="0"),
    Column("retry_at", BigInteger, nullable=False, server_default="0"),
)

CLEAR = {"tries": 0, "error": "", "since": 0, "retry_at": 0}

Step = tuple[str, int, int]
"""A log, the place before, the place after."""


def register(db: Connection, name: str, queue: str, now: datetime) -> None:
    """Have the consumer known; one that is known stays as it is."""
    row = {"name": name, "queue": queue, "began_at": micros(now)}
    db.execute(_insert(db, consumers).values(row).on_conflict_do_nothing())


def hold(db: Connection, name: str, holder: str, lease: timedelta) -> Known | None:
    """The consumer, which ``holder`` alone delivers to for ``lease``; None: not now."""
    free = or_(consumers.c.holder == holder, consumers.c.held_until < now_micros())
    take = (
        update(consumers)
        .where(consumers.c.name == name, consumers.c.paused == "", free)
        .values(holder=holder, held_until=now_micros() + lease // MICROSECOND)
    )
    if db.execute(take).rowcount != 1:
        return None
    return one(db, name)


def release(db: Connection, name: str, holder: str) -> None:
    """Let another deliver at once."""
    mine = and_(consumers.c.name == name, consumers.c.holder == holder)
    db.execute(update(consumers).where(mine).values(holder="", held_until=0))


def one(db: Connection, name: str) -> Known | None:
    """The consumer of that name."""
    return next((known for known in every(db) if known.name == name), None)


def every(db: Connection) -> list[Known]:
    """All consumers, by name."""
    held = (consumers.c.held_until > now_micros()).label("held")
    rows = db.execute(select(consumers, held).order_by(consumers.c.name))
    return [
        Known(
            name=row.name,
            queue=row.queue,
            began_at=row.began_at,
            paused=row.paused,
            held=bool(row.held),
        )
        for row in rows
    ]


def pause(db: Connection, name: str, reason: str) -> bool:
    """Have the consumer rest, from its next turn on; empty: go on. False: no change."""
    change = update(consumers).where(consumers.c.name == name, consumers.c.paused != reason)
    return db.execute(change.values(paused=storable(reason))).rowcount == 1


def places(db: Connection, consumer: str, among: Collection[str] | None = None) -> dict[str, Place]:
    """Where the consumer is, by log; or in those ``among`` the logs."""
    wanted = select(cursors).where(cursors.c.consumer == consumer)
    rows = db.execute(wanted if among is None else wanted.where(cursors.c.log.in_([*among])))
    return {row.log: _place(row) for row in rows}


def behind(db: Connection, consumer: str, first: str, now: datetime) -> list[tuple[Place, int]]:
    """Where the consumer is behind ``first`` and need not wait, by log, each with its end."""
    rows = db.execute(_behind(), {"of": consumer, "first": first, "now": micros(now)})
    return [(_place(row), row.end) for row in rows]


def places_among(db: Connection, among: Tenants) -> dict[str, dict[str, Place]]:
    """Where each consumer is in the logs of these tenants: by consumer, then by log."""
    found: dict[str, dict[str, Place]] = {}
    for row in db.execute(select(cursors).where(among.clause(cursors.c.log))):
        found.setdefault(row.consumer, {})[row.log] = _place(row)
    return found


def move(db: Connection, consumer: str, steps: Iterable[Step]) -> int:
    """Move the places on; how many stood where their step begins."""
    moved = 0
    for log, old, new in steps:
        if old == 0:
            row = {"consumer": consumer, "log": log, "position": 0}
            db.execute(_insert(db, cursors).values(row).on_conflict_do_nothing())
        here = _at(consumer, log) & (cursors.c.position == old)
        moved += db.execute(update(cursors).where(here).values(position=new, **CLEAR)).rowcount
    return moved


def held_up(db: Connection, consumer: str, log: str, error: str, now: datetime) -> None:
    """The consumer cannot go on in the log; it waits, longer each time."""
    row = {"consumer": consumer, "log": log, "position": 0}
    db.execute(_insert(db, cursors).values(row).on_conflict_do_nothing())
    here = update(cursors).where(_at(consumer, log))
    tries = db.scalars(here.values(tries=cursors.c.tries + 1).returning(cursors.c.tries)).one()
    moment = micros(now)
    values = {"error": storable(error), "retry_at": micros(now + pause_after(tries))}
    db.execute(here.values(values))
    db.execute(here.where(cursors.c.since == 0).values(since=moment))


def retry(db: Connection, among: Tenants, consumer: str) -> list[Place]:
    """Have the consumer try at once where it is stuck in these logs; where that was."""
    stuck = (cursors.c.consumer == consumer, cursors.c.error != "", among.clause(cursors.c.log))
    found = [_place(row) for row in db.execute(select(cursors).where(*stuck))]
    db.execute(update(cursors).where(*stuck).values(retry_at=0))
    return found


@cache
def _behind() -> Select[Any]:
    """Asked ten times a second by each consumer, and so made once."""
    ends = cursors.alias()
    mine = and_(cursors.c.log == ends.c.log, cursors.c.consumer == bindparam("of"))
    counts = [cursors.c[name] for name in ("position", "tries", "since", "retry_at")]
    return (
        select(
            ends.c.log,
            *(func.coalesce(one, 0).label(one.name) for one in counts),
            func.coalesce(cursors.c.error, "").label("error"),
            ends.c.position.label("end"),
        )
        .select_from(ends.outerjoin(cursors, mine))
        .where(
            ends.c.consumer == bindparam("first"),
            ends.c.position > func.coalesce(cursors.c.position, 0),
            func.coalesce(cursors.c.retry_at, 0) <= bindparam("now", type_=BigInteger),
        )
        .order_by(ends.c.log)
    )


def _at(consumer: str, log: str) -> Any:  # noqa: ANN401  SQLAlchemy's condition
    return and_(cursors.c.consumer == consumer, cursors.c.log == log)


def _insert(db: Connection, into: Table) -> Any:  # noqa: ANN401  two dialects' insert
    return (sqlite.insert if db.dialect.name == "sqlite" else postgresql.insert)(into)


def _place(row: Row[Any]) -> Place:
    return Place(
        log=row.log,
        position=row.position,
        tries=row.tries,
        error=row.error,
        since=row.since,
        retry_at=row.retry_at,
    )
