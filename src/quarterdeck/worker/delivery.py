"""Delivers the outbox to its subscribers, in order for each tenant."""

from collections.abc import Iterator, Sequence

import structlog
from sqlalchemy import Engine

from quarterdeck.kernel import deliveries
from quarterdeck.kernel.clock import Clock
from quarterdeck.kernel.deliveries import Subscriber
from quarterdeck.kernel.errors import Unavailable
from quarterdeck.kernel.telemetry import FACTS_DEAD, FACTS_DELIVERED

log = structlog.get_logger("delivery")


def deliver_all(engine: Engine, clock: Clock, subscribers: Sequence[Subscriber]) -> int:
    """Hand over what waits, one batch a tenant and subscriber; how many facts.

    Raises:
        Unavailable: what one of them needs for one tenant is away; all the others were
            served, and nothing was counted against its facts.
    """
    delivered, away = 0, None
    for to, tenant, place in _waiting(engine, subscribers):
        try:
            delivered += _deliver(engine, clock, to, tenant, place)
        except Unavailable as error:
            away = error
    if away is not None:
        raise away
    return delivered


def _waiting(
    engine: Engine, subscribers: Sequence[Subscriber]
) -> Iterator[tuple[Subscriber, str, int]]:
    by_name = {to.name: to for to in subscribers}
    for name, tenant, place in deliveries.waiting(engine, list(by_name)):
        yield by_name[name], tenant, place


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
    try:
        return deliveries.deliver(engine, clock, to, tenant, place, limit), None
    except Unavailable:
        raise
    except Exception as error:  # noqa: BLE001  whatever it throws must block nobody else
        return 0, error


def _count(
    engine: Engine, clock: Clock, to: Subscriber, tenant: str, place: int, error: Exception
) -> None:
    why = f"{type(error).__name__}: {error}"
    if deliveries.failed(engine, clock, to, tenant, place, why):
        FACTS_DEAD.labels(to.name).inc()
        log.error("fact put aside", subscriber=to.name, tenant=tenant, why=why, exc_info=error)
    else:
        log.warning("fact not received", subscriber=to.name, tenant=tenant, why=why)
