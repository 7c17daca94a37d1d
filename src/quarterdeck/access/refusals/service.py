"""Counting what was refused, and telling the log of it, minute by minute.

What was refused to nobody known is not here: ``authentication`` counts it for the metrics.
"""

from sqlalchemy import Engine

from quarterdeck.access.principals.model import installation
from quarterdeck.access.refusals import store
from quarterdeck.access.refusals.model import Refusal, minute_of
from quarterdeck.events.access import AccessRefused
from quarterdeck.kernel.clock import Clock, instant, micros, rfc3339
from quarterdeck.kernel.db import reading, writing
from quarterdeck.kernel.outbox import Envelope
from quarterdeck.kernel.work import Actor, Work, begin

MOST_SHOWN = 200


def note(engine: Engine, clock: Clock, actor: Actor, permission: str, on: str) -> None:
    """Count one refusal, durably, in a transaction of its own: that of the request is undone.

    ``on`` is what the request named, which may be no tenant at all.
    """
    refusal = Refusal(
        actor=actor.id,
        permission=permission,
        minute=minute_of(micros(clock())),
        on=on[:MOST_SHOWN],
        home=actor.home,
        count=1,
    )
    with writing(engine) as db:
        store.count(db, refusal)


def flush(engine: Engine, clock: Clock) -> int:
    """Tell the log of every minute that is over; how many leaves that makes.

    Any process may call it at any time: each minute is told once. It costs a look where
    nothing was refused.
    """
    with reading(engine) as db:
        if not store.any_before(db, minute_of(micros(clock()))):
            return 0
    with begin(engine, installation(), clock) as work:
        return _tell(work)


def _tell(work: Work) -> int:
    taken = store.take(work.db, minute_of(micros(work.now)))
    for refusal in taken:
        # In the name of who was refused, not of whoever runs this.
        work.published.append(
            Envelope(
                id=work.new_id(),
                event=AccessRefused(
                    tenant=refusal.home,
                    refused=refusal.permission,
                    on=refusal.on,
                    count=refusal.count,
                    minute=rfc3339(instant(refusal.minute)),
                ),
                actor=refusal.actor,
                request=work.request,
                moment=micros(work.now),
            )
        )
    return len(taken)
