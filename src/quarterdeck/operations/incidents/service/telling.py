"""Whom an incident tells of itself: channels, the people who are paged, and who knows."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from quarterdeck.kernel.work import Work
from quarterdeck.operations.channels.model.channel import Kind
from quarterdeck.operations.channels.service import keeping as channels
from quarterdeck.operations.contacts import service as contacts
from quarterdeck.operations.contacts.model import Contact, Kept, Means
from quarterdeck.operations.incidents.model.incident import Incident, Role
from quarterdeck.operations.incidents.model.rooms import has_channel, room_name, topic
from quarterdeck.operations.incidents.model.timeline import Wrote
from quarterdeck.operations.incidents.service import paging
from quarterdeck.operations.incidents.service.keeping import write
from quarterdeck.operations.messages.model import (
    ROOM,
    TOPIC,
    Address,
    Content,
    Posted,
    Urgency,
    Where,
)
from quarterdeck.operations.messages.service.posting import post
from quarterdeck.operations.severities import service as severities
from quarterdeck.operations.severities.model import Flag

DECLARED = "declared"
LEVELS = ("critical", "error", "warning", "info")


def tell_channels(work: Work, incident: Incident, what: str, *, key: str, text: str = "") -> None:
    """Tell the channels of its severity what has happened; what cannot be told is written down."""
    rooms = channels.of_kind(work.db, incident.tenant, Kind.ROOMS)  # told apart, once it is open
    names = [name for name in incident.severity.channels if name not in rooms]
    to = [Address(where=Where.CHANNEL, name=name) for name in names]
    tell(work, incident, to, what, key=key, text=text)
    if key != DECLARED:  # its ticket begins with more than that
        tell_desks(work, incident, what, key=key, text=text)
    if has_channel(incident) and key != DECLARED:  # that begins with more, too
        tell_room(work, incident, what, key=key, text=text)


def tell_room(work: Work, incident: Incident, what: str, *, key: str, text: str = "") -> None:
    """Tell its channel in Slack, where its tenant has those; at first that creates it."""
    known = channels.of_kind(work.db, incident.tenant, Kind.ROOMS)
    to = [Address(where=Where.CHANNEL, name=name) for name in known]
    said = content_of(work, incident, what, text)
    own = ((ROOM, room_name(incident, incident.declared_at)), (TOPIC, topic(incident)))
    state = "closed" if incident.closed_at else said.state
    made = replace(said, state=state, facts=(*said.facts, *own))
    send(work, incident, to, made, key=f"room/{key}")


def tell_desks(work: Work, incident: Incident, what: str, *, key: str, text: str = "") -> None:
    """Tell the systems of tickets, where its severity has a ticket; at first that opens it."""
    if not incident.severity.ticket:
        return
    known = channels.of_kind(work.db, incident.tenant, Kind.JIRA)
    names = [name for name in known if name not in incident.severity.channels]
    to = [Address(where=Where.CHANNEL, name=name) for name in names]
    tell(work, incident, to, what, key=f"ticket/{key}", text=text)


def tell(  # noqa: PLR0913  a message has so many parts
    work: Work,
    incident: Incident,
    to: Sequence[Address],
    what: str,
    *,
    key: str,
    text: str = "",
    urgency: Urgency = Urgency.PROMPT,
) -> list[Posted]:
    """Post one message to each of ``to``; each way that there is not is said on the timeline."""
    content = content_of(work, incident, what, text)
    return send(work, incident, to, content, key=key, urgency=urgency)


def send(
    work: Work,
    incident: Incident,
    to: Sequence[Address],
    content: Content,
    *,
    key: str,
    urgency: Urgency = Urgency.PROMPT,
) -> list[Posted]:
    """As ``tell``, in words that stand already."""
    if not to:
        return []
    posted = post(
        work,
        incident.tenant,
        to,
        content,
        key=f"{incident.id}/{key}",
        about=f"incident/{incident.id}",
        urgency=urgency,
    )
    for one in posted:
        if one.why:
            line = f"Not told: {one.address.name}: {one.why}"
            write(work, incident, Wrote.NOTICE, line, by="", key=f"deaf/{key}/{one.address.name}")
    return posted


def tell_people(work: Work, incident: Incident, what: str, *, key: str) -> None:
    """Wake whom its severity says, by its policy, and tell who knows about it."""
    paging.follow(work, incident)
    known = contacts_of(work, incident)
    to = [Address(where=Where.MAIL, name=mail) for one in known for mail in mails_of(one)]
    posted = tell(work, incident, to, what, key=f"people/{key}")
    told = sorted({one.address.name for one in posted if one.message})
    if told:
        write(work, incident, Wrote.NOTICE, f"Told: {', '.join(told)}", by="", key=f"told/{key}")
    for one in known:
        if not mails_of(one):  # nothing here rings a phone: somebody must, and is told to
            way = one.channels[0]
            line = f"To be called: {one.title}, {way.means.value} {way.address}"
            write(work, incident, Wrote.NOTICE, line, by="", key=f"call/{one.name}")


def tell_team(work: Work, incident: Incident, what: str, *, key: str) -> None:
    """Tell whoever has a role in it, each by their own methods, also at night."""
    people = dict.fromkeys(incident.roles.values())
    to = [Address(where=Where.PERSON, name=name) for name in people]
    tell(work, incident, to, what, key=f"team/{key}", urgency=Urgency.PAGE)


def contacts_of(work: Work, incident: Incident) -> list[Contact]:
    """Who is called to it besides: of security incidents, whoever knows about security.

    Who is there for critical incidents only is left out of all but the worst.
    """
    if Flag.SECURITY not in incident.flags:
        return []
    return for_severity(work, incident, contacts.knowing(work, incident.tenant, ["security"]))


def for_severity(work: Work, incident: Incident, known: Iterable[Kept]) -> list[Contact]:
    """Those of ``known`` whom nobody must spare at its severity."""
    worst = rank_of(work, incident) == 0
    return [kept.contact for kept in known if worst or not kept.contact.critical_only]


def mails_of(contact: Contact) -> list[str]:
    """The mail addresses of a contact."""
    return [way.address for way in contact.channels if way.means is Means.MAIL]


def rank_of(work: Work, incident: Incident) -> int:
    """How bad it is among the severities of its tenant; 0 is the worst."""
    return severities.ladder(work.db, incident.tenant).rank(incident.severity.name)


def content_of(work: Work, incident: Incident, what: str, text: str) -> Content:
    """What a message about it says."""
    resolved = not incident.is_open
    acknowledged = "acknowledged" if incident.acknowledged else "firing"
    facts = {
        "Incident": incident.id,
        "Severity": incident.severity.name,
        "Status": incident.status.value,
        "Services": ", ".join(incident.services),
        "Tenants": ", ".join(incident.tenants),
        "War room": incident.war_room,
        "Commander": incident.holder(Role.IC),
    }
    return Content(
        title=what,
        text=text,
        severity=LEVELS[min(rank_of(work, incident), len(LEVELS) - 1)],
        state="resolved" if resolved else acknowledged,
        priority=incident.severity.priority,
        facts=tuple((label, value) for label, value in facts.items() if value),
        links=tuple(
            (word, address)
            for word, address in incident.links.items()
            if address.startswith("https://")
        ),
    )
