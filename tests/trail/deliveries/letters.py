"""Dead letters put where they lie, for tests that only look at them."""

from datetime import datetime, timedelta
from itertools import count

from sqlalchemy import Engine

from quarterdeck.kernel.clock import utc_now
from quarterdeck.kernel.db import writing
from quarterdeck.trail.deliveries.message import USUAL_KIND, Message
from quarterdeck.trail.deliveries.model import Failure, Reason, State
from quarterdeck.trail.deliveries.store import consumers, messages

NAME, QUEUE = "projection-worker", "projection-queue"
NUMBERS = count(1)


def put_dead(
    engine: Engine,
    tenant: str,
    reason: Reason = Reason.DELIVERY_COUNT,
    at: datetime | None = None,
    index: int | None = None,
) -> str:
    """A dead letter of the projections; its id."""
    number, now = next(NUMBERS), at or utc_now() - timedelta(days=2)
    message = Message(
        consumer=NAME,
        log=tenant,
        index=number if index is None else index,
        id=f"letter-{number}",
        state=State.DEAD,
        deliveries=10,
        due_at=now,
        failure=Failure(reason=reason, error="ValueError: a bug", final=False),
        kind=USUAL_KIND[reason],
        enqueued_at=now,
        first_at=now,
        dead_at=now,
    )
    with writing(engine) as db:
        consumers.register(db, NAME, QUEUE, now)
        messages.add(db, [message])
    return message.id
