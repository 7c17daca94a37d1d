"""Hands published records to one consumer; puts aside the one that fails, not its log."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from time import monotonic
from uuid import uuid4

import structlog
from sqlalchemy import Connection, Engine

from quarterdeck.kernel.clock import Clock, instant, micros
from quarterdeck.kernel.db import reading, writing
from quarterdeck.kernel.errors import Unavailable
from quarterdeck.kernel.work import begin
from quarterdeck.trail.deliveries.message import Message
from quarterdeck.trail.deliveries.model import (
    RELAY,
    Batch,
    Known,
    Limits,
    LockLost,
    PlaceMoved,
    TopicAway,
    Waiting,
    halved,
    judged,
    messages,
)
from quarterdeck.trail.deliveries.ports import Consumer, Feed
from quarterdeck.trail.deliveries.service.applying import apply
from quarterdeck.trail.deliveries.service.aside import Aside
from quarterdeck.trail.deliveries.store import consumers as places
from quarterdeck.trail.deliveries.store import messages as store
from quarterdeck.trail.deliveries.store.consumers import Step
from quarterdeck.trail.log.ports import Reader
from quarterdeck.trail.log.record import RecordUnreadable

LEASE = timedelta(seconds=15)
ASK_S = 1.0
"""For so long a process that delivers need not ask whether it may go on."""

AGAIN_AT_ONCE = 200
MOST_ASIDE = 1_000
"""Messages that may await another try: with more, the consumer is at fault, not they."""

log = structlog.get_logger("deliveries")


@dataclass(slots=True, kw_only=True)
class Consuming:
    """One process's deliveries to one consumer. Of all processes, one delivers."""

    engine: Engine
    reader: Reader
    feed: Feed
    consumer: Consumer
    clock: Clock
    limits: Limits = field(default_factory=Limits)
    holder: str = field(default_factory=lambda: uuid4().hex)
    ask_s: float = ASK_S
    _known: Known | None = None
    _hold_until: float = 0.0
    _aside: Aside = field(init=False)

    def __post_init__(self) -> None:
        self._aside = Aside(self.engine, self.consumer.name, self.limits, self.clock)

    def beat(self) -> int:
        """Deliver what waits, one transaction's worth; how many messages were dealt with.

        Raises:
            Unavailable: the platform's own database is away; nothing was counted.
        """
        again, passed, heard = self._waiting()
        if not (again or passed or heard) or not self._held():
            return 0
        try:
            self._redeliver(again)
            self._pass_over(passed)
            fresh = self._expire(self._taken(heard))
            self._deliver(fresh)
        except PlaceMoved:
            self._hold_until = 0.0  # another process has taken over
            return 0
        return len(again) + messages(fresh)

    def close(self) -> None:
        """Let another process go on at once."""
        with writing(self.engine) as db:
            places.release(db, self.consumer.name, self.holder)
        self.feed.close()

    def _waiting(self) -> tuple[list[Message], list[Step], list[Waiting]]:
        """What is to be tried again, what is passed over, and what is new."""
        name, now = self.consumer.name, self.clock()
        with reading(self.engine) as db:
            behind = places.behind(db, name, RELAY, now)
            again = store.due(db, name, now, AGAIN_AT_ONCE)
            if not behind:
                return again, [], []
            full = store.scheduled(db, name) >= MOST_ASIDE
            # Read with the ends: whoever begins to heed a log later hears of what is later.
            heeds = self.consumer.heeds
            heeded = {at.log for at, _ in behind} if heeds is None else heeds(db)
        passed = [(at.log, at.position, end) for at, end in behind if at.log not in heeded]
        heard = [(at, end) for at, end in behind if at.log in heeded]
        return again, passed, [] if full else heard

    def _held(self) -> bool:
        """Whether this process delivers; asks the database only as the lease grows old."""
        now, lease = monotonic(), LEASE + self.limits.lock
        if now < self._hold_until:
            return True
        with writing(self.engine) as db:
            places.register(db, self.consumer.name, self.consumer.queue, self.clock())
            self._known = places.hold(db, self.consumer.name, self.holder, lease)
        if self._known is None:
            return False
        self._hold_until = now + self.ask_s
        return True

    def _taken(self, heard: Sequence[Waiting]) -> list[Batch]:
        """What the topic brings now; while it is away, its logs wait."""
        if not heard:
            return []
        try:
            return self.feed.take(heard)
        except TopicAway as error:
            self._hold_up([at.log for at, _ in heard], error)
            return []

    def _expire(self, batches: Sequence[Batch]) -> list[Batch]:
        """What is not too old; the others become dead letters."""
        kept = []
        for batch in batches:
            count = self._too_old(batch)
            if count:
                self._aside.expire(batch, count, self._moment(batch))
                self.feed.settle([(batch.log, batch.first + count)])
            if count < len(batch.entries):
                kept.append(_from(batch, count))
        return kept

    def _too_old(self, batch: Batch) -> int:
        began = instant(self._known.began_at) if self._known else self.clock()
        limit = self.clock() - self.limits.ttl
        # Before a consumer was there, nothing waited for it.
        if began >= limit:
            return 0
        moment = self._moment(batch)
        count = 0
        while count < len(batch.entries) and moment(count) < micros(limit):
            count += 1
        return count

    def _moment(self, batch: Batch) -> Callable[[int], int]:
        """When the record so far into the batch was received."""
        return lambda at: self.reader.moment(batch.log, batch.first + at) or micros(self.clock())

    def _pass_over(self, steps: Sequence[Step]) -> None:
        if not steps:
            return
        with writing(self.engine) as db:
            self._step(db, steps)

    def _deliver(self, batches: Sequence[Batch]) -> None:
        if not batches:
            return
        try:
            self._apply(batches, lambda db: self._move(db, batches))
        except PlaceMoved:
            raise
        except Unavailable as error:
            self._await(batches, error)
        except Exception as error:  # noqa: BLE001  whatever it throws must block no other record
            if messages(batches) > 1:
                for half in halved(batches):
                    self._deliver(half)
                return
            (batch,) = batches
            self._say(batch, error)
            self._aside.put(batch, judged(error), self._moment(batch)(0))
            self._settle(batches)
        else:
            self._settle(batches)

    def _settle(self, batches: Sequence[Batch]) -> None:
        """Only now, after the commit, the broker hears that they were received."""
        self.feed.settle([(batch.log, batch.end) for batch in batches])

    def _await(self, batches: Sequence[Batch], error: Unavailable) -> None:
        """What a log needs is away: that log waits, the others go on."""
        if len(batches) > 1:
            for batch in batches:
                self._deliver([batch])
            return
        self._hold_up([batches[0].log], error)

    def _hold_up(self, logs: Sequence[str], error: Unavailable) -> None:
        words = f"{type(error).__name__}: {error}"
        with writing(self.engine) as db:
            for one in logs:
                places.held_up(db, self.consumer.name, one, words, self.clock())

    def _redeliver(self, due: Sequence[Message]) -> None:
        for one in due:
            self._redeliver_one(one)

    def _redeliver_one(self, one: Message) -> None:
        entries = tuple(self.reader.entries(one.log, one.index, 1))
        batch = Batch(log=one.log, first=one.index, entries=entries, again=True)
        if not entries:
            self._aside.failed(one, judged(_gone(one)))
            return
        try:
            self._apply([batch], lambda db: self._aside.received(db, one))
        except Unavailable as error:
            self._aside.later(one, error)
        except PlaceMoved:
            raise
        except Exception as error:  # noqa: BLE001  whatever it throws must block no other record
            self._say(batch, error)
            self._aside.failed(one, judged(error))

    def _apply(self, batches: Sequence[Batch], settle: Callable[[Connection], None]) -> None:
        """Hand over and settle: in one transaction, or where the consumer has its own, after."""
        ours = self.consumer.engine is None
        began = monotonic()
        with begin(self.consumer.engine or self.engine, self.consumer.actor, self.clock) as work:
            apply(self.consumer, work, batches)
            if ours:
                settle(work.db)
            self._check_lock(monotonic() - began)
        if not ours:
            with writing(self.engine) as db:
                settle(db)

    def _check_lock(self, took_s: float) -> None:
        if took_s > self.limits.lock.total_seconds():
            raise LockLost(
                f"{self.consumer.name} took {took_s:.1f} s, "
                f"the lock lasts {self.limits.lock.total_seconds():g} s"
            )

    def _move(self, db: Connection, batches: Sequence[Batch]) -> None:
        self._step(db, [(batch.log, batch.first, batch.end) for batch in batches])

    def _step(self, db: Connection, steps: Sequence[Step]) -> None:
        if places.move(db, self.consumer.name, steps) != len(steps):
            raise PlaceMoved(f"another process delivers to {self.consumer.name}")

    def _say(self, batch: Batch, error: Exception) -> None:
        log.warning(
            "not received",
            consumer=self.consumer.name,
            tenant=batch.log,
            index=batch.first,
            error=f"{type(error).__name__}: {error}",
        )


def _from(batch: Batch, count: int) -> Batch:
    first = batch.first + count
    return Batch(log=batch.log, first=first, entries=batch.entries[count:])


def _gone(one: Message) -> RecordUnreadable:
    return RecordUnreadable(f"the log of {one.log} has no entry {one.index} any more")
