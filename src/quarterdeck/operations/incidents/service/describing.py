"""What people write down of an incident: impact, cause, resolution, flags, links."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import msgspec

from quarterdeck.events.incidents import IncidentDescribed
from quarterdeck.kernel.work import Work
from quarterdeck.operations.incidents.model.incident import (
    GATED,
    Impact,
    Incident,
    check_text,
)
from quarterdeck.operations.incidents.model.timeline import Wrote
from quarterdeck.operations.incidents.service import suspecting, updating
from quarterdeck.operations.incidents.service.keeping import WRITE, change, expect, found, write
from quarterdeck.operations.incidents.service.rooming import retitle
from quarterdeck.operations.incidents.service.telling import tell_people
from quarterdeck.operations.severities import service as severities
from quarterdeck.operations.severities.model import Flag

TEXTS = ("temporary", "permanent", "prevention")
SAID_AS = {
    "root_cause": (Wrote.FINDING, "Root cause"),
    "temporary": (Wrote.ACTION, "Mitigation"),
    "permanent": (Wrote.ACTION, "Permanent fix"),
    "validated": (Wrote.FINDING, "Validated"),
}
"""What stands on the timeline in full; of the rest, that it was changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What is changed of an incident; None: nothing."""

    symptom: str | None = None
    service: str | None = None
    environment: str | None = None
    region: str | None = None
    services: tuple[str, ...] | None = None
    tenants: tuple[str, ...] | None = None
    flags: tuple[Flag, ...] | None = None
    impact: Impact | None = None
    symptoms: tuple[str, ...] | None = None
    root_cause: tuple[str, ...] | None = None
    temporary: str | None = None
    permanent: str | None = None
    prevention: str | None = None
    validated: str | None = None
    links: Mapping[str, str] | None = None
    assignee: str | None = None


def describe(work: Work, incident_id: str, said: Said, *, expected: int | None = None) -> Incident:
    """Write down more of an incident; links are added to those that stand.

    Raises:
        IncidentChanged: it is not at the version that was ``expected``.
    """
    incident = found(work, work.tenants(WRITE), incident_id)
    expect(incident, expected)
    given = _given(incident, said)
    if not given:
        return incident
    for name in TEXTS:
        check_text(given.get(name, ""))
    if GATED & {*given.get("flags", ())} - {*incident.flags}:
        given |= {"flagged_at": incident.flagged_at or work.now, "approval": None}
    made = change(work, incident, **given)
    _write(work, made, given)
    spec = msgspec.json.encode(made, order="sorted")
    work.publish(
        IncidentDescribed(
            tenant=made.tenant,
            incident=made.id,
            fields=sorted(given),
            digest=sha256(spec).hexdigest(),
        )
    )
    _follow(work, incident, made)
    return made


def _given(incident: Incident, said: Said) -> dict[str, Any]:
    names = Said.__dataclass_fields__
    given = {name: getattr(said, name) for name in names if getattr(said, name) is not None}
    if "links" in given:
        links = {**incident.links, **given["links"]}
        given["links"] = {word: address for word, address in links.items() if address}
    return {name: value for name, value in given.items() if value != getattr(incident, name)}


def _write(work: Work, made: Incident, given: Mapping[str, Any]) -> None:
    for name, (kind, words) in SAID_AS.items():
        if name not in given:
            continue
        value = given[name]
        text = "; ".join(value) if isinstance(value, tuple) else value
        write(work, made, kind, f"{words}: {text or 'not known'}")
    rest = sorted(given.keys() - SAID_AS.keys() - {"flagged_at", "approval"})
    if rest:
        write(work, made, Wrote.NOTE, f"Changed: {', '.join(rest)}")


def _follow(work: Work, before: Incident, made: Incident) -> None:
    """What new flags propose, whom they call, and the room's topic."""
    fresh = {*made.flags} - {*before.flags}
    proposed = severities.ladder(work.db, made.tenant).proposed(made.severity.name, fresh)
    if proposed:
        words = f"{proposed.severity.name} is proposed: {proposed.because}"
        write(work, made, Wrote.SEVERITY, words, by="")
    if (called := sorted(flag.value for flag in GATED & fresh)) and made.is_open:
        tell_people(work, made, f"{made.id} {made.title}", key="/".join(called))
    if made.is_open and ({*made.flags} - {*before.flags} or made.tenants != before.tenants):
        updating.tell_by_itself(work, made)
    suspecting.suspect(work, made, before)
    if made.title != before.title:
        retitle(work, made, key=f"title/{made.version}")
