"""Whether deliveries are ready: the subscription, its inbox, its dead letters, the relay."""

from sqlalchemy import Engine

from quarterdeck.kernel import beats
from quarterdeck.kernel.checks import asking
from quarterdeck.kernel.clock import Clock
from quarterdeck.kernel.health import CheckFailed, Entry, degraded_if, healthy
from quarterdeck.trail.deliveries.model import RELAY, Standing, Subscription
from quarterdeck.trail.deliveries.service.queries import figures
from quarterdeck.trail.deliveries.store import consumers
from quarterdeck.trail.log.ports import Reader


def process_ready(engine: Engine, role: str) -> Entry:
    """A process of ``role`` beats; raise CheckFailed if none does."""
    with asking(engine) as db:
        return beats.judge(db, role)


def subscription_ready(engine: Engine, reader: Reader, clock: Clock, consumer: str) -> Entry:
    """A worker is there, and ``consumer`` receives what is published.

    Raises:
        CheckFailed: it is paused, stuck or down, or nobody ever subscribed.
    """
    one = _of(engine, reader, clock, consumer)
    if one.standing is not Standing.ACTIVE:
        why = one.paused or _stuck(one)
        words = f"the subscription of {consumer} is {one.standing}: {why}".rstrip(": ")
        raise CheckFailed(f"{words}; {_waits(one)}")
    worker = process_ready(engine, "worker")
    return Entry(status=worker.status, description=f"{_waits(one)}; {worker.description}")


def inbox_ready(engine: Engine, consumer: str) -> Entry:
    """The table that has each record received once can be read."""
    with asking(engine) as db:
        places = consumers.places(db, consumer)
    received = sum(place.position for place in places.values())
    return healthy(f"{consumer} received {received} records of {len(places)} logs, each once")


def dead_letters_ready(
    engine: Engine, reader: Reader, clock: Clock, consumer: str, limit: int
) -> Entry:
    """Degraded where more than ``limit`` messages of ``consumer`` are dead."""
    dead = _of(engine, reader, clock, consumer).dead
    return degraded_if(dead > limit, f"{consumer} has {dead} dead letters, {limit} are let pass")


def relay_ready(engine: Engine, reader: Reader, clock: Clock) -> Entry:
    """Everything that was appended gets published; raise CheckFailed where that is held up."""
    one = _of(engine, reader, clock, RELAY)
    if one.standing is not Standing.ACTIVE:
        raise CheckFailed(f"the relay is {one.standing}: {_waits(one)} {_stuck(one)}".rstrip())
    return healthy(_waits(one))


def _stuck(one: Subscription) -> str:
    """Where, and by what; of a few logs."""
    return "; ".join(f"{place.log}: {place.error}" for place in one.places[:3])


def _of(engine: Engine, reader: Reader, clock: Clock, consumer: str) -> Subscription:
    with asking(engine):
        pass  # before ``figures``, which would wait for a pool that is used up
    found = figures(engine, reader, clock)
    if consumer not in found:
        raise CheckFailed(
            f"{consumer} has never subscribed; start a worker: quarterdeck serve --role worker"
        )
    return found[consumer]


def _waits(one: Subscription) -> str:
    oldest = f", the oldest for {one.oldest_s:.1f} s" if one.active else ""
    return f"{one.active} records await {one.consumer}{oldest}; {one.scheduled} are tried again"
