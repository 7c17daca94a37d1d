"""Delivers the outbox to its subscribers, in order for each tenant."""

from collections.abc import Sequence

import structlog
from sqlalchemy import Engine

from quarterdeck.kernel import deliveries
from quarterdeck.kernel.clock import Clock
from quarterdeck.kernel.db import DatabaseUnavailable
from quarterdeck.kernel.deliveries import Subscriber
from quarterdeck.kernel.telemetry import FACTS_DEAD, FACTS_DELIVERED

log = structlog.get_logger("delivery")


def deliver_all(engine: Engine, clock: Clock, subscribers: Sequence[Subscriber]) -> int:
    """Hand over what waits, one batch a tenant and subscriber; how many facts."""
    return sum(
        _deliver(engine, clock, to, tenant, place)
        for to in subscribers
        for tenant, place in deliveries.behind(engine, to.name)
    )


def _deliver(engine: Engine, clock: Clock, to: Subscriber, tenant: str, place: int) -> int:
    """One batch; if that fails, one fact at a time, so that only the poisoned one waits."""
    try:
        delivered = deliveries.deliver(engine, clock, to, tenant, place)
    except DatabaseUnavailable:
        raise
    except Exception:  # noqa: BLE001  whatever a subscriber throws must block nobody else
        delivered = _one_by_one(engine, clock, to, tenant)
    FACTS_DELIVERED.labels(to.name).inc(delivered)
    return delivered


def _one_by_one(engine: Engine, clock: Clock, to: Subscriber, tenant: str) -> int:
    delivered = 0
    try:
        while moved := deliveries.deliver_one(
            engine, clock, to, tenant, deliveries.place(engine, to.name, tenant)
        ):
            delivered += moved
    except DatabaseUnavailable:
        raise
    except Exception as error:
        why = f"{type(error).__name__}: {error}"
        if deliveries.failed(engine, clock, to, tenant, why):
            FACTS_DEAD.labels(to.name).inc()
            log.exception("fact put aside", subscriber=to.name, tenant=tenant, why=why)
        else:
            log.warning("fact not received", subscriber=to.name, tenant=tenant, why=why)
    return delivered
