"""A loss of data that an incident suspects: the trail hears it, and what it does is written down.

It stops to accept and holds what there is (runbook 004, L821). The platform's own leaves go on:
they tell of the incident itself, and of who ends the stop.
"""

from quarterdeck.access.tenants import service as access
from quarterdeck.events.incidents import DataLossSuspected
from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.kernel.outbox import Fact
from quarterdeck.kernel.work import ANY, Tenants, Work
from quarterdeck.operations.incidents.model.incident import MAX_LINE, Incident
from quarterdeck.operations.incidents.model.timeline import Wrote
from quarterdeck.operations.incidents.service.keeping import OPEN, known, own, write
from quarterdeck.operations.incidents.store import incidents as store
from quarterdeck.operations.severities.model import Flag

LOG = "log/"
"""How the links of an incident begin that say of which logs it has told."""

EVERYONE = Tenants(frozenset({ANY}))
"""An incident of one tenant may stop the logs of others; only the trail says that it did."""


def suspect(work: Work, incident: Incident, before: Incident | None = None) -> None:
    """Tell of a loss that is suspected: of each log once, until it is suspected anew.

    ``before``: the incident as it stood. Where it was not open then, or suspected nothing, what
    was told has ended: a freeze may have been lifted since.
    """
    if not incident.is_open or not (logs := logs_of(work, incident)):
        return
    if before is None or not before.is_open or Flag.DATA_LOSS not in before.flags:
        store.unlink(work.db, own(incident), incident.id, LOG)
    # What was told is kept, not worked out: who comes later may name what others might not.
    logs = [log for log in logs if _link(work, incident, log)]
    if not logs:
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


def followed(work: Work, fact: Fact, about: str, words: str, said: str = "") -> None:
    """Write down what became of it.

    What was ``said`` of it, and by whom, is for incidents of the tenant that said it alone.
    """
    for name in store.about(work.db, EVERYONE, about):
        if (incident := known(work, EVERYONE, name)) is None:
            continue
        its_own = incident.tenant == fact.tenant
        text = f"{words}{said}"[:MAX_LINE] if its_own else words
        by = fact.actor if its_own else ""
        write(work, incident, Wrote.CHANGE, text, by=by, key=fact.id)


def open_about(work: Work, about: str) -> list[Incident]:
    """The incidents about it that are open: what is over tells nobody."""
    found = (known(work, EVERYONE, name) for name in store.about(work.db, EVERYONE, about))
    return [one for one in found if one is not None and one.is_open]


def _link(work: Work, incident: Incident, log: str) -> bool:
    return store.link(work.db, incident.tenant, f"{LOG}{log}", incident.id)


def _names(logs: list[str]) -> str:
    return "every log" if logs == [PLATFORM] else f"the trail of {', '.join(logs)}"
