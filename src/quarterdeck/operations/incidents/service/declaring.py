"""Incidents are declared: by hand, from an alert, or because a rule says so."""

from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlencode

from quarterdeck.access.tenants import service as access
from quarterdeck.events.incidents import IncidentDeclared
from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.operations.incidents.model.faults import UnusableIncident
from quarterdeck.operations.incidents.model.incident import (
    GATED,
    TITLES,
    Impact,
    Incident,
    Item,
    Source,
)
from quarterdeck.operations.incidents.model.rooms import has_channel
from quarterdeck.operations.incidents.model.stage import Stage
from quarterdeck.operations.incidents.model.timeline import Wrote
from quarterdeck.operations.incidents.service import freezing, noticing, suspecting, updating
from quarterdeck.operations.incidents.service.keeping import OPEN, write
from quarterdeck.operations.incidents.service.roles import team_of
from quarterdeck.operations.incidents.service.rooming import described, open_room
from quarterdeck.operations.incidents.service.telling import (
    DECLARED,
    tell_channels,
    tell_people,
    tell_room,
    tell_team,
)
from quarterdeck.operations.incidents.service.ticketing import open_ticket
from quarterdeck.operations.incidents.store import incidents as store
from quarterdeck.operations.severities import house
from quarterdeck.operations.severities import service as severities
from quarterdeck.operations.severities.model import Flag, Kind, Ladder, Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What is said of an incident when it is declared.

    Attributes:
        severity: a word of the ladder; empty: as its kind says, or the matrix.
        rated: impact and urgency, for the matrix.
        violation: how severe that is which began it, for kinds that ask.
        first: how the timeline begins; empty: that it was declared.
        notify: whether channels and people are told that it was.
    """

    tenant: str
    symptom: str
    severity: str = ""
    rated: tuple[str, str] | None = None
    kind: str = ""
    violation: str = ""
    service: str = ""
    environment: str = ""
    region: str = ""
    services: tuple[str, ...] = ()
    tenants: tuple[str, ...] = ()
    flags: tuple[Flag, ...] = ()
    impact: Impact = field(default_factory=Impact)
    source: Source = Source.REPORT
    about: str = ""
    key: str = ""
    began_at: datetime | None = None
    first: str = ""
    links: tuple[tuple[str, str], ...] = ()
    notify: bool = True


def declare(work: Work, told: Told) -> tuple[Incident, bool]:
    """Declare an incident; whether it is a new one: one of its key may be open already."""
    work.require(OPEN, told.tenant)
    if told.tenant != PLATFORM:
        access.require_open(work, told.tenant)
    return begin_incident(work, told)


def begin_incident(work: Work, told: Told) -> tuple[Incident, bool]:
    """As ``declare``, for rules: it asks for no permission."""
    own = Tenants(frozenset({told.tenant}))
    known = store.open_of_key(work.db, own, told.key) if told.key else None
    if known is not None:
        return known, False
    made = _made(work, told)
    store.add(work.db, made)
    if told.about:
        store.link(work.db, told.tenant, told.about, made.id)
    _begin_timeline(work, made, told)
    work.publish(
        IncidentDeclared(
            tenant=made.tenant,
            incident=made.id,
            severity=made.severity.name,
            source=made.source.value,
            cause=made.about,
            title=made.title,
        )
    )
    suspecting.suspect(work, made)
    return _set_off(work, made, notify=told.notify), True


def _made(work: Work, told: Told) -> Incident:
    ladder = severities.ladder(work.db, told.tenant)
    kind = ladder.kind(told.kind) if told.kind else None
    flags = tuple(dict.fromkeys((*told.flags, *(kind.flags if kind else ()))))
    row = _severity(ladder, told, kind, flags)
    if told.began_at is not None and told.began_at > work.now:
        raise UnusableIncident("an incident began before it was declared")
    year = work.now.year
    return Incident(
        id=f"INC-{year}-{store.next_number(work.db, year):06d}",
        tenant=told.tenant,
        version=1,
        severity=row,
        stage=Stage.DETECTION,
        symptom=told.symptom,
        source=told.source,
        declared_at=work.now,
        began_at=told.began_at or work.now,
        by=work.actor.id,
        service=told.service,
        environment=told.environment,
        region=told.region,
        kind=told.kind,
        key=told.key,
        about=told.about,
        services=told.services or ((told.service,) if told.service else ()),
        tenants=told.tenants,
        flags=flags,
        flagged_at=work.now if GATED & {*flags} else None,
        impact=told.impact,
        links=_links(told, kind),
        roles=team_of(work, told.tenant, row),
        checklist=_checklist(kind),
    )


def _severity(ladder: Ladder, told: Told, kind: Kind | None, flags: tuple[Flag, ...]) -> Severity:
    """What was said; else what the kind says, or the matrix, and worse where a flag demands it."""
    if told.severity:
        return ladder.severity(told.severity)
    if told.rated is not None:
        return ladder.classify(*told.rated, flags).severity
    if kind is None:
        raise UnusableIncident("say how bad it is: a severity, a kind, or impact and urgency")
    name = kind.severity_for(told.violation)
    raised = ladder.proposed(name, flags)
    return raised.severity if raised else ladder.severity(name)


def _links(told: Told, kind: Kind | None) -> dict[str, str]:
    """Where its logs and metrics stand here; others are put in by people."""
    asked = {"tenant": told.tenant} | ({"q": told.service} if told.service else {})
    links = {
        "logs": f"/logs?{urlencode(asked)}",
        "metrics": f"/watch/metrics?{urlencode(asked)}",
    }
    runbook = {"runbook": kind.runbook} if kind and kind.runbook else {}
    return links | runbook | dict(told.links)


def _checklist(kind: Kind | None) -> tuple[Item, ...]:
    tasks = kind.checklist if kind else ()
    return tuple(Item(text=t.text, within_min=t.within_min) for t in tasks or house.FIRST)


def _begin_timeline(work: Work, made: Incident, told: Told) -> None:
    if told.first:
        write(work, made, Wrote.ALERT, told.first, by="", at=made.began_at, key="first")
    write(work, made, Wrote.STAGE, f"Declared: {made.title}", key="declared")
    for role, person in made.roles.items():
        write(work, made, Wrote.ROLE, f"{TITLES[role]}: {person}", by="", key=f"team/{role.value}")
    proposed = severities.ladder(work.db, made.tenant).proposed(made.severity.name, made.flags)
    if proposed:
        words = f"{proposed.severity.name} is proposed: {proposed.because}"
        write(work, made, Wrote.SEVERITY, words, by="", key="proposed")


def _set_off(work: Work, made: Incident, *, notify: bool) -> Incident:
    """What its severity demands at once."""
    freezing.freeze(work, made)
    if notify:
        tell_channels(work, made, f"{made.id} {made.title}", key=DECLARED)
        tell_people(work, made, f"{made.id} {made.title}", key=DECLARED)
        tell_team(work, made, f"{made.id} {made.title}", key=DECLARED)
        open_ticket(work, made)
        updating.tell_by_itself(work, made)
    if made.severity.war_room_min == 0:
        made = open_room(work, made, by="")
    elif has_channel(made):
        tell_room(work, made, f"{made.id} {made.title}", key=DECLARED, text=described(made))
    return noticing.notify_at_once(work, made)
