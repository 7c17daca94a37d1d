"""Updates to audiences: looked at before they are posted, posted, and told by themselves."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from quarterdeck.events.incidents import AudiencesTold
from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.operations.incidents.model.bulletin import Bulletin, Letter
from quarterdeck.operations.incidents.model.incident import Incident, check_text
from quarterdeck.operations.incidents.model.rooms import has_channel
from quarterdeck.operations.incidents.model.timeline import Wrote
from quarterdeck.operations.incidents.service import noticing
from quarterdeck.operations.incidents.service.composing import (
    Chosen,
    by_itself,
    chosen,
    every,
    letters,
)
from quarterdeck.operations.incidents.service.delivering import deliver, reached
from quarterdeck.operations.incidents.service.keeping import READ, change, expect, found, write
from quarterdeck.operations.incidents.service.roles import require_speaker, require_writer
from quarterdeck.operations.incidents.service.telling import tell_desks, tell_room
from quarterdeck.operations.incidents.store import bulletins

DECLARED = "Declared. We are looking into it."
"""What is told by itself, when nobody has said anything yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What an audience would be told.

    Attributes:
        refused: why it would not be, as things stand; empty: it would.
    """

    audience: str
    title: str
    letters: list[Letter]
    refused: str = ""


def options(work: Work, incident_id: str) -> list[Chosen]:
    """Whom an incident can be told to."""
    return every(work, found(work, work.tenants(READ), incident_id))


def preview(work: Work, incident_id: str, text: str, names: Sequence[str]) -> list[Draft]:
    """What each of the audiences would be told, and by which ways. Nothing is posted."""
    incident = found(work, work.tenants(READ), incident_id)
    require_writer(work, incident)
    check_text(text, least=1)
    picked = chosen(work, incident, names)
    return [_draft(work, incident, one, text) for one in picked]


def post_update(
    work: Work,
    incident_id: str,
    text: str,
    names: Sequence[str],
    *,
    expected: int | None = None,
) -> list[Bulletin]:
    """Tell each of the audiences, in its own words, what is new.

    All of them are told, or none is: one that is refused refuses the whole update.

    Raises:
        IncidentChanged: it is not at the version that was ``expected``, as after an update.
        NotTheirRole: the actor speaks for others than for this incident.
        NoticeNotApproved: customers are among them, and Legal has not approved.
        NobodyToTell: customers are among them, and none can be reached.
    """
    incident = found(work, work.tenants(READ), incident_id)
    require_speaker(work, incident)
    expect(incident, expected)
    check_text(text, least=1)
    picked = chosen(work, incident, names)
    made = change(work, incident, updated_at=work.now)
    titles = ", ".join(one.audience.title for one in picked)
    write(work, made, Wrote.UPDATE, f"To {titles}: {text}")
    words, key = f"Update: {made.title}", f"update/{made.version}"
    tell_desks(work, made, words, key=key, text=text)
    if has_channel(made):
        tell_room(work, made, words, key=key, text=text)
    told: list[Bulletin] = []
    for one in picked:
        made, fresh = _told(work, made, one, text, key)
        told += fresh
    _publish(work, made, picked, told, text)
    return told


def tell_by_itself(work: Work, incident: Incident) -> None:
    """Tell the audiences of its severity and flags, once each.

    Those whose words name the affected tenants are told anew when these are others.
    """
    told: list[Bulletin] = []
    picked = [one for one in by_itself(work, incident) if _is_new(work, incident, one)]
    for one in picked:
        made = letters(work, incident, one, DECLARED, "")
        told += deliver(work, incident, made, key=f"itself/{one.audience.name}", by="")
    if picked:
        _publish(work, incident, picked, told, DECLARED)


def counts(work: Work, tenants: Tenants, since: datetime) -> dict[tuple[str, str], int]:
    """How many bulletins there are since then, by tenant and audience; in no person's name."""
    return bulletins.counts(work.db, tenants, since)


def _told(
    work: Work, incident: Incident, one: Chosen, text: str, key: str
) -> tuple[Incident, list[Bulletin]]:
    if one.audience.customers:
        return noticing.notify(work, incident, one, text, by=None)
    made = letters(work, incident, one, text, work.actor.id)
    told = deliver(work, incident, made, key=f"{key}/{one.audience.name}", by=work.actor.id)
    return incident, told


def _draft(work: Work, incident: Incident, one: Chosen, text: str) -> Draft:
    return Draft(
        audience=one.audience.name,
        title=one.audience.title,
        letters=letters(work, incident, one, text, work.actor.id),
        refused=noticing.refusal(work, incident) if one.audience.customers else "",
    )


def _is_new(work: Work, incident: Incident, one: Chosen) -> bool:
    """Whether it was not told of this yet; then it is written down that it is now."""
    named = one.audience.uses("tenants") or one.audience.uses("customers")
    about = sha256("\n".join(sorted(incident.tenants) if named else ()).encode()).hexdigest()
    line = f"{one.audience.title} is told by itself"
    key = f"itself/{one.audience.name}/{about[:16]}"
    return write(work, incident, Wrote.NOTICE, line, by="", key=key)


def _publish(
    work: Work, incident: Incident, picked: Sequence[Chosen], told: Sequence[Bulletin], text: str
) -> None:
    work.publish(
        AudiencesTold(
            tenant=incident.tenant,
            incident=incident.id,
            audiences=[one.audience.name for one in picked],
            versions=[one.version for one in picked],
            ways=reached(told),
            text=text,
        )
    )
