"""Who is on call when: exact over each leap of the clocks, by two ways that must agree."""

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quarterdeck.operations.oncall.model.hours import Hours, Span
from quarterdeck.operations.oncall.model.layer import Layer, turns
from quarterdeck.operations.oncall.model.load import loads
from quarterdeck.operations.oncall.model.rotation import Rotation, Unit
from quarterdeck.operations.oncall.model.schedule import Holiday, Override, Schedule
from quarterdeck.operations.oncall.model.shifts import (
    HOLE,
    Source,
    holes,
    merged,
    on_call,
    shifts,
)
from quarterdeck.operations.oncall.model.wall import instant_of, wall_of, zone_of

ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",  # leaps by half an hour
    "Asia/Kolkata",
    "Pacific/Apia",  # left out a whole day: 2011-12-30
    "Africa/Casablanca",  # leaps four times a year
    "America/St_Johns",
    "UTC",
)
TICK, HOUR, DAY = timedelta(microseconds=1), timedelta(hours=1), timedelta(days=1)
PEOPLE = ("ada", "bob", "cyd", "dan", "eve")
BERLIN = "Europe/Berlin"
JANUARY = datetime(2026, 1, 5, 8, tzinfo=UTC)  # a Monday, 09:00 in Berlin


def layer(name: str = "week", zone: str = BERLIN, people: tuple[str, ...] = PEOPLE[:2]) -> Layer:
    return Layer(name=name, people=people, zone=zone, start=JANUARY)


def schedule(*layers: Layer, overrides: tuple[Override, ...] = ()) -> Schedule:
    return Schedule(name="primary", zone=BERLIN, layers=layers, overrides=overrides)


def berlin(text: str) -> datetime:
    return instant_of(datetime.fromisoformat(text), zone_of(BERLIN))


instants = st.datetimes(
    datetime(2010, 1, 1),  # noqa: DTZ001  hypothesis wants them naive
    datetime(2013, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)
times = st.times().map(lambda at: at.replace(second=0, microsecond=0))
rotations = st.one_of(
    st.builds(Rotation, unit=st.just(Unit.HOURS), every=st.integers(1, 60), at=times),
    st.builds(
        Rotation, unit=st.just(Unit.DAYS), every=st.integers(1, 9), at=times, waits=st.booleans()
    ),
    st.builds(
        Rotation,
        every=st.integers(1, 4),
        at=times,
        weekday=st.integers(0, 6),
        waits=st.booleans(),
    ),
)
hours = st.builds(
    Hours, days=st.frozensets(st.integers(0, 6), min_size=1), since=times, until=times
)


@st.composite
def layers(draw: st.DrawFn, name: str) -> Layer:
    start = draw(instants)
    length = draw(st.one_of(st.none(), st.timedeltas(HOUR, 400 * DAY)))
    return Layer(
        name=name,
        people=tuple(draw(st.lists(st.sampled_from(PEOPLE), min_size=1, max_size=4))),
        zone=draw(st.sampled_from(ZONES)),
        start=start,
        end=None if length is None else start + length,
        rotation=draw(rotations),
        hours=tuple(draw(st.lists(hours, max_size=2))),
    )


@st.composite
def spans(draw: st.DrawFn, longest: timedelta = 20 * DAY) -> Span:
    start = draw(instants)
    return Span(start, start + draw(st.timedeltas(TICK, longest)))


@st.composite
def schedules(draw: st.DrawFn) -> Schedule:
    count = draw(st.integers(1, 3))
    over = draw(st.lists(st.tuples(st.sampled_from(PEOPLE), spans()), max_size=4))
    days = st.dates(date(2011, 12, 20), date(2012, 1, 10))
    free = draw(st.dictionaries(days, st.sampled_from(["", *PEOPLE]), max_size=4))
    return Schedule(
        name="any",
        zone=draw(st.sampled_from(ZONES)),
        layers=tuple(draw(layers(f"layer {n}")) for n in range(count)),
        overrides=tuple(
            Override(id=str(n), person=person, span=span) for n, (person, span) in enumerate(over)
        ),
        holidays=tuple(Holiday(day=day, person=person) for day, person in free.items()),
    )


@given(schedules(), spans(40 * DAY), st.lists(st.floats(0, 1), max_size=20))
@settings(max_examples=150, deadline=None)
def test_shifts_cover_their_span_once_and_say_what_each_instant_says(
    one: Schedule, asked: Span, samples: list[float]
) -> None:
    found = shifts(one, asked.start, asked.end)
    assert (found[0].span.start, found[-1].span.end) == (asked.start, asked.end)
    assert all(before.span.end == after.span.start for before, after in pairwise(found))
    assert all(each.span.start < each.span.end for each in found)
    for each in found:
        assert on_call(one, each.span.start) == each.duty
        assert on_call(one, each.span.end - TICK) == each.duty
    for share in samples:
        at = min(asked.start + asked.length * share, asked.end - TICK)
        [holding] = [each for each in found if each.span.start <= at < each.span.end]
        assert on_call(one, at) == holding.duty


@given(schedules(), spans(10 * DAY))
@settings(max_examples=100, deadline=None)
def test_an_override_holds_for_exactly_its_span(one: Schedule, span: Span) -> None:
    put = Override(id="new", person="zoe", span=span)
    over = Schedule(
        name="any",
        zone=one.zone,
        layers=one.layers,
        holidays=one.holidays,
        overrides=(*one.overrides, put),
    )
    for at in (span.start, span.start + span.length / 2, span.end - TICK):
        assert on_call(over, at).person == "zoe"
    for at in (span.start - TICK, span.end):
        assert on_call(over, at) == on_call(one, at)
    held = [e.span for e in merged(shifts(over, span.start - DAY, span.end + DAY))]
    assert span in held


@given(rotations, st.sampled_from(ZONES), instants, st.integers(1, 5))
@settings(max_examples=100, deadline=None)
def test_over_a_whole_cycle_everybody_carries_the_same_within_one_shift(
    rotation: Rotation, zone: str, start: datetime, count: int
) -> None:
    begun = Layer(name="l", people=PEOPLE[:count], zone=zone, start=start, rotation=rotation)
    carried: Counter[str] = Counter()
    zone_info = zone_of(zone)
    first = rotation.begin(wall_of(start, zone_info))
    since = instant_of(first + rotation.length, zone_info)
    until = instant_of(first + rotation.length * (1 + 2 * count), zone_info)
    longest = timedelta(0)
    for turn in turns(begun, since, until):
        held = turn.span.cut(since, until).length
        carried[turn.person] += held // TICK
        longest = max(longest, held)
    assert sum(carried.values()) == (until - since) // TICK
    everyone = [carried[name] for name in PEOPLE[:count]]
    assert max(everyone) - min(everyone) <= longest // TICK


@pytest.mark.parametrize("zone", ZONES)
def test_a_hand_over_is_at_nine_by_the_wall_clock_whatever_clocks_do(zone: str) -> None:
    daily = Rotation(unit=Unit.DAYS, at=time(9))
    one = Layer(name="l", people=PEOPLE, zone=zone, start=JANUARY, rotation=daily)
    found = list(turns(one, JANUARY + 2 * DAY, JANUARY + 5 * 365 * DAY))
    assert {wall_of(each.span.start, zone_of(zone)).time() for each in found} == {time(9)}
    assert all(a.span.end == b.span.start for a, b in pairwise(found))
    assert [e.person for e in found[:10]] == [e.person for e in found[5:15]]


@pytest.mark.census("ATP-465")
def test_the_week_of_the_primary_is_from_monday_nine_to_monday_nine() -> None:
    one = schedule(layer())
    assert on_call(one, berlin("2026-01-12T08:59")).person == "ada"
    assert on_call(one, berlin("2026-01-12T08:59:59.999999")).person == "ada"
    assert on_call(one, berlin("2026-01-12T09:00")).person == "bob"
    assert on_call(one, berlin("2026-01-12T09:01")).person == "bob"
    # The clocks leap on 2026-03-29, and on 2026-10-25: that week has an hour more.
    lengths = {
        str(each.span.start.date()): each.span.length / HOUR
        for each in shifts(one, berlin("2026-03-02T09:00"), berlin("2026-12-07T09:00"))
    }
    assert {day: length for day, length in lengths.items() if length != 168} == {
        "2026-03-23": 167,
        "2026-10-19": 169,
    }


def test_a_time_that_is_never_shown_is_when_clocks_leap_and_one_shown_twice_the_first() -> None:
    daily = Rotation(unit=Unit.DAYS, at=time(2, 30))
    one = schedule(Layer(name="l", people=PEOPLE[:2], zone=BERLIN, start=JANUARY, rotation=daily))
    leap = datetime(2026, 3, 29, 1, tzinfo=UTC)  # 02:00 becomes 03:00
    assert on_call(one, leap - TICK).person != on_call(one, leap).person
    first, second = (datetime(2026, 10, 25, hour, 30, tzinfo=UTC) for hour in (0, 1))
    assert on_call(one, first - TICK).person != on_call(one, first).person
    assert on_call(one, second - TICK) == on_call(one, second) == on_call(one, first)
    assert instant_of(datetime(2011, 12, 30, 12), zone_of("Pacific/Apia")) == datetime(  # noqa: DTZ001
        2011, 12, 30, 10, tzinfo=UTC
    )


def test_follow_the_sun_has_three_zones_and_shows_what_nobody_holds() -> None:
    office = (Hours(since=time(9), until=time(17)),)
    one = schedule(
        *(
            Layer(name=zone, people=(zone,), zone=zone, start=JANUARY, hours=office)
            for zone in (BERLIN, "America/New_York", "Asia/Kolkata")
        )
    )
    day = datetime(2026, 7, 1, tzinfo=UTC)
    found = shifts(one, day, day + DAY)
    assert [(e.duty.person, e.span.start.hour, e.span.start.minute) for e in found] == [
        ("", 0, 0),
        ("Asia/Kolkata", 3, 30),
        (BERLIN, 11, 30),
        ("America/New_York", 13, 0),
        ("", 21, 0),
    ]
    assert sum((one.length for one in holes(found)), timedelta(0)) == timedelta(hours=6.5)


def test_a_later_layer_and_a_later_override_lie_over_the_former() -> None:
    nights = Layer(
        name="nights",
        people=("cyd",),
        zone=BERLIN,
        start=JANUARY,
        hours=(Hours(since=time(22), until=time(6)),),
    )
    span = Span(berlin("2026-02-03T12:00"), berlin("2026-02-04T12:00"))
    later = Span(berlin("2026-02-03T18:00"), berlin("2026-02-03T19:00"))
    one = schedule(
        layer(),
        nights,
        overrides=(
            Override(id="1", person="dan", span=span),
            Override(id="2", person="eve", span=later),
        ),
    )
    said = {
        hour: on_call(one, berlin(f"2026-02-03T{hour}:00")).person
        for hour in ("05", "06", "12", "18", "19", "23")
    }
    assert said == {"05": "cyd", "06": "ada", "12": "dan", "18": "eve", "19": "dan", "23": "dan"}
    assert on_call(one, berlin("2026-02-04T22:00")).source is Source.LAYER
    assert on_call(one, berlin("2025-02-04T22:00")) == HOLE  # before it began


def test_a_hand_over_waits_for_the_end_of_holidays_and_a_holiday_may_be_somebodys() -> None:
    waiting = Layer(
        name="week", people=PEOPLE[:2], zone=BERLIN, start=JANUARY, rotation=Rotation(waits=True)
    )
    one = Schedule(
        name="primary",
        zone=BERLIN,
        layers=(waiting,),
        holidays=(
            Holiday(day=date(2026, 1, 12)),
            Holiday(day=date(2026, 1, 13), name="Founder's day", person="eve"),
        ),
    )
    assert on_call(one, berlin("2026-01-12T12:00")).person == "ada"
    assert on_call(one, berlin("2026-01-13T00:00")).person == "eve"
    assert on_call(one, berlin("2026-01-14T08:59")).person == "ada"
    assert on_call(one, berlin("2026-01-14T09:00")).person == "bob"
    assert on_call(one, berlin("2026-01-19T09:00")).person == "ada"


def test_load_counts_nights_weekends_and_holes() -> None:
    night = Hours(days=frozenset(range(5)), since=time(18), until=time(9))
    one = schedule(Layer(name="l", people=("ada",), zone=BERLIN, start=JANUARY, hours=(night,)))
    since = berlin("2026-02-02T09:00")  # a Monday
    nobody, ada = loads(one, shifts(one, since, since + 7 * DAY))
    assert (ada.shifts, ada.total, ada.nights) == (5, 75 * HOUR, 40 * HOUR)
    assert ada.weekends == 9 * HOUR  # from Saturday's midnight to nine
    assert (nobody.person, nobody.total) == ("", 93 * HOUR)
