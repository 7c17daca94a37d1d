"""When what is due in an incident: a function of the incident alone. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from quarterdeck.operations.incidents.model.incident import Incident
from quarterdeck.operations.severities.model import Notice

RESPOND, RESOLVE, UPDATE, ROOM = "respond", "resolve", "update", "war-room"
NOTICE, POSTMORTEM = "customer-notice", "postmortem"
TASK, REGULATOR = "task/", "regulator/"
REVIEWED_WITHIN = timedelta(hours=48)
"""Runbook 000 gives it for emergency maintenance; 004 gives none."""

REGULATORS = {
    "GDPR": timedelta(hours=72),
    "HIPAA": timedelta(days=60),
    "SOC 2": timedelta(0),
}
"""How soon each is told of a loss of data, or a breach (runbook 004, L821)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """Something that has a time.

    Attributes:
        due_at: exactly then it is not late yet, but where it is due ``at_once``.
        done_at: None: not done yet.
    """

    name: str
    title: str
    due_at: datetime
    done_at: datetime | None = None
    at_once: bool = False

    def is_due(self, now: datetime) -> bool:
        """Whether its time has come, and it is not done."""
        return self.done_at is None and (self.at_once or now > self.due_at)

    def is_breached(self, now: datetime) -> bool:
        """Whether it was done late, or is late now."""
        return (self.done_at or now) > self.due_at


def clocks(incident: Incident) -> list[Clock]:
    """Every clock of an incident, what is due first first."""
    found = [*_of_severity(incident), *_of_customers(incident), *_of_tasks(incident)]
    found += [*_of_regulators(incident), *_of_review(incident)]
    return sorted(found, key=lambda clock: clock.due_at)


def due(incident: Incident, now: datetime) -> list[Clock]:
    """What should be done by now, and is not."""
    return [clock for clock in clocks(incident) if clock.is_due(now)]


def reminded_at(incident: Incident, now: datetime) -> datetime | None:
    """The newest instant at which an update was due since the last; None where none was.

    One a period: each is reminded of once.
    """
    minutes = incident.severity.update_min
    if minutes is None or not incident.is_open:
        return None
    last, period = incident.updated_at or incident.declared_at, timedelta(minutes=minutes)
    missed = (now - last) // period
    late = missed > 0 and now > last + period
    return last + missed * period if late else None


def _of_severity(incident: Incident) -> Iterator[Clock]:
    row, begun = incident.severity, incident.declared_at
    acknowledged = incident.acknowledged.at if incident.acknowledged else None
    if row.respond_min is not None:
        at = _after(begun, row.respond_min)
        yield Clock(name=RESPOND, title="Respond", due_at=at, done_at=acknowledged)
    if row.resolve_min is not None:
        at = _after(begun, row.resolve_min)
        yield Clock(name=RESOLVE, title="Resolve", due_at=at, done_at=incident.resolved_at)
    if row.update_min is not None and incident.is_open:
        at = _after(incident.updated_at or begun, row.update_min)
        yield Clock(name=UPDATE, title="Post an update", due_at=at)
    if row.war_room_min is not None and incident.is_open and not incident.war_room:
        at, once = _after(begun, row.war_room_min), row.war_room_min == 0
        yield Clock(name=ROOM, title="Open the war room", due_at=at, at_once=once)


def _of_customers(incident: Incident) -> Iterator[Clock]:
    """Customers are told while the impact lasts that long; once it is mitigated, it does not."""
    row = incident.severity
    if row.notice is not Notice.CUSTOMERS:
        return
    at, over = _after(incident.declared_at, row.notice_min), incident.mitigated_at
    if incident.notified_at is None and over is not None and row.notice_min and over <= at:
        return
    yield Clock(
        name=NOTICE,
        title="Tell affected customers",
        due_at=at,
        done_at=incident.notified_at,
        at_once=row.notice_min == 0,
    )


def _of_tasks(incident: Incident) -> Iterator[Clock]:
    for number, item in enumerate(incident.checklist, 1):
        if item.within_min is not None:
            at = _after(incident.declared_at, item.within_min)
            done = item.done.at if item.done else None
            yield Clock(name=f"{TASK}{number}", title=item.text, due_at=at, done_at=done)


def _of_regulators(incident: Incident) -> Iterator[Clock]:
    if incident.flagged_at is None:
        return
    for name, within in REGULATORS.items():
        told = incident.told.get(name)
        yield Clock(
            name=REGULATOR + name,
            title=f"Tell the regulator: {name}",
            due_at=incident.flagged_at + within,
            done_at=told.at if told else None,
            at_once=not within,
        )


def _of_review(incident: Incident) -> Iterator[Clock]:
    if incident.resolved_at is not None:
        at = incident.resolved_at + REVIEWED_WITHIN
        yield Clock(name=POSTMORTEM, title="Postmortem", due_at=at, done_at=incident.closed_at)


def _after(begun: datetime, minutes: int) -> datetime:
    return begun + timedelta(minutes=minutes)
