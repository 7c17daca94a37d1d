"""The channel of an incident in Slack: where it is, or why there is none."""

from collections.abc import Sequence
from dataclasses import dataclass

from quarterdeck.kernel.work import Work
from quarterdeck.operations.channels.model.channel import Kind
from quarterdeck.operations.channels.service import keeping as channels
from quarterdeck.operations.incidents.model.incident import Incident
from quarterdeck.operations.incidents.model.rooms import has_channel
from quarterdeck.operations.messages.model import Message

ABSENT = "no channel is created in Slack: there is no channel of kind slack-rooms with a token"
UNDER_WAY = "being created"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat:
    """What became of it.

    Attributes:
        links: addresses on the web, one for each workspace where it is created.
        why: what went wrong last, and what to do; or why there is none. Empty: all is well.
    """

    links: tuple[str, ...] = ()
    why: str = ""


def chat_of(work: Work, incident: Incident, told: Sequence[Message]) -> Chat | None:
    """By what was ``told`` about the incident, first to last; None: it has none."""
    if not has_channel(incident):
        return None
    rooms = [one for one in told if one.kind == Kind.ROOMS]
    links = tuple(dict.fromkeys(one.receipt for one in rooms if one.receipt))
    last = {one.channel: one for one in rooms}
    faults = "; ".join(dict.fromkeys(one.error for one in last.values() if one.error))
    return Chat(links=links, why=faults or ("" if links else _why(work, incident, rooms)))


def _why(work: Work, incident: Incident, rooms: Sequence[Message]) -> str:
    if any(one.is_open for one in rooms):
        return UNDER_WAY
    names = channels.of_kind(work.db, incident.tenant, Kind.ROOMS)
    kept = [channels.usable(work.db, incident.tenant, name) for name in names]
    lacks = [f"channel {one.channel.name} {one.lacks}" for one in kept if one and one.lacks]
    if lacks:
        return f"no channel is created in Slack: {'; '.join(lacks)}"
    return "its room was open before there was one" if names else ABSENT
