"""Messages between the log and its consumers: what may become of one."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum

from quarterdeck.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Unavailable
from quarterdeck.trail.log.record import RecordUnreadable

TOPIC = "audit.appended.v1"
"""Where every appended record is published, once, under its id (runbook 004, topic 17)."""

RELAY = "outbox-relay"
"""Who publishes; its place in each log is where the topic ends."""

FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=1), timedelta(seconds=60)
LONGEST_SHIFT = 6


class ConsumerNotFound(NotFound):
    """No consumer, or queue, of that name."""


class TopicNotFound(NotFound):
    """No topic of that name."""


class TopicAway(Unavailable):
    """The broker that carries the topic cannot be used now."""


class RecordRefused(TopicAway):
    """The broker is there, and does not take one record: its log waits, the others go on."""


class PlaceMoved(Conflict):
    """Another process has delivered the same messages."""


class LockLost(Exception):
    """A consumer took longer over its messages than their lock lasts; its work is undone."""


class ConsumerMayNot(Forbidden):
    """The consumer's own identity lacks the right to read the log."""


class Reason(StrEnum):
    """Why a message is a dead letter; names and meaning as runbook 004, topic 19."""

    DELIVERY_COUNT = "DeliveryCountExceeded"
    TTL = "TTLExpiredException"
    LOCK_LOST = "MessageLockLostException"
    UNAUTHORIZED = "UnauthorizedException"
    SERIALIZATION = "SerializationException"


class State(StrEnum):
    """Where a message is that was not received at once."""

    SCHEDULED = "scheduled"
    DEAD = "dead"
    QUARANTINED = "quarantined"


class Standing(StrEnum):
    """How a consumer is."""

    ACTIVE = "active"
    PAUSED = "paused"
    STUCK = "stuck"
    DOWN = "down"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a message may cost before it is put aside.

    Attributes:
        deliveries: tries, the first included.
        ttl: how long it may wait for its first delivery.
        lock: how long one delivery may take.
    """

    deliveries: int = 10
    ttl: timedelta = timedelta(days=14)
    lock: timedelta = timedelta(seconds=30)

    def __post_init__(self) -> None:
        if self.deliveries < 1 or self.ttl <= timedelta() or self.lock <= timedelta():
            raise Invalid("deliveries, time to live and lock must be more than nothing")


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Records that follow each other in one log.

    Attributes:
        log: the tenant.
        first: index of the first of ``entries``.
        entries: canonical records, as they stand in the leaves.
        again: a later delivery of a message that was put aside: alone, and out of order.
    """

    log: str
    first: int
    entries: tuple[bytes, ...]
    again: bool = False

    @property
    def end(self) -> int:
        """The index after the last."""
        return self.first + len(self.entries)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why one delivery of a message failed.

    Attributes:
        final: another try would fail alike.
    """

    reason: Reason
    error: str
    final: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """How far a consumer is in one log.

    Attributes:
        position: index of the next message.
        error: what holds it up there; empty: nothing does.
        since: since when, microseconds since 1970; 0 where nothing does.
        retry_at: when it is tried again, microseconds since 1970.
    """

    log: str
    position: int = 0
    tries: int = 0
    error: str = ""
    since: int = 0
    retry_at: int = 0


Waiting = tuple[Place, int]
"""Where a consumer is in a log that goes on to this index."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A consumer as the installation knows it.

    Attributes:
        began_at: when it was first heard of, microseconds since 1970.
        paused: why it is to rest; empty: it is not.
        held: a living process delivers to it now.
    """

    name: str
    queue: str
    began_at: int
    paused: str
    held: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A consumer of the topic, and what awaits it in the logs that one may see.

    Attributes:
        active: messages that were published and not yet delivered.
        scheduled: that failed and will be tried again.
        dead: dead letters, quarantined ones included.
        oldest_s: age of the oldest that is active, seconds; 0 where none is.
        places: where it is stuck.
    """

    consumer: str
    queue: str
    standing: Standing
    paused: str
    active: int
    scheduled: int
    dead: int
    oldest_s: float
    places: tuple[Place, ...] = ()


def judged(error: Exception) -> Failure:
    """Why a delivery failed, by what the consumer threw."""
    words = f"{type(error).__name__}: {error}"
    match error:
        case RecordUnreadable():
            return Failure(reason=Reason.SERIALIZATION, error=words, final=True)
        case Forbidden():
            return Failure(reason=Reason.UNAUTHORIZED, error=words, final=True)
        case LockLost():
            return Failure(reason=Reason.LOCK_LOST, error=words, final=False)
    return Failure(reason=Reason.DELIVERY_COUNT, error=words, final=False)


def pause_after(tries: int) -> timedelta:
    """How long to wait after so many failures: 1, 2, 4 ... seconds, at most a minute."""
    return min(LONGEST_PAUSE, FIRST_PAUSE * (1 << min(max(tries - 1, 0), LONGEST_SHIFT)))


def halved(batches: Sequence[Batch]) -> tuple[list[Batch], list[Batch]]:
    """The same messages in the same order, in two parts; of two messages or more."""
    if len(batches) > 1:
        middle = len(batches) // 2
        return list(batches[:middle]), list(batches[middle:])
    (batch,) = batches
    middle = len(batch.entries) // 2
    rest = replace(batch, first=batch.first + middle, entries=batch.entries[middle:])
    return [replace(batch, entries=batch.entries[:middle])], [rest]


def messages(batches: Sequence[Batch]) -> int:
    """How many there are in all."""
    return sum(len(batch.entries) for batch in batches)
