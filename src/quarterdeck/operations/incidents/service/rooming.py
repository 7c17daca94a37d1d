"""War rooms: opened once, and their topic kept current."""

from quarterdeck.kernel.work import Work
from quarterdeck.operations.incidents.model.incident import TITLES, Incident, Role
from quarterdeck.operations.incidents.model.rooms import has_channel, room_name, topic
from quarterdeck.operations.incidents.model.timeline import Wrote
from quarterdeck.operations.incidents.service.keeping import (
    WRITE,
    change,
    found,
    noted,
    own,
    write,
)
from quarterdeck.operations.incidents.service.telling import tell_channels, tell_room
from quarterdeck.operations.incidents.store import incidents as store

PINNED = ("ticket", "dashboard", "logs", "metrics", "traces")


def open_room(work: Work, incident: Incident, *, by: str | None = None) -> Incident:
    """Name a war room, say so in the channels with topic, pins and whom to invite; once."""
    if incident.war_room:
        return incident
    base = room_name(incident, work.now)
    name = room_name(incident, work.now, store.hold_rooms(work.db, own(incident), base))
    made = change(work, incident, war_room=name)
    write(work, made, Wrote.ROOM, f"War room {name} opened", by=by, key="room")
    tell_channels(work, made, f"War room {name}", key="room", text=described(made))
    return made


def open_by_hand(work: Work, incident_id: str) -> Incident:
    """Open a war room now, whatever its severity says."""
    incident = found(work, work.tenants(WRITE), incident_id)
    made = open_room(work, incident)
    if made is not incident:
        work.publish(noted(made, Wrote.ROOM, f"War room {made.war_room} opened"))
    return made


def described(incident: Incident) -> str:
    """What the room begins with: topic, pins, whom to invite, and its manners."""
    pins = [f"{word}: {incident.links[word]}" for word in PINNED if word in incident.links]
    invited = [f"{TITLES[role]}: {incident.holder(role) or 'nobody yet'}" for role in Role] + [
        f"experts of {name}" for name in incident.services
    ]
    period = incident.severity.update_min
    rhythm = f"The IC posts an update every {period} minutes. " if period else ""
    return "\n".join(
        (
            f"Topic: {topic(incident)}",
            f"Pinned: {'; '.join([f'ticket: {incident.id}', *pins])}",
            f"Invite: {'; '.join(invited)}",
            f"{rhythm}Side discussions go in threads; decisions are said with their reason.",
        )
    )


def retitle(work: Work, incident: Incident, *, key: str) -> None:
    """Say the topic anew, where there is a room, or a channel of its own."""
    words = topic(incident)
    if incident.war_room:
        write(work, incident, Wrote.ROOM, f"Topic: {words}", by="", key=f"topic/{key}")
        tell_channels(work, incident, words, key=f"topic/{key}")
    elif has_channel(incident):
        tell_room(work, incident, words, key=f"topic/{key}")
