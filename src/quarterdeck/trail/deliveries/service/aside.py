"""Messages put aside: tried again later, or dead letters."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy import Connection, Engine

from quarterdeck.kernel.clock import Clock, instant
from quarterdeck.kernel.db import BULK_ROWS, writing
from quarterdeck.kernel.errors import Unavailable
from quarterdeck.trail.deliveries.message import USUAL_KIND, Message, id_of
from quarterdeck.trail.deliveries.model import (
    Batch,
    Failure,
    Limits,
    PlaceMoved,
    Reason,
    State,
    pause_after,
)
from quarterdeck.trail.deliveries.store import consumers as places
from quarterdeck.trail.deliveries.store import messages as store
from quarterdeck.trail.deliveries.store import replays

LATER = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Aside:
    """What one consumer did not receive."""

    engine: Engine
    consumer: str
    limits: Limits
    clock: Clock

    def put(self, batch: Batch, failure: Failure, enqueued_at: int) -> None:
        """Put the batch's one message aside after its first delivery, and go on after it."""
        now = self.clock()
        fresh = self._fresh(batch, 0, failure, enqueued_at)
        with writing(self.engine) as db:
            store.add(db, [fresh.failed(failure, self.limits, now)])
            self._move(db, batch.log, batch.first, batch.first + 1)

    def expire(self, batch: Batch, count: int, moment: Callable[[int], int]) -> None:
        """Make the first ``count`` dead letters: they waited too long."""
        now = self.clock()
        words = f"it waited for longer than {self.limits.ttl}"
        failure = Failure(reason=Reason.TTL, error=words, final=True)
        for start in range(0, count, BULK_ROWS):
            part = range(start, min(count, start + BULK_ROWS))
            rows = [
                replace(self._fresh(batch, n, failure, moment(n)), state=State.DEAD, dead_at=now)
                for n in part
            ]
            with writing(self.engine) as db:
                store.add(db, rows)
                self._move(db, batch.log, batch.first + start, batch.first + part.stop)

    def received(self, db: Connection, one: Message) -> None:
        """It was received at last; raise PlaceMoved if by another process."""
        if not store.remove(db, one.consumer, one.log, one.index):
            raise PlaceMoved(f"another process delivers to {one.consumer}")
        if one.replay:
            replays.ended(db, one.replay, one.log, succeeded=True)

    def failed(self, one: Message, failure: Failure) -> None:
        """Count one more failed delivery."""
        with writing(self.engine) as db:
            store.put(db, one.failed(failure, self.limits, self.clock()))
            if one.replay:
                replays.ended(db, one.replay, one.log, succeeded=False)

    def later(self, one: Message, error: Unavailable) -> None:
        """What it needs is away: it waits, and nothing is counted."""
        failure = replace(one.failure, error=f"{type(error).__name__}: {error}")
        with writing(self.engine) as db:
            store.put(db, replace(one, due_at=self.clock() + LATER, failure=failure))

    def _move(self, db: Connection, log: str, old: int, new: int) -> None:
        if places.move(db, self.consumer, [(log, old, new)]) != 1:
            raise PlaceMoved(f"another process delivers to {self.consumer}")

    def _fresh(self, batch: Batch, at: int, failure: Failure, enqueued_at: int) -> Message:
        now, index = self.clock(), batch.first + at
        return Message(
            consumer=self.consumer,
            log=batch.log,
            index=index,
            id=id_of(batch.log, index, batch.entries[at]),
            state=State.SCHEDULED,
            deliveries=0,
            due_at=now + pause_after(1),
            failure=failure,
            kind=USUAL_KIND[failure.reason],
            enqueued_at=instant(enqueued_at),
            first_at=now,
        )
