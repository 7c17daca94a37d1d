"""Access's ear for erasures: who was erased in the log of its home is forgotten here too."""

from quarterdeck.access.principals import service as principals
from quarterdeck.kernel.deliveries import Subscriber
from quarterdeck.kernel.outbox import Fact
from quarterdeck.kernel.work import Work

NAME, ERASED = "access", "SubjectErased"


def subscriber() -> Subscriber:
    """Who hears of facts on behalf of access."""
    return Subscriber(name=NAME, receive=_hear, hears=[ERASED])


def _hear(work: Work, fact: Fact) -> None:
    if fact.payload["person"]:
        principals.forget(work, fact.payload["person"], fact.tenant)
