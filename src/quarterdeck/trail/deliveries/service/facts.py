"""Facts of the platform that a subscriber did not receive: dead letters like any other."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, Engine

from quarterdeck.kernel import deliveries
from quarterdeck.kernel.clock import Clock, instant
from quarterdeck.kernel.db import reading, writing
from quarterdeck.kernel.deliveries import MAX_TRIES, Subscriber
from quarterdeck.kernel.errors import Unavailable
from quarterdeck.kernel.outbox import Fact
from quarterdeck.kernel.work import Actor, begin
from quarterdeck.trail.deliveries.message import USUAL_KIND, Message
from quarterdeck.trail.deliveries.model import Failure, Limits, Reason, State, judged
from quarterdeck.trail.deliveries.service.aside import Aside
from quarterdeck.trail.deliveries.store import consumers
from quarterdeck.trail.deliveries.store import messages as store

QUEUE = "platform-outbox"
AT_ONCE = 200
UNREADABLE = ("UnknownEvent:", "Record")
"""How the words of a subscriber begin that cannot read a fact."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FactLetters:
    """Shows what subscribers put aside among the dead letters, and delivers what is replayed."""

    engine: Engine
    clock: Clock
    subscribers: Sequence[Subscriber]
    limits: Limits = field(default_factory=Limits)

    def beat(self) -> int:
        """Collect and deliver; how many."""
        return self._collect() + sum(map(self._redeliver, self.subscribers))

    def _collect(self) -> int:
        with reading(self.engine) as db:
            found = store.uncollected(db, AT_ONCE)
        if found:
            with writing(self.engine) as db:
                now = self.clock()
                for name in sorted({name for name, *_ in found}):
                    consumers.register(db, name, QUEUE, now)
                again = store.uncollected(db, AT_ONCE)
                store.add(db, [_letter(*one) for one in again])
        return len(found)

    def _redeliver(self, to: Subscriber) -> int:
        with reading(self.engine) as db:
            due = store.due(db, to.name, self.clock(), AT_ONCE)
        aside = Aside(self.engine, to.name, self.limits, self.clock)
        for one in due:
            self._redeliver_one(to, one, aside)
        return len(due)

    def _redeliver_one(self, to: Subscriber, one: Message, aside: Aside) -> None:
        try:
            self._hand_over(to, one, lambda db: aside.received(db, one))
        except Unavailable as error:
            aside.later(one, error)
        except Exception as error:  # noqa: BLE001  whatever it throws must block no other fact
            aside.failed(one, judged(error))

    def _hand_over(
        self, to: Subscriber, one: Message, settle: Callable[[Connection], None]
    ) -> None:
        with reading(self.engine) as db:
            fact = deliveries.dead_fact(db, to.name, one.id)
        if fact is not None and to.take is not None:
            to.take(self.clock(), [fact])
        with begin(self.engine, Actor("quarterdeck", frozenset()), self.clock) as work:
            if fact is not None and to.take is None:
                to.receive_each(work, [fact])
            deliveries.received_at_last(work.db, to.name, one.id)
            settle(work.db)


def _letter(subscriber: str, fact: Fact, why: str, at: datetime) -> Message:
    unreadable = why.startswith(UNREADABLE)
    reason = Reason.SERIALIZATION if unreadable else Reason.DELIVERY_COUNT
    return Message(
        consumer=subscriber,
        log=fact.tenant,
        index=fact.sequence,
        id=fact.id,
        state=State.DEAD,
        deliveries=MAX_TRIES,
        due_at=at,
        failure=Failure(reason=reason, error=why, final=True),
        kind=USUAL_KIND[reason],
        enqueued_at=instant(fact.moment),
        first_at=at,
        dead_at=at,
    )
