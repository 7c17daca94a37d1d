"""A log, its relay and a consumer, moved one step at a time."""

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256

from sqlalchemy import Connection, Engine

from quarterdeck.kernel.clock import micros
from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.kernel.work import ANY, Actor, Work, begin, read
from quarterdeck.trail.deliveries.message import Message, Wanted
from quarterdeck.trail.deliveries.model import Batch, Limits, Subscription
from quarterdeck.trail.deliveries.ports import READER, Consumer, Topic
from quarterdeck.trail.deliveries.service import queries, triage
from quarterdeck.trail.deliveries.service.consuming import Consuming
from quarterdeck.trail.deliveries.service.control import enroll
from quarterdeck.trail.deliveries.service.relaying import Relay
from quarterdeck.trail.log.model import Prepared
from quarterdeck.trail.log.record import members
from quarterdeck.trail.proof.tree import leaf_hash
from trail.installation import Installation

NAME, QUEUE = "projection-worker", "projection-queue"
PERMISSIONS = (
    "deadletters:read",
    "deadletters:replay",
    "deadletters:triage",
    "deliveries:control",
    "trail:read",
)
OPERATOR = Actor("olga", frozenset((p, ANY) for p in PERMISSIONS))
OF_ACME = Actor("ann", frozenset((p, "acme") for p in PERMISSIONS))

Apply = Callable[[Work, Batch], None]


@dataclass
class Rows:
    """A consumer that keeps what it receives: exactly the records, each once, or it says so."""

    got: list[tuple[str, int]] = field(default_factory=list)
    refuse: Callable[[Batch], object] = lambda _batch: None

    def __call__(self, _work: Work, batch: Batch) -> None:
        self.refuse(batch)
        self.got += [(batch.log, batch.first + at) for at in range(len(batch.entries))]

    def indices(self, log: str = "acme") -> list[int]:
        return [index for one, index in self.got if one == log]


@dataclass
class Line:
    """One installation's deliveries."""

    installation: Installation
    apply: Apply
    topic: Topic
    limits: Limits = field(default_factory=Limits)
    own: Engine | None = None
    actor: Actor | None = None
    heeds: Callable[[Connection], AbstractSet[str]] | None = None

    def __post_init__(self) -> None:
        self.engine = self.installation.engine
        self.reader = self.installation.reader
        self.start()

    def start(self) -> None:
        """What a worker does when it starts."""
        self.consumer = Consumer(
            name=NAME,
            queue=QUEUE,
            apply=self.apply,
            engine=self.own,
            actor=self.actor or READER,
            heeds=self.heeds,
        )
        enroll(self.engine, self.installation.clock, [self.consumer], ["trail"])
        self.relay = Relay(
            engine=self.engine,
            reader=self.reader,
            topic=self.topic,
            clock=self.installation.clock,
        )
        self.consuming = Consuming(
            engine=self.engine,
            reader=self.reader,
            feed=self.topic.subscribe(NAME),
            consumer=self.consumer,
            clock=self.installation.clock,
            limits=self.limits,
            ask_s=0.0,
        )

    def stop(self) -> None:
        """What a worker does when it ends in order."""
        self.relay.close()
        self.consuming.close()

    def append(self, count: int = 1, tenant: str = "acme") -> None:
        self.installation.revoke(count, tenant)
        self.installation.deliver()

    def append_raw(self, entry: bytes, tenant: str = "acme") -> None:
        """A leaf that no version of this program wrote."""
        self.installation.trail.sequencer.append(
            [
                Prepared(
                    log=tenant,
                    record=sha256(entry).hexdigest(),
                    entry=entry,
                    hash=leaf_hash(entry),
                    moment=micros(self.installation.now),
                    tag=sha256(entry).digest(),
                )
            ]
        )

    def turn(self, times: int = 1) -> None:
        """Publish and deliver all that waits, ``times`` times over, with pauses between."""
        for _ in range(times):
            while self.relay.beat():
                pass
            while self.consuming.beat():
                pass
            if times > 1:
                self.installation.later(timedelta(minutes=2))

    def looks(self, actor: Actor = OPERATOR) -> Subscription:
        with read(self.engine, actor, self.installation.clock) as work:
            return queries.queue_of(work, self.reader, QUEUE)

    def waits(self) -> Subscription:
        """The relay."""
        with read(self.engine, OPERATOR, self.installation.clock) as work:
            return queries.publisher(work, self.reader)

    def dead(self, actor: Actor = OPERATOR, consumer: str = NAME) -> list[Message]:
        with read(self.engine, actor, self.installation.clock) as work:
            return triage.peek(work, Wanted(consumer=consumer), limit=500)

    def do(self, act: Callable[[Work], object], actor: Actor = OPERATOR) -> object:
        with begin(self.engine, actor, self.installation.clock) as work:
            return act(work)

    def record(self, index: int, tenant: str = "acme") -> str:
        """A record's id."""
        (entry,) = self.reader.entries(tenant, index, 1)
        return str(members(entry)["id"])


__all__ = ["OF_ACME", "OPERATOR", "PLATFORM", "Line", "Rows"]
