"""From the outbox to its subscribers.

Each subscriber keeps its place in each tenant's facts, and moves on in the same
transaction in which it receives: what a subscriber writes to this database happens
exactly once. A fact that keeps failing is put aside for that subscriber alone.
"""

import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    CompoundSelect,
    Connection,
    Engine,
    Integer,
    Select,
    String,
    Table,
    Text,
    Update,
    and_,
    bindparam,
    delete,
    func,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from quarterdeck.kernel import outbox
from quarterdeck.kernel.clock import Clock, micros
from quarterdeck.kernel.db import brief, metadata, now_micros, reading, storable, writing
from quarterdeck.kernel.outbox import Fact
from quarterdeck.kernel.work import Actor, Work, begin

MAX_TRIES = 8  # with pauses of 1, 2, 4 ... seconds: about two minutes
BATCH = 200
ITSELF = Actor("quarterdeck", frozenset())
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


def _deaf(_work: Work, _fact: Fact) -> None:
    """For who takes facts outside of transactions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriber:
    """Who hears of facts.

    Attributes:
        name: its place is kept under this; never change it.
        receive: called once for each fact, in order for each tenant, within a
            transaction that holds the place too. Raise Unavailable for what passes by
            itself: the fact then waits as long as it takes. It must not wait for another
            process that writes to this database: SQLite has one writer, and this is it.
        receive_all: instead of ``receive``: called with those that come together, of one tenant,
            so that what is needed of many is asked for once.
        take: instead of ``receive``: called outside of any transaction with facts of some
            tenants, each tenant's in order, and again with the same after a crash, or where it
            raised: it must know what it has.
        hears: the names of the facts that it receives; None: all. The others are passed over
            unread: most are somebody else's, and in a storm they are many.
    """

    name: str
    receive: Callable[[Work, Fact], None] = _deaf
    hears: Collection[str] | None = None
    take: Callable[[datetime, Sequence[Fact]], None] | None = None
    receive_all: Callable[[Work, Sequence[Fact]], None] | None = None

    def receive_each(self, work: Work, facts: Sequence[Fact]) -> None:
        """Have it receive ``facts``, of one tenant, in order. Whoever delivers calls this: it may
        receive in one way or in the other.
        """
        if self.receive_all is None:
            for fact in facts:
                self.receive(work, fact)
        elif facts:
            self.receive_all(work, facts)


Waiting = tuple[Subscriber, str, int]
"""Who is to hear something, of which tenant, and how far it has heard."""


def behind(engine: Engine, subscriber: str) -> list[tuple[str, int]]:
    """Tenants with facts that ``subscriber`` has not received, and its place in each."""
    with reading(engine) as db:
        return [(tenant, at) for _, tenant, at in late(db, [subscriber])]


def late(db: Connection, subscribers: Sequence[str]) -> list[tuple[str, str, int]]:
    """``behind`` of each of ``subscribers``: its name, the tenant, its place."""
    of = {f"of{n}": name for n, name in enumerate(subscribers)}
    return [tuple(row) for row in db.execute(_late(len(of)), of)]


@cache
def _late(many: int) -> CompoundSelect[Any]:
    # Asked ten times a second: made once, and all are asked about in one statement.
    return union_all(*(_behind(f"of{n}") for n in range(many)))


def _behind(name: str) -> Select[Any]:
    sequences, of = outbox.sequences, bindparam(name, type_=String)
    mine = and_(positions.c.tenant == sequences.c.tenant, positions.c.subscriber == of)
    return (
        select(of, sequences.c.tenant, func.coalesce(positions.c.sequence, 0))
        .join_from(sequences, positions, mine, isouter=True)
        .where(
            or_(positions.c.sequence.is_(None), positions.c.sequence < sequences.c.last),
            func.coalesce(positions.c.retry_at, 0) <= now_micros(),
        )
    )


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


def waiting_since(db: Connection, subscriber: str) -> int | None:
    """When the oldest fact happened that ``subscriber`` has not received, microseconds."""
    sequences, facts = outbox.sequences, outbox.outbox
    mine = and_(positions.c.tenant == sequences.c.tenant, positions.c.subscriber == subscriber)
    done = func.coalesce(positions.c.sequence, 0)
    following = and_(facts.c.tenant == sequences.c.tenant, facts.c.sequence == done + 1)
    query = (
        select(func.min(facts.c.moment))
        .select_from(sequences.outerjoin(positions, mine).join(facts, following))
        .where(done < sequences.c.last)
    )
    oldest: int | None = db.scalar(query)
    return oldest


def received_by_all(db: Connection, subscribers: Sequence[str]) -> dict[str, int]:
    """By tenant, the sequence up to which each of ``subscribers`` is done."""
    query = (
        select(positions.c.tenant, func.min(positions.c.sequence))
        .where(positions.c.subscriber.in_(subscribers))
        .group_by(positions.c.tenant)
        .having(func.count() == len(subscribers))
    )
    return {row[0]: row[1] for row in db.execute(query)}


def deliver(
    engine: Engine, clock: Clock, to: Subscriber, tenant: str, place: int, limit: int = BATCH
) -> int:
    """Hand over the tenant's next facts after ``place``; how many.

    0: another worker did, or none was there that it hears.
    """
    if to.take is not None:
        [count] = _taken(engine, clock, to.take, [(to, tenant, place)], limit)
        return count
    with begin(engine, ITSELF, clock) as work:
        brief(work.db)
        return _received(work, to, tenant, place, limit)


def deliver_together(
    engine: Engine, clock: Clock, some: Sequence[Waiting], limit: int = BATCH
) -> list[int]:
    """Hand over the next facts to each of ``some`` in one transaction; how many to each.

    Whatever one of them throws, none has received anything. ``limit`` is of all of them, or of
    each where they take outside of transactions: one subscriber, of several tenants.
    """
    each, take = max(1, limit // len(some)), some[0][0].take
    if take is not None:
        return _taken(engine, clock, take, some, limit)
    with begin(engine, ITSELF, clock) as work:
        brief(work.db)
        return [_received(_apart(work), to, tenant, at, each) for to, tenant, at in some]


def _apart(work: Work) -> Work:
    """Of the same transaction, as a request of its own."""
    return replace(work, request=work.new_id())


def _received(work: Work, to: Subscriber, tenant: str, place: int, limit: int) -> int:
    facts, end = outbox.heard(work.db, tenant, place, limit, to.hears)
    if end == place or not _move(work.db, to.name, tenant, place, end):
        return 0
    to.receive_each(work, facts)
    return len(facts)


def _taken(
    engine: Engine,
    clock: Clock,
    take: Callable[[datetime, Sequence[Fact]], None],
    some: Sequence[Waiting],
    limit: int,
) -> list[int]:
    with reading(engine) as db:
        facts = [outbox.after(db, tenant, place, limit) for _, tenant, place in some]
    if not any(facts):
        return [0 for _ in some]
    take(clock(), [fact for each in facts for fact in each])
    with writing(engine) as db:
        return [
            len(own) if own and _move(db, to.name, tenant, place, own[-1].sequence) else 0
            for (to, tenant, place), own in zip(some, facts, strict=True)
        ]


def failed(engine: Engine, clock: Clock, to: Subscriber, tenant: str, place: int, why: str) -> bool:
    """Count a failure of the fact after ``place``, and pause; True once it was put aside."""
    at = (positions.c.subscriber == to.name, positions.c.tenant == tenant)
    with writing(engine) as db:
        _begin_place(db, to.name, tenant)
        here = update(positions).where(*at, positions.c.sequence == place)
        count = here.values(tries=positions.c.tries + 1)
        tries = db.scalar(count.returning(positions.c.tries))
        facts, _ = outbox.heard(db, tenant, place, 1, to.hears)
        if tries is None or not facts:  # another worker has moved on
            return False
        if tries < MAX_TRIES:
            pause = SECOND << tries - 1
            db.execute(update(positions).where(*at).values(retry_at=now_micros() + pause))
            return False
        _put_aside(db, to.name, facts[0], why, micros(clock()))
        _move(db, to.name, tenant, place, facts[0].sequence)
    return True


def dead(db: Connection) -> Sequence[Any]:
    """Facts put aside, oldest first: subscriber, id, tenant, reason, at."""
    return db.execute(select(dead_facts).order_by(dead_facts.c.at)).all()


def dead_fact(db: Connection, subscriber: str, fact: str) -> Fact | None:
    """The fact that was put aside for ``subscriber``, by its id."""
    mine = (dead_facts.c.subscriber == subscriber, dead_facts.c.id == fact)
    found = db.scalar(select(dead_facts.c.fact).where(*mine))
    return None if found is None else Fact(**json.loads(found))


def received_at_last(db: Connection, subscriber: str, fact: str) -> None:
    """Forget that a fact was put aside: it has been received since."""
    mine = (dead_facts.c.subscriber == subscriber, dead_facts.c.id == fact)
    db.execute(delete(dead_facts).where(*mine))


def _put_aside(db: Connection, subscriber: str, fact: Fact, why: str, at: int) -> None:
    db.execute(
        dead_facts.insert().values(
            subscriber=subscriber,
            id=fact.id,
            tenant=fact.tenant,
            fact=json.dumps(asdict(fact)),
            reason=storable(why),
            at=at,
        )
    )


def _move(db: Connection, subscriber: str, tenant: str, old: int, new: int) -> bool:
    if not old:
        _begin_place(db, subscriber, tenant)
    return (
        db.execute(moving(), {"of": subscriber, "in": tenant, "old": old, "new": new}).rowcount == 1
    )


@cache
def moving() -> Update:
    """Moves a place from ``old`` to ``new``, of subscriber ``of`` in tenant ``in``; not one that
    another worker has moved.
    """
    mine = (
        positions.c.subscriber == bindparam("of"),
        positions.c.tenant == bindparam("in"),
        positions.c.sequence == bindparam("old"),
    )
    return update(positions).where(*mine).values(sequence=bindparam("new"), tries=0, retry_at=0)


def _begin_place(db: Connection, subscriber: str, tenant: str) -> None:
    insert = sqlite.insert if db.dialect.name == "sqlite" else postgresql.insert
    row = {"subscriber": subscriber, "tenant": tenant, "sequence": 0}
    db.execute(insert(positions).values(row).on_conflict_do_nothing())
