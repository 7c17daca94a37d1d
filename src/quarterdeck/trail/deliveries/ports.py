"""Who consumes records, and what carries the topic to others."""

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import Connection, Engine

from quarterdeck.kernel.work import ANY, Actor, Work
from quarterdeck.trail.deliveries.model import Batch

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


class Topic(Protocol):
    """What carries appended records to who is not in this process."""

    def publish(self, log: str, start: int, end: int) -> int:
        """Publish records ``start`` to ``end`` of a log, in order; where the topic ends now.

        Durable on return. A record that is on the topic already, from before a crash, is
        not published again. May do fewer; then it is called again.

        Raises:
            TopicAway: the broker is away, or refuses the record at which the topic ends.
        """
        ...

    def check(self) -> str:
        """What can be said of it now, with live numbers. Publishes nothing; any thread may ask.

        Raises:
            TopicAway: nothing can be published now.
        """
        ...

    def close(self) -> None:
        """Let go of the broker."""
        ...


class LocalTopic:
    """The log itself: consumers read it up to where the relay stands."""

    def publish(self, log: str, start: int, end: int) -> int:  # noqa: ARG002  the port's
        """As the port says; the log is durable before anybody can see it."""
        return end

    def check(self) -> str:
        """As the port says; the log is there, or nothing was appended."""
        return "in process: the topic is the log itself"

    def close(self) -> None:
        """Nothing is held."""
