"""Mails that were taken and came back: they were told nobody."""

from quarterdeck.events.messages import MessageRefused
from quarterdeck.kernel.db import storable
from quarterdeck.kernel.errors import Conflict
from quarterdeck.kernel.work import Work
from quarterdeck.operations.messages import bounce
from quarterdeck.operations.messages.model import Message
from quarterdeck.operations.messages.service.looking import one as found
from quarterdeck.operations.messages.service.mending import WRITE
from quarterdeck.operations.messages.store import outbox


def came_back(work: Work, report: str) -> Message:
    """Hear from a mail server that a mail came back: it becomes a dead letter. Once is enough.

    One that is only late stays as it is.

    Raises:
        UnreadableBounce
        NoSuchMessage
        Conflict: it is still being sent.
    """
    work.tenants(WRITE)  # whoever may do so nowhere does not hear which messages there are
    said = bounce.read(report)
    one = found(work, said.message)
    own = work.require(WRITE, one.tenant)
    if said.failed and one.is_open:
        raise Conflict("how it was sent is not written down yet: report it again in a moment")
    why = storable(f"bounced: {said.why}")
    if said.failed and outbox.bounce(work.db, own, one, why, work.now):
        told = MessageRefused(tenant=one.tenant, message=one.id, what=one.about, why=why)
        work.publish(told)
    return found(work, said.message)
