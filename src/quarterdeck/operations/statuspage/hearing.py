"""Status pages' ear: how services are, what maintenance there is, and what is to be mailed."""

from collections.abc import Callable, Mapping

from quarterdeck.kernel.clock import instant
from quarterdeck.kernel.deliveries import Subscriber
from quarterdeck.kernel.outbox import Fact
from quarterdeck.kernel.work import Work
from quarterdeck.operations.health.model.state import State
from quarterdeck.operations.statuspage.service import keeping, scheduled, standing, telling
from quarterdeck.operations.statuspage.service.linking import Links

NAME = "statuspage"
STATES = {
    "ServiceWentDown": State.DOWN,
    "ServiceDegraded": State.DEGRADED,
    "ServiceCameBack": State.HEALTHY,
    "ServiceLostFromSight": State.UNKNOWN,
}

MAILED = ("StatusUpdated", "StatusMailsWait")


def subscriber(links: Links) -> Subscriber:
    """Who hears of facts on behalf of status pages."""

    def hear(work: Work, fact: Fact) -> None:
        if fact.name in STATES:
            _moved(work, fact)
        elif fact.name in HEARS:
            HEARS[fact.name](work, fact)
        else:
            said, after = fact.payload, fact.payload.get("after", "")
            telling.tell(work, fact.tenant, said["post"], said["update"], links, after)

    return Subscriber(name=NAME, receive=hear, hears={*STATES, *HEARS, *MAILED})


def _moved(work: Work, fact: Fact) -> None:
    said = fact.payload
    state, at = STATES[fact.name], instant(fact.moment)
    standing.follow(work, fact.tenant, said["environment"], said["service"], state, at)


def _scheduled(work: Work, fact: Fact) -> None:
    window = scheduled.of_fact(work, fact.tenant, fact.payload["window"])
    # One that ended meanwhile is nothing to announce: who hears of it late finds it over.
    if window is not None and window.ended_at is None:
        scheduled.announce(work, window)


def _written(work: Work, fact: Fact) -> None:
    # A new one alone: what was withdrawn since must not be mailed again by another change.
    if fact.payload["version"] == "1":
        scheduled.announce_known(work, fact.tenant)


def _archived(work: Work, fact: Fact) -> None:
    keeping.close(work, fact.tenant)


def _began(work: Work, fact: Fact) -> None:
    scheduled.began(work, fact.tenant, fact.payload["window"])


def _ended(work: Work, fact: Fact) -> None:
    scheduled.ended(work, fact.tenant, fact.payload["window"])


HEARS: Mapping[str, Callable[[Work, Fact], None]] = {
    "MaintenanceScheduled": _scheduled,
    "MaintenanceBegan": _began,
    "MaintenanceEnded": _ended,
    "StatusComponentWritten": _written,
    "TenantArchived": _archived,
}
