"""What people do about deliveries: pause, resume, retry."""

from collections.abc import Iterable

from sqlalchemy import Engine

from quarterdeck.events.deliveries import ConsumerPaused, ConsumerResumed, DeliveryRetried
from quarterdeck.kernel.clock import Clock
from quarterdeck.kernel.db import writing
from quarterdeck.kernel.errors import Invalid
from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.kernel.work import Work
from quarterdeck.trail.deliveries.model import RELAY, ConsumerNotFound, Known
from quarterdeck.trail.deliveries.ports import Consumer
from quarterdeck.trail.deliveries.service.facts import QUEUE
from quarterdeck.trail.deliveries.store import consumers as store

CONTROLS = "deliveries:control"
MAX_REASON = 500


def enroll(
    engine: Engine, clock: Clock, known: Iterable[Consumer], subscribers: Iterable[str]
) -> None:
    """Have the relay, these consumers and these subscribers of facts be known from the start."""
    with writing(engine) as db:
        store.register(db, RELAY, "", clock())
        for one in known:
            store.register(db, one.name, one.queue, clock())
        for name in subscribers:
            store.register(db, name, QUEUE, clock())


def pause(work: Work, consumer: str, reason: str) -> None:
    """Have a consumer, or the relay, rest; what is appended waits for it.

    Raises:
        ConsumerNotFound: says which there are.
    """
    work.require(CONTROLS, PLATFORM)
    if not 0 < len(reason.strip()) <= MAX_REASON:
        raise Invalid(f"say why, in 1 to {MAX_REASON} characters")
    if known(work, consumer).queue == QUEUE:
        raise Invalid(f"{consumer} receives the platform's own facts, and cannot be paused")
    if store.pause(work.db, consumer, reason):
        work.publish(ConsumerPaused(tenant=PLATFORM, consumer=consumer, reason=reason))


def resume(work: Work, consumer: str) -> None:
    """Have a paused consumer go on; again is nothing."""
    work.require(CONTROLS, PLATFORM)
    known(work, consumer)
    if store.pause(work.db, consumer, ""):
        work.publish(ConsumerResumed(tenant=PLATFORM, consumer=consumer))


def retry(work: Work, consumer: str, tenant: str = "") -> int:
    """Have a consumer, or the relay, try at once where it is stuck; in how many logs."""
    among = work.require(CONTROLS, tenant) if tenant else work.tenants(CONTROLS)
    known(work, consumer)
    stuck = store.retry(work.db, among, consumer)
    for place in stuck:
        work.publish(DeliveryRetried(tenant=place.log, consumer=consumer, position=place.position))
    return len(stuck)


def known(work: Work, consumer: str) -> Known:
    """The consumer of that name; raise ConsumerNotFound, which says which there are."""
    found = store.one(work.db, consumer)
    if found is None:
        there = ", ".join(one.name for one in store.every(work.db)) or "none yet"
        raise ConsumerNotFound(f"no consumer {consumer[:80]!r}; there are: {there}")
    return found
