"""Deliveries of appended records: the outbox relay, and who consumes what it publishes."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from datetime import timedelta
from threading import Event

import structlog

from quarterdeck.kernel.deliveries import Subscriber
from quarterdeck.kernel.settings import Settings
from quarterdeck.runtime import Runtime
from quarterdeck.trail.deliveries.model import RELAY, Limits
from quarterdeck.trail.deliveries.ports import Topic
from quarterdeck.trail.deliveries.service.consuming import Consuming
from quarterdeck.trail.deliveries.service.control import enroll
from quarterdeck.trail.deliveries.service.facts import FactLetters
from quarterdeck.trail.deliveries.service.relaying import Relay
from quarterdeck.worker.process import Duties, work
from quarterdeck.worker.pulse import Beat, Pulses

PUBLISH_S, CONSUME_S, FACTS_S = 0.1, 0.1, 1.0
MANY = 2_000
"""Records after which a beat goes on at once. With fewer it waits for company: a transaction
costs the same for ten as for a thousand.
"""

log = structlog.get_logger(RELAY)


def limits_of(settings: Settings) -> Limits:
    """What the settings allow a message."""
    return Limits(
        deliveries=settings.max_delivery_count,
        ttl=timedelta(seconds=settings.message_ttl_s),
        lock=timedelta(seconds=settings.message_lock_s),
    )


@contextmanager
def delivering(
    runtime: Runtime, topic: Callable[[], Topic], subscribers: Sequence[Subscriber]
) -> Iterator[Pulses]:
    """The pulses of a worker that delivers; when the block ends, others go on at once."""
    engine, clock, limits = runtime.engine, runtime.clock, limits_of(runtime.settings)
    enroll(engine, clock, runtime.consumers, [one.name for one in subscribers])
    facts = FactLetters(engine=engine, clock=clock, subscribers=subscribers, limits=limits)
    pulses: dict[str, tuple[float, Beat]] = {"facts": (FACTS_S, facts.beat)}
    with ExitStack() as ends:
        opened = ends.enter_context(closing(topic()))
        if not runtime.settings.relay_apart:
            pulses["relay"] = (PUBLISH_S, _many(_relay(runtime, opened, ends).beat))
        for consumer in runtime.consumers:
            consuming = Consuming(
                engine=engine,
                reader=runtime.reader,
                feed=opened.subscribe(consumer.name),
                consumer=consumer,
                clock=clock,
                limits=limits,
            )
            ends.callback(consuming.close)
            pulses[f"consume {consumer.name}"] = (CONSUME_S, _many(consuming.beat))
        yield pulses


def relay_alone(runtime: Runtime, topic: Callable[[], Topic], stopping: Event) -> None:
    """Be the outbox relay and nothing else, until ``stopping`` is set."""
    with ExitStack() as ends:
        relay = _relay(runtime, ends.enter_context(closing(topic())), ends)
        pulses = {"relay": (PUBLISH_S, _many(relay.beat))}
        log.info("relay started")
        duties = Duties(role=RELAY, kinds={}, pulses=pulses)
        work(runtime.engine, runtime.clock, runtime.settings, duties, stopping)
    log.info("relay stopped")


def _many(beat: Callable[[], int]) -> Callable[[], bool]:
    return lambda: beat() >= MANY


def _relay(runtime: Runtime, topic: Topic, ends: ExitStack) -> Relay:
    relay = Relay(engine=runtime.engine, reader=runtime.reader, topic=topic, clock=runtime.clock)
    ends.callback(relay.close)
    return relay
