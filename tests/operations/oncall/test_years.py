"""Twenty years of every kind of schedule, in every zone whose clocks leap: always exactly one.

Here each leap with a day on either side, and each turn of the year; whole years, instant by
instant, are reckoned by ``bench/people_oncall.py``.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest

from quarterdeck.operations.oncall.model.faults import UnusableSchedule
from quarterdeck.operations.oncall.model.hours import Hours, Span
from quarterdeck.operations.oncall.model.layer import Layer
from quarterdeck.operations.oncall.model.rotation import Rotation, Unit
from quarterdeck.operations.oncall.model.schedule import Holiday, Schedule
from quarterdeck.operations.oncall.model.shifts import Source, on_call, shifts
from quarterdeck.operations.oncall.model.wall import instant_of, wall_of, zone_of

SINCE, UNTIL = datetime(2010, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC)
TICK, DAY, WEEK = timedelta(microseconds=1), timedelta(days=1), timedelta(days=7)
MARGIN = DAY
PEOPLE = ("ada", "bob", "cyd")
OFFICE = Hours(days=frozenset(range(5)), since=time(9), until=time(17))
SITES = ("Asia/Tokyo", "Europe/London", "America/Los_Angeles")
"""Two whose clocks leap, on different days, and one whose do not."""

ROTATIONS = {
    "weekly": Rotation(),
    "daily": Rotation(unit=Unit.DAYS, at=time(2, 30)),
    "every five hours": Rotation(unit=Unit.HOURS, every=5, at=time(2, 30)),
    "every second week": Rotation(every=2, at=time(0)),
}
WAITING = {
    "weekly, waits": Rotation(waits=True),
    "daily, waits": Rotation(unit=Unit.DAYS, at=time(2, 30), waits=True),
}
KINDS = (*ROTATIONS, *WAITING, "two halves", "follow the sun", "follow the sun, holidays")


def layer(name: str, zone: str, rotation: Rotation = ROTATIONS["weekly"], *hours: Hours) -> Layer:
    return Layer(name=name, people=PEOPLE, zone=zone, start=SINCE, rotation=rotation, hours=hours)


def schedule(kind: str, zone: str, leaps: tuple[date, ...]) -> Schedule:
    free = kind in WAITING or kind.endswith("holidays")
    return Schedule(
        name="any",
        zone=zone,
        layers=tuple(layers(kind, zone)),
        holidays=tuple(holidays(leaps)) if free else (),
    )


def layers(kind: str, zone: str) -> Iterator[Layer]:
    if rotation := (ROTATIONS | WAITING).get(kind):
        yield layer("all", zone, rotation)
    elif kind == "two halves":
        yield layer("day", zone, Rotation(), Hours(since=time(8), until=time(20)))
        yield layer("night", zone, Rotation(), Hours(since=time(20), until=time(8)))
    else:  # whoever has office hours; else who has the week, in the zone
        yield layer("week", zone)
        yield from (layer(site, site, ROTATIONS["daily"], OFFICE) for site in SITES)


def holidays(leaps: tuple[date, ...]) -> Iterator[Holiday]:
    """The days on which clocks leap, and those around the turn of the year; some somebody's."""
    days = {date(year, month, day) for year in range(2010, 2031) for month, day in ENDS} | {*leaps}
    for number, day in enumerate(sorted(days)):
        yield Holiday(day=day, person="zoe" if number % 2 else "")


ENDS = ((1, 1), (12, 25), (12, 26), (12, 31))


@cache
def zones() -> dict[str, tuple[datetime, ...]]:
    """Every zone whose clocks leap, with its leaps; of those that leap alike one."""
    alike = {}
    for name in sorted(available_timezones()):
        try:
            zone = zone_of(name)
        except UnusableSchedule:
            continue  # of the database, and no name of a zone: posixrules, localtime
        found = tuple(leaps(zone))
        alike[found, offset(SINCE, zone)] = name
    return {name: found for (found, _), name in alike.items() if found}


def leaps(zone: ZoneInfo) -> Iterator[datetime]:
    """The instants at which its clocks leap, to the minute."""
    at = SINCE
    while at < UNTIL:
        if offset(at, zone) != offset(at + WEEK, zone):
            yield leap(at, at + WEEK, zone)
        at += WEEK


def leap(early: datetime, late: datetime, zone: ZoneInfo) -> datetime:
    while late - early > timedelta(minutes=1):
        middle = early + (late - early) / 2
        early, late = (
            (early, middle) if offset(early, zone) != offset(middle, zone) else (middle, late)
        )
    return late


def offset(at: datetime, zone: ZoneInfo) -> timedelta | None:
    return at.astimezone(zone).utcoffset()


def windows(zone: ZoneInfo, found: tuple[datetime, ...]) -> Iterator[Span]:
    """Where something could go wrong; none before ``SINCE``, when nobody has begun."""
    turns = (instant_of(datetime(year, 1, 1), zone) for year in range(2011, 2030))  # noqa: DTZ001
    for at in (*found, *turns):
        yield Span(max(at - MARGIN, SINCE), at + MARGIN)


def test_clocks_leap_in_many_zones() -> None:
    assert len(zones()) > 50
    assert {len(found) for found in zones().values()} > {40}, "twice a year, in most"
    assert max(map(len, zones().values())) > 50, "four times a year, in some years of some"


@pytest.mark.parametrize("kind", KINDS)
def test_one_person_is_on_call_at_each_instant_of_twenty_years(kind: str) -> None:
    sources = set()
    for name, found in zones().items():
        zone = zone_of(name)
        one = schedule(kind, name, tuple(wall_of(at, zone).date() for at in found))
        for window in windows(zone, found):
            sources |= check(one, window)
    assert (Source.HOLIDAY in sources) == bool(schedule(kind, "UTC", ()).holidays)


def check(one: Schedule, window: Span) -> set[Source]:
    """Each shift begins where the one before ended, is somebody's, and theirs at both its ends."""
    held = shifts(one, window.start, window.end)
    assert (held[0].span.start, held[-1].span.end) == (window.start, window.end)
    assert all(before.span.end == after.span.start for before, after in pairwise(held))
    for each in held:
        assert each.duty.person, (one.zone, each)
        assert on_call(one, each.span.start) == each.duty, (one.zone, each)
        assert on_call(one, each.span.end - TICK) == each.duty, (one.zone, each)
    return {each.duty.source for each in held}
