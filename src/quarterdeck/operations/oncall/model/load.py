"""How much each person carries: hours, nights, weekends. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from quarterdeck.operations.oncall.model.hours import NIGHTS, WEEKENDS, Span, windows
from quarterdeck.operations.oncall.model.rotation import DAY
from quarterdeck.operations.oncall.model.schedule import Schedule
from quarterdeck.operations.oncall.model.shifts import Shift, merged
from quarterdeck.operations.oncall.model.wall import instant_of, zone_of

NOTHING = timedelta(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What one person carries.

    Attributes:
        person: empty: nobody, for holes.
        nights: of ``total``, from 22:00 to 06:00 by the schedule's wall clock.
        weekends: of ``total``, on Saturday and Sunday.
        holidays: of ``total``, on days off.
    """

    person: str
    shifts: int = 0
    total: timedelta = NOTHING
    nights: timedelta = NOTHING
    weekends: timedelta = NOTHING
    holidays: timedelta = NOTHING

    def __add__(self, other: "Load") -> "Load":
        return Load(
            person=self.person,
            shifts=self.shifts + other.shifts,
            total=self.total + other.total,
            nights=self.nights + other.nights,
            weekends=self.weekends + other.weekends,
            holidays=self.holidays + other.holidays,
        )


def loads(schedule: Schedule, found: Sequence[Shift]) -> list[Load]:
    """What each person carries of ``found``, by their name; holes first."""
    if not found:
        return []
    since, until = found[0].span.start, found[-1].span.end
    zone = zone_of(schedule.zone)
    nights, weekends = (windows(hours, zone, since, until) for hours in (NIGHTS, WEEKENDS))
    off = _days_off(schedule, since, until)
    each = [
        Load(
            person=one.duty.person,
            shifts=1,
            total=one.span.length,
            nights=_shared(one.span, nights),
            weekends=_shared(one.span, weekends),
            holidays=_shared(one.span, off),
        )
        for one in merged(found)
    ]
    return summed(each)


def summed(each: Iterable[Load]) -> list[Load]:
    """One for each person, by their name."""
    found: dict[str, Load] = {}
    for one in each:
        found[one.person] = found[one.person] + one if one.person in found else one
    return [found[name] for name in sorted(found)]


def _shared(span: Span, among: Sequence[Span]) -> timedelta:
    return sum((one.cut(span.start, span.end).length for one in among), NOTHING)


def _days_off(schedule: Schedule, since: datetime, until: datetime) -> list[Span]:
    zone = zone_of(schedule.zone)
    days = [datetime.combine(day, time(0)) for day in sorted(schedule.days_off)]
    spans = [Span(instant_of(day, zone), instant_of(day + DAY, zone)) for day in days]
    return [one for one in spans if one.end > since and one.start < until]
