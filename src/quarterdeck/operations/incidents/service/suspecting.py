"""A loss of data that an incident suspects: the trail hears it, and what it does is written down.

It stops to accept and holds what there is (runbook 004, L821). The platform's own leaves go on:
they tell of the incident itself, and of who ends the stop.
"""

from quarterdeck.access.tenants import service as access
from quarterdeck.events.incidents import DataLossSuspected
from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.kernel.outbox import Fact
from quarterdeck.kernel.work import ANY, Tenants, Work
from quarterdeck.operations.incidents.model.incident import Incident
from quarterdeck.operations.incidents.model.timeline import Wrote
from quarterdeck.operations.incidents.service.keeping import OPEN, known, write
from quarterdeck.operations.incidents.store import incidents as store
from quarterdeck.operations.severities.model import Flag

EVERYONE = Tenants(frozenset({ANY}))
"""An incident of one tenant may stop the logs of others; only the trail says that it did."""


def suspect(work: Work, incident: Incident, before: Incident | None = None) -> None:
    """Tell of a loss that is suspected, as far as it was not ``before``."""
    known_of = logs_of(work, before) if before and before.is_open else []
    logs = [log for log in logs_of(work, incident) if log not in known_of]
    if not logs or not incident.is_open:
        return
    work.publish(
        DataLossSuspected(
            tenant=incident.tenant, incident=incident.id, title=incident.title, logs=logs
        )
    )
    words = f"A loss of data is suspected: {_names(logs)}"
    write(work, incident, Wrote.FINDING, words, key=f"loss/{incident.version}")


def logs_of(work: Work, incident: Incident) -> list[str]:
    """Whose logs a suspected loss concerns; none where no loss is suspected.

    Its tenant's, and those of affected tenants of which the actor could declare one, too:
    nobody stops what others write by naming them. Of the platform: every log.
    """
    if Flag.DATA_LOSS not in incident.flags:
        return []
    if incident.tenant == PLATFORM:
        return [PLATFORM]
    named = [one for one in incident.tenants if work.actor.may(OPEN, one)]
    others = access.existing(work, Tenants(frozenset(named)), named) if named else []
    return [*dict.fromkeys((incident.tenant, *sorted(others)))]


def placed(work: Work, fact: Fact, about: str, words: str, link: str) -> bool:
    """Write down, and remember, what the trail did because of an incident; whether it did."""
    incident = known(work, EVERYONE, fact.payload.get("incident", ""))
    if incident is None:
        return False
    store.link(work.db, incident.tenant, about, incident.id)
    return write(work, incident, Wrote.CHANGE, words, by="", link=link, key=fact.id)


def followed(work: Work, fact: Fact, about: str, words: str) -> None:
    """Write down what became of it."""
    for name in store.about(work.db, EVERYONE, about):
        if (incident := known(work, EVERYONE, name)) is not None:
            write(work, incident, Wrote.CHANGE, words, by=fact.actor, key=fact.id)


def is_known(work: Work, about: str) -> bool:
    """Whether an incident is about it already."""
    return bool(store.about(work.db, EVERYONE, about))


def _names(logs: list[str]) -> str:
    return "every log" if logs == [PLATFORM] else f"the trail of {', '.join(logs)}"
