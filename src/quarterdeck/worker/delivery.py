"""Delivers the outbox to its subscribers, in order for each tenant."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import groupby
from typing import TypeVar

import structlog
from sqlalchemy import Engine

from quarterdeck.kernel import deliveries
from quarterdeck.kernel.clock import Clock
from quarterdeck.kernel.db import reading
from quarterdeck.kernel.deliveries import Subscriber, Waiting
from quarterdeck.kernel.errors import Unavailable
from quarterdeck.kernel.passing import Passing, pass_over, passing
from quarterdeck.kernel.telemetry import FACTS_DEAD, FACTS_DELIVERED

log = structlog.get_logger("delivery")

MOST_TOGETHER = 20
R = TypeVar("R")


def deliver_all(engine: Engine, clock: Clock, subscribers: Sequence[Subscriber]) -> int:
    """Hand over what waits, one batch a tenant and subscriber; how many facts.

    Raises:
        Unavailable: what one of them needs for one tenant is away; all the others were
            served, and nothing was counted against its facts.
    """
    delivered, away = 0, None
    waiting, past = _waiting(engine, subscribers)
    pass_over(engine, past)
    for some in _portions(engine, waiting):
        together = _deliver_together(engine, clock, some) if len(some) > 1 else None
        for to, tenant, place in some if together is None else ():
            try:
                delivered += _deliver(engine, clock, to, tenant, place)
            except Unavailable as error:
                away = error
        delivered += together or 0
    if away is not None:
        raise away
    return delivered


def _waiting(
    engine: Engine, subscribers: Sequence[Subscriber]
) -> tuple[list[Waiting], list[Passing]]:
    """Who is to hear something, and who is only to pass over what it does not hear."""
    by_name = {to.name: to for to in subscribers}
    order = {name: number for number, name in enumerate(by_name)}
    with reading(engine) as db:
        late = sorted(deliveries.late(db, list(by_name)), key=lambda one: (order[one[0]], one[1]))
        waiting = [(by_name[name], tenant, at) for name, tenant, at in late]
        past = passing(db, waiting) if waiting else []
    passed = {(one.subscriber, one.tenant) for one in past}
    return [one for one in waiting if (one[0].name, one[1]) not in passed], past


def _portions(engine: Engine, waiting: Iterable[Waiting]) -> Iterator[Sequence[Waiting]]:
    """What is handed over at once: what is appended to the log, which syncs it once; and on SQLite
    much of the rest, for it has one writer, and each of a hundred tenants would wait for a turn.
    """
    alone = engine.dialect.name != "sqlite"
    for taker, some in groupby(waiting, key=lambda one: one[0].take and one[0].name):
        many, size = [*some], 1 if alone and not taker else MOST_TOGETHER
        yield from (many[first : first + size] for first in range(0, len(many), size))


def _deliver_together(engine: Engine, clock: Clock, some: Sequence[Waiting]) -> int | None:
    """How many facts were received; None where one of them could not: each is asked apart."""
    with suppress(Unavailable):
        none: list[int] = []
        counts, failure = _handed_over(
            lambda: deliveries.deliver_together(engine, clock, some), none
        )
        if failure is None:
            for (to, _, _), count in zip(some, counts, strict=True):
                FACTS_DELIVERED.labels(to.name).inc(count)
            return sum(counts)
    return None


def _deliver(engine: Engine, clock: Clock, to: Subscriber, tenant: str, place: int) -> int:
    """One batch; if that fails, one fact at a time, so that only the poisoned one waits."""
    delivered, failure = _hand_over(engine, clock, to, tenant, place, deliveries.BATCH)
    moved = 1
    while failure and moved:
        place = deliveries.place(engine, to.name, tenant)
        moved, poison = _hand_over(engine, clock, to, tenant, place, limit=1)
        delivered += moved
        if poison:
            _count(engine, clock, to, tenant, place, poison)
    FACTS_DELIVERED.labels(to.name).inc(delivered)
    return delivered


def _hand_over(
    engine: Engine, clock: Clock, to: Subscriber, tenant: str, place: int, limit: int
) -> tuple[int, Exception | None]:
    """How many facts were received, or what the subscriber threw."""
    return _handed_over(lambda: deliveries.deliver(engine, clock, to, tenant, place, limit), 0)


def _handed_over(hand_over: Callable[[], R], nothing: R) -> tuple[R, Exception | None]:
    try:
        return hand_over(), None
    except Unavailable:
        raise
    except Exception as error:  # noqa: BLE001  whatever it throws must block nobody else
        return nothing, error


def _count(
    engine: Engine, clock: Clock, to: Subscriber, tenant: str, place: int, error: Exception
) -> None:
    why = f"{type(error).__name__}: {error}"
    if deliveries.failed(engine, clock, to, tenant, place, why):
        FACTS_DEAD.labels(to.name).inc()
        log.error("fact put aside", subscriber=to.name, tenant=tenant, why=why, exc_info=error)
    else:
        log.warning("fact not received", subscriber=to.name, tenant=tenant, why=why)
