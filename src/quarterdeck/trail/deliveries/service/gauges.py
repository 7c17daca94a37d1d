"""Deliveries in numbers, for who collects metrics."""

from sqlalchemy import Engine

from quarterdeck.kernel.clock import Clock
from quarterdeck.kernel.telemetry import (
    CONSUMER_AGE,
    CONSUMER_LAG,
    DEAD_LETTERS,
    MESSAGES_SCHEDULED,
    OUTBOX_AGE,
    OUTBOX_BACKLOG,
)
from quarterdeck.trail.deliveries.model import RELAY
from quarterdeck.trail.deliveries.service.queries import figures, reasons
from quarterdeck.trail.log.ports import Reader


def measure(engine: Engine, reader: Reader, clock: Clock) -> None:
    """Set the gauges; for a clock of the process that answers, which sees a dead worker too."""
    found = dict(figures(engine, reader, clock))
    relay = found.pop(RELAY)
    OUTBOX_BACKLOG.set(relay.active)
    OUTBOX_AGE.set(relay.oldest_s)
    for name, one in found.items():
        CONSUMER_LAG.labels(name).set(one.active)
        CONSUMER_AGE.labels(name).set(one.oldest_s)
        MESSAGES_SCHEDULED.labels(name).set(one.scheduled)
    DEAD_LETTERS.clear()
    for (consumer, reason), many in reasons(engine).items():
        DEAD_LETTERS.labels(consumer, reason).set(many)
