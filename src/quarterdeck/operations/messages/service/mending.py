"""Dead letters: sent again, or let go, by a person."""

from datetime import timedelta

from sqlalchemy import Engine

from quarterdeck.events.messages import MessageLetGo, MessageRetried
from quarterdeck.kernel.clock import Clock
from quarterdeck.kernel.db import writing
from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.operations.messages.model import DROPPED, GIVE_UP, Message, MessageMoved
from quarterdeck.operations.messages.service.looking import one as found
from quarterdeck.operations.messages.store import outbox

WRITE = "messages:write"
KEPT = timedelta(days=30)


def retry(work: Work, message: str) -> Message:
    """Have what was given up tried anew; raise NoSuchMessage, MessageMoved."""
    one, own = _mine(work, message)
    if not outbox.retry(work.db, own, one, work.now + GIVE_UP):
        raise MessageMoved(f"message {one.id} is {one.state}: only one that failed is sent again")
    work.publish(MessageRetried(tenant=one.tenant, message=one.id, what=one.about))
    return found(work, message)


def let_go(work: Work, message: str) -> Message:
    """Have it told no more; raise NoSuchMessage, MessageMoved."""
    one, own = _mine(work, message)
    if not outbox.let_go(work.db, own, one, DROPPED, work.now):
        raise MessageMoved(f"message {one.id} is {one.state}: it cannot be let go")
    work.publish(MessageLetGo(tenant=one.tenant, message=one.id, what=one.about))
    return found(work, message)


def forget(engine: Engine, clock: Clock) -> int:
    """Forget some that ended long ago; how many. For a worker's pulse."""
    before = clock() - KEPT
    with writing(engine) as db:
        return outbox.forget(db, before)


def _mine(work: Work, message: str) -> tuple[Message, Tenants]:
    work.tenants(WRITE)  # whoever may do so nowhere does not hear which messages there are
    one = found(work, message)
    return one, work.require(WRITE, one.tenant)
