"""From the outbox to its subscribers.

Each subscriber keeps its place in each tenant's facts, and moves on in the same
transaction in which it receives: what a subscriber writes to this database happens
exactly once. A fact that keeps failing is put aside for that subscriber alone.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Engine,
    Integer,
    String,
    Table,
    Text,
    and_,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from quarterdeck.kernel import outbox
from quarterdeck.kernel.clock import Clock, micros
from quarterdeck.kernel.db import metadata, now_micros, reading, writing
from quarterdeck.kernel.outbox import Fact
from quarterdeck.kernel.work import Actor, Work, begin

MAX_TRIES = 8  # with pauses of 1, 2, 4 ... seconds: about two minutes
BATCH = 200
SECOND = 1_000_000  # microseconds

positions = Table(
    "kernel_position",
    metadata,
    Column("subscriber", String, primary_key=True),
    Column("tenant", String, primary_key=True),
    Column("sequence", BigInteger, nullable=False),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("retry_at", BigInteger, nullable=False, server_default="0"),
)

dead_facts = Table(
    "kernel_dead_fact",
    metadata,
    Column("subscriber", String, primary_key=True),
    Column("id", String, primary_key=True),
    Column("tenant", String, nullable=False),
    Column("fact", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriber:
    """Who hears of facts.

    Attributes:
        name: its place is kept under this; never change it.
        receive: called once for each fact, in order for each tenant, within a
            transaction that holds the place too.
    """

    name: str
    receive: Callable[[Work, Fact], None]


def behind(engine: Engine, subscriber: str) -> list[tuple[str, int]]:
    """Tenants with facts that ``subscriber`` has not received, and its place in each."""
    sequences = outbox.sequences
    mine = and_(positions.c.tenant == sequences.c.tenant, positions.c.subscriber == subscriber)
    query = (
        select(sequences.c.tenant, func.coalesce(positions.c.sequence, 0))
        .join_from(sequences, positions, mine, isouter=True)
        .where(
            or_(positions.c.sequence.is_(None), positions.c.sequence < sequences.c.last),
            func.coalesce(positions.c.retry_at, 0) <= now_micros(),
        )
        .order_by(sequences.c.tenant)
    )
    with reading(engine) as db:
        return [(row[0], row[1]) for row in db.execute(query)]


def place(engine: Engine, subscriber: str, tenant: str) -> int:
    """The sequence of the last fact of the tenant that ``subscriber`` is done with."""
    query = select(positions.c.sequence).where(
        positions.c.subscriber == subscriber, positions.c.tenant == tenant
    )
    with reading(engine) as db:
        return db.scalar(query) or 0


def backlog(db: Connection, subscriber: str) -> int:
    """How many facts ``subscriber`` has not received."""
    sequences = outbox.sequences
    mine = and_(positions.c.tenant == sequences.c.tenant, positions.c.subscriber == subscriber)
    waiting = func.sum(sequences.c.last - func.coalesce(positions.c.sequence, 0))
    query = select(waiting).join_from(sequences, positions, mine, isouter=True)
    return int(db.scalar(query) or 0)


def deliver(engine: Engine, clock: Clock, to: Subscriber, tenant: str, place: int) -> int:
    """Hand over the tenant's next facts after ``place``; how many. 0: another worker did."""
    with begin(engine, Actor("quarterdeck", frozenset()), clock) as work:
        facts = outbox.after(work.db, tenant, place, BATCH)
        if not facts or not _move(work.db, to.name, tenant, place, facts[-1].sequence):
            return 0
        for fact in facts:
            to.receive(work, fact)
    return len(facts)


def deliver_one(engine: Engine, clock: Clock, to: Subscriber, tenant: str, place: int) -> int:
    """As ``deliver``, but the very next fact alone: finds the one that fails."""
    with begin(engine, Actor("quarterdeck", frozenset()), clock) as work:
        facts = outbox.after(work.db, tenant, place, 1)
        if not facts or not _move(work.db, to.name, tenant, place, facts[0].sequence):
            return 0
        to.receive(work, facts[0])
    return 1


def failed(engine: Engine, clock: Clock, to: Subscriber, tenant: str, why: str) -> bool:
    """Count a failure of the tenant's next fact, and pause; True once it was put aside."""
    at = (positions.c.subscriber == to.name, positions.c.tenant == tenant)
    with writing(engine) as db:
        _begin_place(db, to.name, tenant)
        count = update(positions).where(*at).values(tries=positions.c.tries + 1)
        row = db.execute(count.returning(positions.c.sequence, positions.c.tries)).one()
        facts = outbox.after(db, tenant, row.sequence, 1)
        if row.tries < MAX_TRIES or not facts:
            pause = SECOND << row.tries - 1
            db.execute(update(positions).where(*at).values(retry_at=now_micros() + pause))
            return False
        _put_aside(db, to.name, facts[0], why, micros(clock()))
        _move(db, to.name, tenant, row.sequence, facts[0].sequence)
    return True


def dead(db: Connection) -> Sequence[Any]:
    """Facts put aside, oldest first: subscriber, id, tenant, reason, at."""
    return db.execute(select(dead_facts).order_by(dead_facts.c.at)).all()


def _put_aside(db: Connection, subscriber: str, fact: Fact, why: str, at: int) -> None:
    db.execute(
        dead_facts.insert().values(
            subscriber=subscriber,
            id=fact.id,
            tenant=fact.tenant,
            fact=json.dumps(asdict(fact)),
            reason=why,
            at=at,
        )
    )


def _move(db: Connection, subscriber: str, tenant: str, old: int, new: int) -> bool:
    _begin_place(db, subscriber, tenant)
    mine = (
        positions.c.subscriber == subscriber,
        positions.c.tenant == tenant,
        positions.c.sequence == old,
    )
    moved = update(positions).where(*mine).values(sequence=new, tries=0, retry_at=0)
    return db.execute(moved).rowcount == 1


def _begin_place(db: Connection, subscriber: str, tenant: str) -> None:
    insert = sqlite.insert if db.dialect.name == "sqlite" else postgresql.insert
    row = {"subscriber": subscriber, "tenant": tenant, "sequence": 0}
    db.execute(insert(positions).values(row).on_conflict_do_nothing())
