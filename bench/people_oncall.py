"""On-call over twenty years in every zone: exactly one person at each instant, and how fast.

``python -m bench.people_oncall [ZONE ...]``: only these zones; all take some minutes.
"""

import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from time import process_time
from zoneinfo import available_timezones

from quarterdeck.operations.oncall.model.faults import UnusableSchedule
from quarterdeck.operations.oncall.model.hours import Hours
from quarterdeck.operations.oncall.model.layer import Layer
from quarterdeck.operations.oncall.model.rotation import Rotation, Unit
from quarterdeck.operations.oncall.model.schedule import Holiday, Schedule
from quarterdeck.operations.oncall.model.shifts import Shift, on_call, shifts
from quarterdeck.operations.oncall.model.wall import zone_of

SINCE = datetime(2010, 1, 1, tzinfo=UTC)
UNTIL = datetime(2030, 1, 1, tzinfo=UTC)
TICK = timedelta(microseconds=1)
PEOPLE = ("ada", "bob", "cyd")
KINDS = {
    "weekly": Rotation(),
    "daily": Rotation(unit=Unit.DAYS),
    "daily at 02:30": Rotation(unit=Unit.DAYS, at=time(2, 30)),
    "two weeks": Rotation(every=2),
    "5 hours": Rotation(unit=Unit.HOURS, every=5, at=time(2, 30)),
    "12 hours": Rotation(unit=Unit.HOURS, every=12, at=time(8)),
    "weekly, waits": Rotation(waits=True),
    "daily, waits": Rotation(unit=Unit.DAYS, at=time(2, 30), waits=True),
}
DAY, NIGHT = Hours(since=time(8), until=time(20)), Hours(since=time(20), until=time(8))
OFFICE = Hours(days=frozenset(range(5)), since=time(9), until=time(17))
SITES = ("Asia/Tokyo", "Europe/London", "America/Los_Angeles")
HALVES, SUN, SUN_OFF = "two halves", "follow the sun", "sun, holidays"
FREE = ((1, 1), (3, 29), (5, 1), (10, 25), (12, 25), (12, 26))
"""Holidays of each year, every second of them somebody's: on some of them clocks leap."""


def main() -> None:
    """Print a table of kinds: how many shifts, faults, and the time they took."""
    zones = sys.argv[1:] or sorted(zone for zone in available_timezones() if _usable(zone))
    print(f"{len(zones)} zones, {SINCE:%Y} to {UNTIL:%Y}, each hand-over asked from both sides")
    print(f"{'kind':<16} {'shifts':>9} {'not one':>8} {'reckon':>9} {'ask':>9}")
    for kind in (*KINDS, HALVES, SUN, SUN_OFF):
        _show(kind, [_schedule(kind, zone) for zone in zones])


def _show(kind: str, schedules: list[Schedule]) -> None:
    count = faults = 0
    reckoning = asking = 0.0
    for schedule in schedules:
        began = process_time()
        found = shifts(schedule, SINCE, UNTIL)
        reckoned = process_time()
        faults += sum(1 for _ in _faults(schedule, found))
        asking += process_time() - reckoned
        reckoning += reckoned - began
        count += len(found)
    each = f"{1e6 * reckoning / count:6.1f} us {1e6 * asking / count / 2:6.1f} us"
    print(f"{kind:<16} {count:>9} {faults:>8} {each}", flush=True)


def _faults(schedule: Schedule, found: list[Shift]) -> Iterator[Shift]:
    """Shifts of nobody, or that do not begin where the one before ends, or are another's."""
    for before, after in pairwise([found[0], *found]):
        joined = before is after or before.span.end == after.span.start
        first, last = (on_call(schedule, at) for at in (after.span.start, after.span.end - TICK))
        if not (joined and after.duty.person and first == after.duty == last):
            yield after


def _schedule(kind: str, zone: str) -> Schedule:
    free = kind.endswith(("waits", "holidays"))
    layers, holidays = tuple(_layers(kind, zone)), tuple(_holidays()) if free else ()
    return Schedule(name="bench", zone=zone, layers=layers, holidays=holidays)


def _layers(kind: str, zone: str) -> Iterator[Layer]:
    """One of a kind of rotation; two, for day and night; or offices over who has the week."""
    if kind in KINDS:
        yield _layer("all", zone, KINDS[kind])
    elif kind == HALVES:
        yield _layer("day", zone, Rotation(), DAY)
        yield _layer("night", zone, Rotation(), NIGHT)
    else:
        yield _layer("week", zone, Rotation())
        yield from (_layer(site, site, KINDS["daily"], OFFICE) for site in SITES)


def _layer(name: str, zone: str, rotation: Rotation, *hours: Hours) -> Layer:
    return Layer(name=name, people=PEOPLE, zone=zone, start=SINCE, rotation=rotation, hours=hours)


def _holidays() -> Iterator[Holiday]:
    years = range(SINCE.year, UNTIL.year + 1)
    days = [date(year, month, day) for year in years for month, day in FREE]
    for number, day in enumerate(days):
        yield Holiday(day=day, person="zoe" if number % 2 else "")


def _usable(zone: str) -> bool:
    try:
        zone_of(zone)
    except UnusableSchedule:
        return False
    return True


if __name__ == "__main__":
    main()
