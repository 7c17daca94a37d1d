"""On-call over twenty years in every zone: exactly one person at each instant, and how fast.

``python -m bench.people_oncall [ZONE ...]``: only these zones; all take some minutes.
"""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from time import process_time
from zoneinfo import available_timezones

from quarterdeck.operations.oncall.model.faults import UnusableSchedule
from quarterdeck.operations.oncall.model.hours import Hours
from quarterdeck.operations.oncall.model.layer import Layer
from quarterdeck.operations.oncall.model.rotation import Rotation, Unit
from quarterdeck.operations.oncall.model.schedule import Schedule
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
}
DAY, NIGHT = Hours(since=time(8), until=time(20)), Hours(since=time(20), until=time(8))


def main() -> None:
    """Print a table of kinds: how many shifts, faults, and the time they took."""
    zones = sys.argv[1:] or sorted(zone for zone in available_timezones() if _usable(zone))
    print(f"{len(zones)} zones, {SINCE:%Y} to {UNTIL:%Y}, each hand-over asked from both sides")
    print(f"{'kind':<16} {'shifts':>9} {'not one':>8} {'reckon':>9} {'ask':>9}")
    for kind in (*KINDS, "two halves"):
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
    """One layer of a kind of rotation; or two, for the day and the night."""
    parts: dict[str, tuple[Rotation, tuple[Hours, ...]]] = (
        {"all": (KINDS[kind], ())}
        if kind in KINDS
        else {"day": (Rotation(), (DAY,)), "night": (Rotation(), (NIGHT,))}
    )
    layers = [
        Layer(name=name, people=PEOPLE, zone=zone, start=SINCE, rotation=rotation, hours=hours)
        for name, (rotation, hours) in parts.items()
    ]
    return Schedule(name="bench", zone=zone, layers=tuple(layers))


def _usable(zone: str) -> bool:
    try:
        zone_of(zone)
    except UnusableSchedule:
        return False
    return True


if __name__ == "__main__":
    main()
