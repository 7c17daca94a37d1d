"""The holds' ear: where an incident suspects a loss of data, what is left is held as evidence."""

from collections.abc import Iterable

from quarterdeck.kernel.deliveries import Subscriber
from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.kernel.outbox import Fact
from quarterdeck.kernel.work import Work
from quarterdeck.trail.holds import service
from quarterdeck.trail.log.storage import leaves

NAME, SUSPECTED = "trail-holds", "DataLossSuspected"


def subscriber() -> Subscriber:
    """Who hears of facts on behalf of holds."""
    return Subscriber(name=NAME, receive=_hear, hears=[SUSPECTED])


def _hear(work: Work, fact: Fact) -> None:
    said = fact.payload
    for tenant in _tenants(work, said["logs"]):
        service.preserve(work, tenant, said["incident"], said["title"], fact.actor)


def _tenants(work: Work, logs: Iterable[str]) -> list[str]:
    """Whose records: an incident of the platform is about every log that has begun."""
    found = dict.fromkeys(logs)
    if PLATFORM in found:
        found |= dict.fromkeys(log.tenant for log in leaves.every(work.db))
    return list(found)
