"""Alerts' ear: hears facts, and has alerts begin and end."""

from quarterdeck.kernel.deliveries import Subscriber
from quarterdeck.kernel.outbox import Fact
from quarterdeck.kernel.work import Work
from quarterdeck.operations.alerts import service, signs

NAME = "alerts"


def subscriber() -> Subscriber:
    """Who hears of facts on behalf of alerts."""
    return Subscriber(name=NAME, receive=_hear, hears=signs.HEARD)


def _hear(work: Work, fact: Fact) -> None:
    sign, ended = signs.begun(fact), signs.ended(fact)
    if sign is not None:
        service.fire(work, sign)
    if ended is not None:
        service.clear(work, fact.tenant, ended)
    if labels := signs.removed(fact):
        service.clear_about(work, fact.tenant, signs.SERVICE, labels)
