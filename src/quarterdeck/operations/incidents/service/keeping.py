"""What every change of an incident does: a version, if nobody was faster, and a line."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from quarterdeck.events.incidents import IncidentNoted
from quarterdeck.kernel import versions
from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.operations.incidents.model.faults import IncidentChanged, NoSuchIncident
from quarterdeck.operations.incidents.model.incident import Incident
from quarterdeck.operations.incidents.model.timeline import Entry, Wrote
from quarterdeck.operations.incidents.store import incidents as store
from quarterdeck.operations.incidents.store import timeline

READ, OPEN, WRITE = "incidents:read", "incidents:open", "incidents:write"
ACKNOWLEDGE, ESCALATE = "incidents:acknowledge", "incidents:escalate"
APPROVE = "notices:approve"
REVIEW, SIGN = "postmortems:write", "postmortems:approve"


def found(work: Work, tenants: Tenants, incident: str) -> Incident:
    """One incident; raise NoSuchIncident."""
    one = store.of_id(work.db, tenants, incident)
    if one is None:
        raise NoSuchIncident(
            f"no incident {incident[:80]!r}; quarterdeck incident list shows those that are open"
        )
    return one


def known(work: Work, tenants: Tenants, incident: str) -> Incident | None:
    """One incident; None where there is none."""
    return store.of_id(work.db, tenants, incident)


def own(incident: Incident) -> Tenants:
    """Its tenant, for queries about what was found before."""
    return Tenants(frozenset({incident.tenant}))


def expect(incident: Incident, expected: int | None) -> None:
    """Raise IncidentChanged where it is not at the version that was ``expected``; None: any."""
    versions.expect(incident.id, incident.version, expected, IncidentChanged)


def change(work: Work, before: Incident, **said: Any) -> Incident:  # noqa: ANN401  fields of every type
    """Have an incident be so from now on.

    Raises:
        IncidentChanged: somebody else changed it in the same moment.
    """
    made = replace(before, version=before.version + 1, **said)
    if not store.change(work.db, own(before), made):
        raise IncidentChanged(f"{before.id} was changed just now: look at it again")
    return made


def noted(incident: Incident, kind: Wrote, text: str) -> IncidentNoted:
    """What the platform is told of a line that somebody wrote."""
    return IncidentNoted(tenant=incident.tenant, incident=incident.id, kind=kind.value, text=text)


def write(  # noqa: PLR0913  a line has so many parts
    work: Work,
    incident: Incident,
    kind: Wrote,
    text: str,
    *,
    by: str | None = None,
    at: datetime | None = None,
    link: str = "",
    key: str = "",
) -> bool:
    """Append to the timeline; False where a line of that key is there already.

    ``by`` None: the actor; empty: nobody, it was a clock.
    """
    entry = Entry(
        number=0,
        at=at or work.now,
        kind=kind,
        by=work.actor.id if by is None else by,
        text=text,
        link=link,
    )
    return timeline.append(work.db, own(incident), incident.id, entry, key=key) is not None
