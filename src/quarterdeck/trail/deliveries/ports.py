"""Who consumes records, and what carries them there."""

from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import Connection, Engine

from quarterdeck.kernel.work import ANY, Actor, Work
from quarterdeck.trail.deliveries.model import Batch, Waiting

READS = "trail:read"
READER = Actor("quarterdeck", frozenset({(READS, ANY)}))
"""Who reads every log: a consumer of the platform's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Consumer:
    """Who is to hear of every appended record.

    Attributes:
        name: its place is kept under this; never change it.
        queue: what operators call that which awaits it.
        apply: called within a transaction: with records of one log in order; with those
            of several logs in one transaction; and once more with one record that failed
            (``again``). What it raises undoes the transaction: RecordUnreadable and
            Forbidden make the record a dead letter at once, Unavailable has it wait for
            as long as that lasts, anything else is counted.
        engine: the database of that transaction; None: the platform's, where the place
            moves in the same transaction. In another, the place moves after the commit:
            after a crash the same records come again.
        actor: as whom it reads; it needs ``trail:read`` on the log.
        heeds: the logs of whose records it makes anything now; those of others are passed
            over unread. None: it makes something of each.
    """

    name: str
    queue: str
    apply: Callable[[Work, Batch], None]
    engine: Engine | None = None
    actor: Actor = READER
    heeds: Callable[[Connection], AbstractSet[str]] | None = None


class Feed(Protocol):
    """What brings published records to one consumer. One thread at a time asks.

    Where the consumer is in a log is not kept here: the database does, with what it applied.
    """

    def take(self, waiting: Sequence[Waiting]) -> list[Batch]:
        """What follows on each place, without a gap, as it was appended: one transaction's worth.

        What was taken and not settled is taken again. A place may have moved in any direction
        since. What the broker lost is there all the same.

        Raises:
            TopicAway: the broker is away; nothing was taken.
        """
        ...

    def settle(self, ends: Iterable[tuple[str, int]]) -> None:
        """All records of these logs before these indices are committed, and need not come again.

        Raises nothing: those of which the broker did not hear come again, and are passed over.
        """
        ...

    def close(self) -> None:
        """Let go of the broker; another process takes over at once. Again is nothing."""
        ...


class Topic(Protocol):
    """What carries appended records to their consumers."""

    def publish(self, log: str, start: int, end: int) -> int:
        """Publish records ``start`` to ``end`` of a log, in order; where the topic ends now.

        Durable on return. A record that is on the topic already, from before a crash, is
        not published again. May do fewer; then it is called again.

        Raises:
            RecordRefused: the broker refuses the record at which the topic ends.
            TopicAway: the broker is away, for every log.
        """
        ...

    def subscribe(self, consumer: str) -> "Feed":
        """What brings the consumer of that name what was published; it lasts as long as this."""
        ...

    def check(self) -> str:
        """What can be said of it now, with live numbers. Publishes nothing; any thread may ask.

        Raises:
            TopicAway: nothing can be published now.
        """
        ...

    def close(self) -> None:
        """Let go of the broker, and close every feed. Again is nothing."""
        ...
