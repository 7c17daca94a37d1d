"""Shifts as calendars: of a schedule, or of one person in all schedules."""

from collections.abc import Iterator
from datetime import timedelta

from quarterdeck.kernel.work import Work
from quarterdeck.operations.oncall.ics import Entry, calendar
from quarterdeck.operations.oncall.model.person import People
from quarterdeck.operations.oncall.model.shifts import Shift, shifts
from quarterdeck.operations.oncall.model.version import Kept
from quarterdeck.operations.oncall.service.looking import listed, one, who

PAST, AHEAD = timedelta(days=31), timedelta(days=92)
HOLIDAYS = timedelta(days=40)
"""For which a hand-over may wait."""


def of_schedule(work: Work, tenant: str, name: str, person: str = "") -> str:
    """The shifts of a schedule from a month ago to three ahead; of one person, if asked."""
    kept = one(work, tenant, name)
    return calendar(f"On-call {name}", list(_entries(work, kept, person)), work.now)


def of_person(work: Work, person: str, tenant: str = "") -> str:
    """One person's shifts in every schedule that the actor may see."""
    found = [entry for kept in listed(work, tenant) for entry in _entries(work, kept, person)]
    found.sort(key=lambda entry: entry.start)
    return calendar(f"On-call of {person}", found, work.now)


def _entries(work: Work, kept: Kept, person: str) -> Iterator[Entry]:
    meant = who(work, kept, *filter(None, [person]))
    for shift in _whole(work, kept):
        held = shift.duty.person
        if held and (not person or meant.same(held, person)):
            yield _entry(kept, shift, meant)


def _whole(work: Work, kept: Kept) -> Iterator[Shift]:
    """Shifts from end to end: one that is cut by where we look from would be another each day."""
    turn = max(layer.rotation.length for layer in kept.schedule.layers) + HOLIDAYS
    first = work.now - PAST - turn
    for shift in shifts(kept.schedule, first, work.now + AHEAD + turn):
        begun = first < shift.span.start < work.now + AHEAD
        if begun and shift.span.end > work.now - PAST:
            yield shift


def _entry(kept: Kept, shift: Shift, meant: People) -> Entry:
    person, duty = meant.of(shift.duty.person), shift.duty
    start = shift.span.start.isoformat()
    return Entry(
        key=(kept.tenant, kept.name, duty.source.value, duty.name, duty.person, start),
        start=shift.span.start,
        end=shift.span.end,
        summary=f"On-call {kept.name}: {person.name}",
        description=f"{kept.schedule.description}\n{person.word}, {kept.tenant}".strip(),
    )
