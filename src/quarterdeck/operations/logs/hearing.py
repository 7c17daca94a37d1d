"""Logs' ear: while records may have been altered, what the platform said is evidence."""

from quarterdeck.kernel.deliveries import Subscriber
from quarterdeck.kernel.outbox import Fact
from quarterdeck.kernel.work import Work
from quarterdeck.operations.logs import service

NAME = "logs"
PLACED, LIFTED, RELEASED = "FreezePlaced", "FreezeLifted", "EvidenceReleased"
CONFIRMED = "confirmed"


def subscriber() -> Subscriber:
    """Who hears of facts on behalf of logs."""
    return Subscriber(name=NAME, receive=_hear, hears=[PLACED, LIFTED, RELEASED])


def _hear(work: Work, fact: Fact) -> None:
    said = fact.payload
    if fact.name == PLACED:
        service.hold(work, fact.tenant, said["investigation"])
    # What a confirmed investigation holds stays held until somebody releases it.
    lifted = fact.name == LIFTED and said["result"] != CONFIRMED
    if lifted or fact.name == RELEASED:
        service.release(work, fact.tenant, said["investigation"])
