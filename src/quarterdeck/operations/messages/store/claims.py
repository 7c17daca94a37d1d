"""Messages that are being sent: taken for as long as a lease, ended, given back.

Whoever holds an older fence than a message has by now writes nothing.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Executable,
    Integer,
    Select,
    Update,
    and_,
    bindparam,
    exists,
    false,
    func,
    not_,
    or_,
    select,
    update,
)

from quarterdeck.kernel.clock import MICROSECOND, micros
from quarterdeck.kernel.db import now_micros
from quarterdeck.operations.messages.model import (
    IN_ORDER,
    OPEN,
    SENDING,
    SENT,
    WAITING,
    Message,
    Urgency,
)
from quarterdeck.operations.messages.store.table import IS_OPEN, message_of, messages


def any_due(db: Connection) -> bool:
    """Whether ``claim`` might find something. Writes nothing."""
    return db.scalar(_due()) is not None


@cache
def _due() -> Select[Any]:
    """Asked many times a second, and so made once."""
    mine = (IS_OPEN, messages.c.due_at <= now_micros(), not_(_waits_its_turn()))
    return select(messages.c.id).where(*mine).limit(1)


def claim(
    db: Connection,
    lease: timedelta,
    most: int,
    *,
    pages: bool,
    full: Collection[tuple[str, str]],
) -> list[Message]:
    """Take pages that are due, or else what is no page; and what another did not end.

    Nothing for the ways (tenant, way) in ``full``.
    """
    return _taken(db, _claim(pages, frozenset(full)), lease, most)


@lru_cache(maxsize=64)
def _claim(pages: bool, full: frozenset[tuple[str, str]]) -> Executable:  # noqa: FBT001  its name
    """Asked many times a second, and of few ways that are full: so made once."""
    crowded = [
        and_(messages.c.tenant == tenant, messages.c.way == way) for tenant, way in sorted(full)
    ]
    is_page = messages.c.urgency == Urgency.PAGE
    takeable = (
        select(messages.c.id)
        .where(
            IS_OPEN,
            messages.c.due_at <= now_micros(),
            is_page if pages else not_(is_page),
            not_(or_(false(), *crowded)),
            not_(_waits_its_turn()),
        )
        # By the alphabet what is prompt comes after what is a batch: downwards, before it.
        .order_by(messages.c.urgency.desc(), messages.c.due_at, messages.c.seq)
        .limit(bindparam("its_most", type_=Integer))
        .with_for_update(skip_locked=True)
        .cte("takeable")
    )
    return _take(messages.c.id.in_(select(takeable.c.id)))


def claim_beside(db: Connection, lease: timedelta, one: Message, most: int) -> list[Message]:
    """Take more that goes with a message that was claimed: to the same address, as urgent."""
    batch = one.urgency is Urgency.BATCH
    ready = messages.c.state == WAITING if batch else messages.c.due_at <= now_micros()
    beside = (
        select(messages.c.id)
        .where(
            IS_OPEN,
            messages.c.tenant == one.tenant,
            messages.c.way == one.way,
            messages.c.urgency == one.urgency,
            ready,
        )
        .order_by(messages.c.seq)
        .limit(bindparam("its_most", type_=Integer))
        .with_for_update(skip_locked=True)
        .cte("beside")
    )
    return _taken(db, _take(messages.c.id.in_(select(beside.c.id))), lease, most)


def waiting_for(db: Connection, one: Message) -> int:
    """How many messages, as urgent as one, wait for its address and are due."""
    query = select(func.count()).where(
        messages.c.tenant == one.tenant,
        messages.c.way == one.way,
        messages.c.urgency == one.urgency,
        messages.c.state == WAITING,
        messages.c.due_at <= now_micros(),
    )
    return int(db.scalar(query) or 0)


def receipt_of(db: Connection, one: Message) -> str:
    """What the receiver called the last that it took about the same, on the same way."""
    query = (
        select(messages.c.receipt)
        .where(
            messages.c.tenant == one.tenant,
            messages.c.about == one.about,
            messages.c.way == one.way,
            messages.c.state == SENT,
        )
        .order_by(messages.c.seq.desc())
        .limit(1)
    )
    return db.scalar(query) or ""


def sent(db: Connection, some: Sequence[tuple[Message, str]], now: datetime) -> int:
    """Write that these were taken, and their receipts; how many no other holds now."""
    ended = micros(now)
    rows = [
        {"its_id": one.id, "its_fence": one.fence, "its_end": ended, "its_receipt": receipt}
        for one, receipt in some
    ]
    return db.execute(_sent(), rows).rowcount


@cache
def _sent() -> Executable:
    return _held().values(
        state=SENT,
        ended_at=bindparam("its_end", type_=BigInteger),
        error="",
        receipt=bindparam("its_receipt"),
    )


def end(db: Connection, one: Message, state: str, now: datetime, *, error: str) -> bool:
    """Write how it ended that was not taken; False if another holds it now."""
    values = {"state": state, "ended_at": micros(now), "error": error, "receipt": ""}
    return _fenced(db, one, values)


def again(db: Connection, one: Message, pause: timedelta, error: str) -> bool:
    """Have it tried again after a pause; False if another holds it now."""
    due_at = now_micros() + pause // MICROSECOND
    return _fenced(db, one, {"state": WAITING, "due_at": due_at, "error": error})


def release(db: Connection, taken: Sequence[Message]) -> None:
    """Give back what was taken, and not tried; what another holds by now is left as it is."""
    rows = [{"its_id": one.id, "its_fence": one.fence} for one in taken]
    if rows:
        db.execute(_released(), rows)


@cache
def _released() -> Executable:
    attempts = messages.c.attempts - 1
    return _held().values(state=WAITING, due_at=now_micros(), attempts=attempts)


def renew(db: Connection, held: Sequence[Message], lease: timedelta) -> None:
    """Prolong the leases of what is being sent."""
    for one in held:
        _fenced(db, one, {"due_at": now_micros() + lease // MICROSECOND})


def _waits_its_turn() -> ColumnElement[bool]:
    """Whether another, posted before it, is yet to be sent: a resolve never comes first."""
    first = messages.alias("first")
    earlier = exists().where(
        first.c.tenant == messages.c.tenant,
        first.c.about == messages.c.about,
        first.c.way == messages.c.way,
        first.c.seq < messages.c.seq,
        first.c.state.in_(OPEN),
    )
    return and_(messages.c.kind.in_(IN_ORDER), earlier)


def _take(which: ColumnElement[bool]) -> Executable:
    return (
        update(messages)
        .where(which)
        .values(
            state=SENDING,
            due_at=now_micros() + bindparam("its_lease", type_=BigInteger),
            attempts=messages.c.attempts + 1,
            fence=messages.c.fence + 1,
        )
        .returning(*messages.c)
    )


def _taken(db: Connection, take: Executable, lease: timedelta, most: int) -> list[Message]:
    rows = db.execute(take, {"its_lease": lease // MICROSECOND, "its_most": most})
    return sorted(map(message_of, rows), key=lambda one: one.seq)


def _held() -> Update:
    """Of those that are sent under one fence alone; made once, where it is asked often."""
    return update(messages).where(
        messages.c.id == bindparam("its_id"),
        messages.c.fence == bindparam("its_fence"),
        messages.c.state == SENDING,
    )


def _fenced(db: Connection, one: Message, values: Mapping[str, Any]) -> bool:
    held = {"its_id": one.id, "its_fence": one.fence}
    return db.execute(_held().values(**values), held).rowcount == 1
