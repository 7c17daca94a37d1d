"""What people append: notes, findings, actions, decisions, updates; and what is to be done."""

from dataclasses import dataclass, replace
from datetime import datetime

from quarterdeck.events.incidents import (
    IncidentActionAdded,
    IncidentTicked,
)
from quarterdeck.kernel.work import Work
from quarterdeck.operations.incidents.model.faults import NoSuchIncidentItem, UnusableIncident
from quarterdeck.operations.incidents.model.incident import (
    Done,
    Incident,
    check_line,
    check_text,
)
from quarterdeck.operations.incidents.model.timeline import BY_HAND, ActionItem, Wrote
from quarterdeck.operations.incidents.service.keeping import READ, change, found, noted, own, write
from quarterdeck.operations.incidents.service.roles import (
    require_commander,
    require_speaker,
    require_writer,
)
from quarterdeck.operations.incidents.service.telling import tell_channels
from quarterdeck.operations.incidents.store import timeline

MOST_ACTIONS = 200
REQUIRE = {Wrote.DECISION: require_commander, Wrote.UPDATE: require_speaker}
"""What is not for everybody who may write."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What is appended; ``at`` None: now. ``link``: where the evidence is."""

    kind: Wrote
    text: str
    at: datetime | None = None
    link: str = ""


def append(work: Work, incident_id: str, line: Line) -> Incident:
    """Append to the timeline. An update is told to the channels, and is due anew after that.

    Raises:
        NotTheirRole: it is a decision, or an update, and the actor has another role.
    """
    incident = found(work, work.tenants(READ), incident_id)
    REQUIRE.get(line.kind, require_writer)(work, incident)
    _check(work, line)
    if line.kind is Wrote.UPDATE:
        incident = change(work, incident, updated_at=work.now)
        words = f"Update: {incident.title}"
        tell_channels(work, incident, words, key=f"update/{incident.version}", text=line.text)
    write(work, incident, line.kind, line.text, at=line.at, link=line.link)
    work.publish(noted(incident, line.kind, line.text))
    return incident


def add_action(
    work: Work, incident_id: str, text: str, *, owner: str = "", due_at: datetime | None = None
) -> ActionItem:
    """Say what is to be done because of it, who does it, and by when."""
    incident = found(work, work.tenants(READ), incident_id)
    require_writer(work, incident)
    check_line(text, least=1)
    check_line(owner)
    write(work, incident, Wrote.NOTE, f"Action item: {text}")  # holds the incident, too
    number = timeline.count_actions(work.db, own(incident), incident.id) + 1
    if number > MOST_ACTIONS:
        raise UnusableIncident(f"an incident has at most {MOST_ACTIONS} action items")
    made = ActionItem(
        incident=incident.id,
        tenant=incident.tenant,
        number=number,
        text=text,
        owner=owner.strip(),
        due_at=due_at,
        made_at=work.now,
    )
    timeline.add_action(work.db, made)
    work.publish(
        IncidentActionAdded(
            tenant=made.tenant,
            incident=made.incident,
            number=str(number),
            text=text,
            owner=made.owner,
        )
    )
    return made


def tick_action(work: Work, incident_id: str, number: int, *, done: bool = True) -> ActionItem:
    """Have an action item be done, or not any more; the same again is nothing new."""
    incident = found(work, work.tenants(READ), incident_id)
    require_writer(work, incident)
    stamp = (work.now, work.actor.id) if done else None
    if timeline.tick_action(work.db, own(incident), incident.id, number, done=stamp):
        words = f"Action item {number} {'done' if done else 'not done after all'}"
        write(work, incident, Wrote.NOTE, words)
        work.publish(_ticked(incident, "action", number, done=done))
    items = timeline.actions_of(work.db, own(incident), incident.id)
    found_one = next((one for one in items if one.number == number), None)
    if found_one is None:
        raise NoSuchIncidentItem(f"{incident.id} has no action item {number}")
    return found_one


def tick_task(
    work: Work, incident_id: str, number: int, *, done: bool = True, note: str = ""
) -> Incident:
    """Have an item of the checklist be done, or not any more."""
    incident = found(work, work.tenants(READ), incident_id)
    require_writer(work, incident)
    check_text(note)
    if not 1 <= number <= len(incident.checklist):
        raise NoSuchIncidentItem(f"the checklist of {incident.id} has no item {number}")
    item = incident.checklist[number - 1]
    if done is (item.done is not None) and (not note or not done):
        return incident
    stamp = Done(at=work.now, by=work.actor.id, note=note) if done else None
    items = [*incident.checklist]
    items[number - 1] = replace(item, done=stamp)
    made = change(work, incident, checklist=tuple(items))
    words = f"{'Done' if done else 'Not done after all'}: {item.text}"
    write(work, made, Wrote.NOTE, f"{words}{f' ({note})' if note.strip() else ''}")
    work.publish(_ticked(made, "checklist", number, done=done))
    return made


def _check(work: Work, line: Line) -> None:
    if line.kind not in BY_HAND:
        raise UnusableIncident(f"{line.kind.value} writes itself; expected {', '.join(BY_HAND)}")
    check_text(line.text, least=1)
    check_line(line.link)
    if line.link and not line.link.startswith(("https://", "http://", "/")):
        raise UnusableIncident("a link begins with https:// or http://")
    if line.at is not None and line.at > work.now:
        raise UnusableIncident("what is written down has happened already")


def _ticked(incident: Incident, kind: str, number: int, *, done: bool) -> IncidentTicked:
    return IncidentTicked(
        tenant=incident.tenant, incident=incident.id, list=kind, number=str(number), done=done
    )
