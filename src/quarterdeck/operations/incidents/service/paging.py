"""The page of an incident: one, under the policy of its severity, while it is open.

Whoever answers the page is on the incident, and the other way round.
"""

from quarterdeck.kernel.work import Work
from quarterdeck.operations.escalation.model.page import What
from quarterdeck.operations.escalation.service import keyed, opening
from quarterdeck.operations.incidents.model.incident import Incident, Role

LONGEST_TITLE = 500
MEANS = "incident"


def key_of(incident: str) -> str:
    """Under which key the page of an incident is."""
    return f"incident/{incident}"


def page(work: Work, incident: Incident) -> None:
    """Have people be woken by the policy of its severity; of one that is open nothing is new."""
    if not incident.is_open or not incident.severity.policy:
        return
    facts = {
        "Incident": incident.id,
        "Services": ", ".join(incident.services),
        "War room": incident.war_room,
        "Commander": incident.holder(Role.IC),
    }
    what = What(
        title=f"{incident.id} {incident.title}"[:LONGEST_TITLE],
        severity=incident.severity.name,
        about=key_of(incident.id),
        facts=tuple((label, value) for label, value in facts.items() if value),
        flags=frozenset(flag.value for flag in incident.flags),
    )
    policy, key = incident.severity.policy, key_of(incident.id)
    opening.page_anyway(work, incident.tenant, policy, what, key=key)


def follow(work: Work, incident: Incident) -> None:
    """Have its page be of its severity and flags as they are now; open one where none is yet."""
    page(work, incident)
    flags = frozenset(flag.value for flag in incident.flags)
    name = incident.severity.name
    keyed.change(work, incident.tenant, key_of(incident.id), name, flags)


def answer(work: Work, incident: Incident, who: str) -> None:
    """Somebody is on it: nobody else is told, but for those who must join anyway."""
    keyed.answer(work, incident.tenant, key_of(incident.id), who, MEANS)


def end(work: Work, incident: Incident, who: str) -> None:
    """It is over: nobody is wanted any more."""
    keyed.end(work, incident.tenant, key_of(incident.id), who)
