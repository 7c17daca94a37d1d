"""The clocks of incidents: what is due is said, and done, once."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

from quarterdeck.kernel.clock import Clock as Time
from quarterdeck.kernel.clock import rfc3339
from quarterdeck.kernel.work import ANY, Actor, Tenants, Work, begin, read
from quarterdeck.operations.incidents.model.clocks import NOTICE, ROOM, UPDATE, due, reminded_at
from quarterdeck.operations.incidents.model.incident import Incident
from quarterdeck.operations.incidents.model.timeline import Wrote
from quarterdeck.operations.incidents.service.keeping import own, write
from quarterdeck.operations.incidents.service.noticing import notify_by_clock
from quarterdeck.operations.incidents.service.rooming import open_room
from quarterdeck.operations.incidents.service.telling import tell_channels
from quarterdeck.operations.incidents.store import incidents as store
from quarterdeck.operations.incidents.store import timeline

ITSELF = Actor("quarterdeck", frozenset())
EVERYONE = Tenants(frozenset({ANY}))
MOST = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """Something to do now, and the key under which it is done once."""

    key: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """Looks at every incident that is not closed, again and again."""

    engine: Engine
    clock: Time

    def beat(self) -> bool:
        """Do what is due; never more at once: it is looked at anew each time."""
        for incident in self._waiting():
            with begin(self.engine, ITSELF, self.clock) as work:
                attend(work, incident)
        return False

    def _waiting(self) -> list[str]:
        """Those of which something is due that was not done: most beats write nothing."""
        with read(self.engine, ITSELF, self.clock) as work:
            known = store.unclosed(work.db, EVERYONE, MOST)
            wanted = {(one.id, duty.key) for one in known for duty in duties(one, work.now)}
            late = sorted({incident for incident, _ in wanted})
            done = timeline.keys(work.db, EVERYONE, late) if late else set()
            return sorted({incident for incident, _ in wanted - done})


def attend(work: Work, incident_id: str) -> None:
    """Do what is due in one incident: open its room, tell customers, say what is late."""
    incident = store.of_id(work.db, EVERYONE, incident_id)
    if incident is None:
        return
    done = timeline.keys(work.db, own(incident), [incident.id])
    for duty in duties(incident, work.now):
        if (incident.id, duty.key) not in done:
            incident = _attend(work, incident, duty)


def duties(incident: Incident, now: datetime) -> list[Duty]:
    """What is to be said or done by now; each has a key of its own."""
    found = [
        Duty(key=_key(incident, clock.name), words=clock.title)
        for clock in due(incident, now)
        if clock.name != UPDATE
    ]
    reminded = reminded_at(incident, now)
    if reminded is not None:
        found.append(Duty(key=f"{UPDATE}/{rfc3339(reminded)}", words="Post an update"))
    return found


def _key(incident: Incident, name: str) -> str:
    if name == NOTICE and incident.is_gated:
        return "notice/waits"
    return "room" if name == ROOM else f"due/{name}"


def _attend(work: Work, incident: Incident, duty: Duty) -> Incident:
    if duty.key == "room":
        return open_room(work, incident, by="")
    if duty.key in (f"due/{NOTICE}", "notice/waits"):
        return notify_by_clock(work, incident)
    write(work, incident, Wrote.CLOCK, f"Overdue: {duty.words}", by="", key=duty.key)
    tell_channels(work, incident, f"Overdue: {duty.words}: {incident.title}", key=duty.key)
    return incident
