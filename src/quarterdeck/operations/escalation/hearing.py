"""Escalation's ear: alerts that somebody answers, or that end, and messages that are refused."""

from quarterdeck.kernel.deliveries import Subscriber
from quarterdeck.kernel.outbox import Fact
from quarterdeck.kernel.work import Work
from quarterdeck.operations.escalation.service import alerted, refused

NAME = "escalation"
OF_ONE = ("AlertAcknowledged", "AlertResolved", "AlertEnded")
OF_MANY = "AlertsHandled"
REFUSED, RETRIED = "MessageRefused", "MessageRetried"


def subscriber() -> Subscriber:
    """Who hears of facts on behalf of escalation."""
    return Subscriber(name=NAME, receive=_hear, hears=[*OF_ONE, OF_MANY, REFUSED, RETRIED])


def _hear(work: Work, fact: Fact) -> None:
    if fact.name in OF_ONE:
        alerted.hear(work, fact.tenant, [int(fact.payload["alert"])])
    if fact.name == OF_MANY:
        alerted.hear(work, fact.tenant, None)
    if fact.name == REFUSED and str(fact.payload["what"]).startswith(refused.ABOUT):
        said = fact.payload
        refused.hear(work, fact.tenant, said["what"], said["message"], said["why"])
    if fact.name == RETRIED and str(fact.payload["what"]).startswith(refused.ABOUT):
        refused.retried(work, fact.tenant, fact.payload["what"], fact.payload["message"])
