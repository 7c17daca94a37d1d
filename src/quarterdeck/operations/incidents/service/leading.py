"""An incident goes on: acknowledged, from stage to stage, worse or less bad."""

from typing import Any

from quarterdeck.events.incidents import (
    IncidentAcknowledged,
    IncidentAdvanced,
    IncidentSeverityChanged,
)
from quarterdeck.kernel.work import Work
from quarterdeck.operations.health.model.state import State
from quarterdeck.operations.health.service import registry
from quarterdeck.operations.incidents.model.clocks import RESPOND, clocks
from quarterdeck.operations.incidents.model.faults import (
    GateClosed,
    IncidentOver,
    RationaleMissing,
)
from quarterdeck.operations.incidents.model.gates import Facts, missing
from quarterdeck.operations.incidents.model.incident import Done, Incident, check_text
from quarterdeck.operations.incidents.model.stage import Stage, is_past, status_at
from quarterdeck.operations.incidents.model.timeline import Wrote
from quarterdeck.operations.incidents.service import freezing, paging, suspecting, updating
from quarterdeck.operations.incidents.service.keeping import (
    ACKNOWLEDGE,
    ESCALATE,
    WRITE,
    change,
    found,
    own,
    write,
)
from quarterdeck.operations.incidents.service.noticing import tell_over
from quarterdeck.operations.incidents.service.rooming import open_room, retitle
from quarterdeck.operations.incidents.service.telling import tell_channels, tell_people
from quarterdeck.operations.incidents.store import incidents as store
from quarterdeck.operations.incidents.store import timeline
from quarterdeck.operations.severities import service as severities
from quarterdeck.operations.severities.model import Severity


def acknowledge(work: Work, incident_id: str, note: str = "") -> Incident:
    """Say that the actor is on it; ``note``: as an ETA. A second time changes nothing."""
    incident = found(work, work.tenants(ACKNOWLEDGE), incident_id)
    check_text(note)
    if not incident.is_open:
        raise IncidentOver(f"{incident.id} is resolved: there is nothing left to acknowledge")
    return _taken(work, incident, note)


def acknowledged(work: Work, incident: Incident, who: str, note: str = "") -> Incident:
    """As ``acknowledge``, in whose name soever; where somebody is on it, nothing changes.

    Its page is left alone: what is heard of late must not answer for what it became since.
    """
    if incident.acknowledged is not None:
        return incident
    stage = max(incident.stage, Stage.ACKNOWLEDGEMENT, key=[*Stage].index)
    done = Done(at=work.now, by=who, note=note)
    made = change(work, incident, acknowledged=done, stage=stage)
    late = any(c.name == RESPOND and c.is_breached(work.now) for c in clocks(made))
    words = f"Acknowledged{', late' if late else ''}{f': {note}' if note.strip() else ''}"
    write(work, made, Wrote.STAGE, words, by=who)
    tell_channels(work, made, f"Acknowledged: {made.title}", key="acknowledged", text=note)
    work.publish(IncidentAcknowledged(tenant=made.tenant, incident=made.id, by=who))
    return made


def advance(work: Work, incident_id: str, to: Stage) -> Incident:
    """Bring it to a later stage, past every gate between.

    Raises:
        IncidentOver: it is there, or further, already.
        GateClosed: says what must be recorded before.
    """
    incident = found(work, work.tenants(WRITE), incident_id)
    if not is_past(to, incident.stage):
        raise IncidentOver(f"{incident.id} is at {incident.stage.value} already")
    facts = facts_of(work, incident)
    if lacks := missing(incident, to, facts):
        raise GateClosed(f"before {to.value}, record: {'; '.join(lacks)}")
    made = change(work, _taken(work, incident), stage=to, **_reached(work, incident, to))
    write(work, made, Wrote.STAGE, f"{incident.stage.value} to {to.value}: {made.status.value}")
    work.publish(
        IncidentAdvanced(
            tenant=made.tenant, incident=made.id, stage=to.value, status=made.status.value
        )
    )
    return made if made.status is incident.status else _tell_status(work, made)


def reopen(work: Work, incident_id: str, why: str) -> Incident:
    """Say that it is not over after all, and why: it is investigated on.

    Raises:
        IncidentOver: it is open, its postmortem is done, or another about the same is open.
        RationaleMissing: no reason is given.
    """
    incident = found(work, work.tenants(WRITE), incident_id)
    _check_why(why)
    if incident.is_open or incident.closed_at is not None:
        raise IncidentOver(f"{incident.id} is {'open' if incident.is_open else 'closed'} already")
    known = store.open_of_key(work.db, own(incident), incident.key) if incident.key else None
    if known is not None:
        raise IncidentOver(f"{known.id} is open about the same")
    made = change(
        work, incident, stage=Stage.INVESTIGATION, mitigated_at=None, resolved_at=None, validated=""
    )
    write(work, made, Wrote.STAGE, f"Reopened: {why}")
    work.publish(
        IncidentAdvanced(
            tenant=made.tenant,
            incident=made.id,
            stage=made.stage.value,
            status=made.status.value,
        )
    )
    key = f"reopened/{made.version}"
    suspecting.suspect(work, made)
    freezing.freeze(work, made)
    tell_channels(work, made, f"Reopened: {made.title}", key=key, text=why)
    tell_people(work, made, f"Reopened: {made.title}", key=key)
    retitle(work, made, key=key)
    return made


def change_severity(work: Work, incident_id: str, word: str, why: str) -> Incident:
    """Say that it is worse, or less bad, and why.

    Raises:
        RationaleMissing: no reason is given.
    """
    incident = found(work, work.tenants(ESCALATE), incident_id)
    row = severities.ladder(work.db, incident.tenant).severity(word)
    _check_why(why)
    if row.name == incident.severity.name:
        return incident
    return _rated(work, incident, row, why, by=work.actor.id)


def worsen(work: Work, incident: Incident, word: str, why: str, *, by: str) -> Incident:
    """As ``change_severity``, in whose name soever, where it is worse; no permission is asked for.

    ``word``: where the ladder has no such severity, its worst is meant.
    """
    ladder = severities.ladder(work.db, incident.tenant)
    row = ladder.named(word) or ladder.severities[0]
    if ladder.rank(row.name) >= ladder.rank(incident.severity.name):
        return incident
    return _rated(work, incident, row, why, by=by)


def facts_of(work: Work, incident: Incident) -> Facts:
    """What gates ask besides the incident: sick services, action items."""
    names = {*incident.services}
    seen = registry.every_of(work.db, own(incident)) if names else []
    sick = {
        f"{one.service.name} of {one.service.environment}"
        for one in seen
        if one.service.name in names
        and incident.environment in ("", one.service.environment)
        and one.state in (State.DOWN, State.DEGRADED)
    }
    actions = timeline.count_actions(work.db, own(incident), incident.id)
    return Facts(sick=tuple(sorted(sick)), actions=actions)


def _check_why(why: str) -> None:
    if not why.strip():
        raise RationaleMissing("say why: impact contained, a workaround in place, more affected")
    check_text(why)


def _reached(work: Work, incident: Incident, to: Stage) -> dict[str, Any]:
    said: dict[str, Any] = {}
    if incident.mitigated_at is None and is_past(to, Stage.MITIGATION):
        said["mitigated_at"] = work.now
    if incident.resolved_at is None and is_past(to, Stage.RECOVERY):
        said["resolved_at"] = work.now
    return said


def _taken(work: Work, incident: Incident, note: str = "") -> Incident:
    """The actor is on it, and on its page as it is now."""
    made = acknowledged(work, incident, work.actor.id, note)
    paging.answer(work, made, work.actor.id)
    return made


def _tell_status(work: Work, made: Incident) -> Incident:
    status = status_at(made.stage)
    key = f"status/{made.version}"
    tell_channels(work, made, f"{status.value}: {made.title}", key=key)
    retitle(work, made, key=key)
    if made.is_open:
        return made
    freezing.thaw(work, made)
    paging.end(work, made, work.actor.id)
    tell_people(work, made, f"{status.value}: {made.title}", key=key)
    return tell_over(work, made)


def _rated(work: Work, incident: Incident, row: Severity, why: str, *, by: str) -> Incident:
    made = change(work, incident, severity=row)
    old, key = incident.severity.name, f"severity/{made.version}"
    write(work, made, Wrote.SEVERITY, f"{old} to {row.name}: {why}", by=by)
    work.publish(
        IncidentSeverityChanged(
            tenant=made.tenant, incident=made.id, old=old, new=row.name, why=why
        )
    )
    return _follow_severity(work, made, key)


def _follow_severity(work: Work, made: Incident, key: str) -> Incident:
    """What another severity demands: room, freeze, and whom it tells."""
    if not made.is_open:
        return made
    freezing.thaw(work, made)
    freezing.freeze(work, made)
    tell_channels(work, made, made.title, key=key)
    tell_people(work, made, made.title, key=key)
    updating.tell_by_itself(work, made)
    retitle(work, made, key=key)
    return open_room(work, made, by="") if made.severity.war_room_min == 0 else made
