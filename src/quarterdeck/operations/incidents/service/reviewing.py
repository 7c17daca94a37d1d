"""What is learnt of an incident: its postmortem, written, closed and approved."""

from dataclasses import replace
from hashlib import sha256

import msgspec

from quarterdeck.events.incidents import PostmortemWritten
from quarterdeck.kernel.work import Work
from quarterdeck.operations.incidents.model.faults import GateClosed
from quarterdeck.operations.incidents.model.gates import missing_to_close
from quarterdeck.operations.incidents.model.incident import (
    Done,
    Incident,
    Postmortem,
    check_text,
)
from quarterdeck.operations.incidents.model.rooms import has_channel
from quarterdeck.operations.incidents.model.stage import Stage
from quarterdeck.operations.incidents.model.timeline import Wrote
from quarterdeck.operations.incidents.service.keeping import REVIEW, SIGN, change, found, write
from quarterdeck.operations.incidents.service.leading import facts_of
from quarterdeck.operations.incidents.service.telling import tell_room


def review(work: Work, incident_id: str, said: Postmortem) -> Incident:
    """Write down what was learnt; what was approved is not any more once it is changed."""
    incident = found(work, work.tenants(REVIEW), incident_id)
    for text in (said.summary, said.well, said.badly, said.runbook):
        check_text(text)
    made = change(work, incident, postmortem=replace(said, approved=None))
    write(work, made, Wrote.NOTE, "Postmortem written")
    _tell(work, made)
    return made


def close(work: Work, incident_id: str) -> Incident:
    """End the postmortem; raise GateClosed, which says what it lacks."""
    incident = found(work, work.tenants(REVIEW), incident_id)
    if incident.closed_at is not None:
        return incident
    lacks = missing_to_close(incident, facts_of(work, incident))
    if incident.is_open:
        lacks.insert(0, "that it is resolved")
    if lacks:
        raise GateClosed(f"before the postmortem is done, record: {'; '.join(lacks)}")
    made = change(work, incident, stage=Stage.POSTMORTEM, closed_at=work.now)
    write(work, made, Wrote.STAGE, "Postmortem done")
    if has_channel(made):
        tell_room(work, made, f"Postmortem done: {made.title}", key="closed")
    _tell(work, made)
    return made


def sign(work: Work, incident_id: str) -> Incident:
    """Approve the postmortem."""
    incident = found(work, work.tenants(SIGN), incident_id)
    if incident.closed_at is None:
        raise GateClosed("a postmortem is approved once it is done")
    done = Done(at=work.now, by=work.actor.id)
    made = change(work, incident, postmortem=replace(incident.postmortem, approved=done))
    write(work, made, Wrote.STAGE, "Postmortem approved")
    _tell(work, made)
    return made


def _tell(work: Work, made: Incident) -> None:
    spec = msgspec.json.encode(made.postmortem, order="sorted")
    work.publish(
        PostmortemWritten(
            tenant=made.tenant,
            incident=made.id,
            closed=made.closed_at is not None,
            approved=made.postmortem.approved is not None,
            digest=sha256(spec).hexdigest(),
        )
    )
