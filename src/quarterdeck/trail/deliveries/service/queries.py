"""How deliveries are: queues, subscriptions, and what waits to be published."""

from collections.abc import Mapping

from sqlalchemy import Engine

from quarterdeck.kernel import deliveries
from quarterdeck.kernel.clock import Clock, micros
from quarterdeck.kernel.db import reading
from quarterdeck.kernel.health import CheckFailed, Entry, Health
from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.kernel.work import ANY, Actor, Tenants, Work, read
from quarterdeck.trail.deliveries.model import (
    RELAY,
    TOPIC,
    ConsumerNotFound,
    Known,
    Place,
    Standing,
    State,
    Subscription,
    TopicNotFound,
)
from quarterdeck.trail.deliveries.service.facts import QUEUE
from quarterdeck.trail.deliveries.store import consumers
from quarterdeck.trail.deliveries.store import messages as store
from quarterdeck.trail.log.ports import Reader

READS = "deadletters:read"
DOWN_S = 10.0
"""A message may wait so long for a consumer to which nobody delivers now."""

SLOW_S = 60.0
EVERYTHING = Actor("quarterdeck", frozenset({(READS, ANY)}))


def subscriptions(work: Work, reader: Reader, topic: str = TOPIC) -> list[Subscription]:
    """The consumers of the topic, each with what awaits it in the logs that one may see.

    Raises:
        TopicNotFound: there is another topic only.
    """
    among = work.tenants(READS)
    if topic != TOPIC:
        raise TopicNotFound(f"no topic {topic[:80]!r}; there is {TOPIC}")
    seen = _View(work, reader, among)
    return [seen.of(known) for known in consumers.every(work.db) if seen.shows(known)]


def publisher(work: Work, reader: Reader) -> Subscription:
    """The outbox relay: what waits to be published, and where it is stuck."""
    seen = _View(work, reader, work.tenants(READS))
    known = consumers.one(work.db, RELAY)
    never = Known(name=RELAY, queue="", began_at=0, paused="", held=False)
    return seen.of(known or never)


def queue_of(work: Work, reader: Reader, name: str) -> Subscription:
    """The queue of that name, or of the consumer of that name.

    Raises:
        ConsumerNotFound: says which there are.
    """
    found = subscriptions(work, reader)
    for one in found:
        if name in (one.queue, one.consumer):
            return one
    there = ", ".join(one.queue for one in found) or "none yet"
    raise ConsumerNotFound(f"no queue {name[:80]!r}; there are: {there}")


def deliveries_health(engine: Engine, reader: Reader, clock: Clock, dead_limit: int) -> Entry:
    """What waits to be published and delivered, and how many are dead.

    Raises:
        CheckFailed: something is stuck, or waits for a consumer that is down.
    """
    with read(engine, EVERYTHING, clock) as work:
        relay, found = publisher(work, reader), subscriptions(work, reader)
    stuck = [s.consumer for s in (relay, *found) if s.standing in (Standing.STUCK, Standing.DOWN)]
    lag, dead = max((s.active for s in found), default=0), sum(s.dead for s in found)
    words = (
        f"{relay.active} records await the relay, {lag} the slowest consumer; {dead} dead letters"
    )
    if stuck:
        raise CheckFailed(f"{', '.join(stuck)} not delivering: {words}; see: atp-admin queue list")
    slow = max((s.oldest_s for s in (relay, *found)), default=0.0) > SLOW_S
    degraded = slow or dead > dead_limit
    return Entry(status=Health.DEGRADED if degraded else Health.HEALTHY, description=words)


def figures(engine: Engine, reader: Reader, clock: Clock) -> Mapping[str, Subscription]:
    """Every consumer of the installation, and the relay, by name; for metrics."""
    with read(engine, EVERYTHING, clock) as work:
        found = [publisher(work, reader), *subscriptions(work, reader)]
    return {one.consumer: one for one in found}


def reasons(engine: Engine) -> Mapping[tuple[str, str], int]:
    """How many dead letters the installation has, by consumer and reason; for metrics."""
    with reading(engine) as db:
        return store.by_reason(db)


class _View:
    """Everything that one answer is made of, read once."""

    def __init__(self, work: Work, reader: Reader, among: Tenants) -> None:
        self._work, self._reader, self._among = work, reader, among
        self._places = consumers.places_among(work.db, among)
        self._counts = store.counts(work.db, among)
        self._ends = {log: place.position for log, place in self._of(RELAY).items()}
        self._sizes = {log: size for log, size in reader.sizes().items() if among.ids & {ANY, log}}

    def shows(self, known: Known) -> bool:
        """Whether it is a consumer, and of what one may see: facts are the platform's own."""
        if known.queue == QUEUE:
            return bool(self._among.ids & {ANY, PLATFORM})
        return known.name != RELAY

    def of(self, known: Known) -> Subscription:
        """The consumer with what awaits it."""
        places = self._of(known.name)
        active, oldest_s = self._facts(known) if known.queue == QUEUE else self._log(known, places)
        stuck = tuple(place for place in places.values() if place.error)
        counted = {state: self._counts.get((known.name, state), 0) for state in State}
        return Subscription(
            consumer=known.name,
            queue=known.queue,
            standing=_standing(known, oldest_s, stuck=bool(stuck)),
            paused=known.paused,
            active=active,
            scheduled=counted[State.SCHEDULED],
            dead=counted[State.DEAD] + counted[State.QUARANTINED],
            oldest_s=oldest_s,
            places=stuck,
        )

    def _of(self, consumer: str) -> Mapping[str, Place]:
        return self._places.get(consumer, {})

    def _log(self, known: Known, places: Mapping[str, Place]) -> tuple[int, float]:
        ends = self._sizes if known.name == RELAY else self._ends
        at = {log: places[log].position if log in places else 0 for log in ends}
        behind = [log for log in ends if at[log] < ends[log]]
        moments = [self._reader.moment(log, at[log]) for log in behind]
        oldest = min((m for m in moments if m is not None), default=None)
        return sum(ends[log] - at[log] for log in behind), self._age_s(oldest)

    def _facts(self, known: Known) -> tuple[int, float]:
        waiting = deliveries.backlog(self._work.db, known.name)
        return waiting, self._age_s(deliveries.waiting_since(self._work.db, known.name))

    def _age_s(self, since: int | None) -> float:
        return 0.0 if since is None else max(0, micros(self._work.now) - since) / 1e6


def _standing(known: Known, oldest_s: float, *, stuck: bool) -> Standing:
    if known.paused:
        return Standing.PAUSED
    if stuck:
        return Standing.STUCK
    # Facts are delivered by the worker itself, under no lease.
    alone = not known.held and known.queue != QUEUE
    return Standing.DOWN if alone and oldest_s > DOWN_S else Standing.ACTIVE
