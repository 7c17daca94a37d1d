"""Schedules as people write them: read exactly, written back the same, refused with a place."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings

from operations.oncall.test_shifts import schedules
from quarterdeck.operations.oncall.document import kept, read, text_of, written
from quarterdeck.operations.oncall.model.faults import UnusableSchedule
from quarterdeck.operations.oncall.model.rotation import Unit
from quarterdeck.operations.oncall.model.schedule import Schedule

PRIMARY = """\
description: Who answers first
zone: Europe/Berlin
layers:
  - name: week
    people: [ada@example.com, bob@example.com]
    start: 2026-01-05
    rotation: {unit: weeks, at: 09:00, weekday: monday}
"""


def test_a_schedule_is_read_as_it_is_written() -> None:
    one = read("primary", PRIMARY)
    [layer] = one.layers
    assert (one.zone, layer.zone, layer.people) == (
        "Europe/Berlin",
        "Europe/Berlin",
        ("ada@example.com", "bob@example.com"),
    )
    assert layer.start == datetime(2026, 1, 5, 8, tzinfo=UTC)
    assert read("primary", written(one)) == one
    ten = read("primary", PRIMARY.replace("09:00", "10:00"))  # a number, YAML 1.1 would say
    assert ten.layers[0].rotation.at.hour == 10
    daily = read("primary", PRIMARY.replace("{unit: weeks, at: 09:00, weekday: monday}", "daily"))
    assert daily.layers[0].rotation.unit is Unit.DAYS


@given(schedules())
@settings(max_examples=100, deadline=None)
def test_what_is_kept_is_the_schedule_itself(one: Schedule) -> None:
    assert kept(one.name, text_of(one)) == one


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("Europe/Berlin", "Europe/Berlitz", "expected a time zone such as Europe/Berlin"),
        ("Europe/Berlin", "../../etc/passwd", "expected a time zone"),
        ("Europe/Berlin", "Europe", "expected a time zone"),
        ("[ada@example.com, bob@example.com]", "[]", "layer week has 0 people"),
        ("ada@example.com", '"a\\ab"', "layers[0].people[0]: expected what can be printed"),
        ("ada@example.com", '"a\\0b"', "line 5: text must have no NUL"),
        ("ada@example.com", "' '", "expected a person"),
        ("ada@example.com", "{a: b}", "layers[0].people[0]: expected a text"),
        ("2026-01-05", "9999-12-31", "layers[0].start: expected a year from 1990 to 2199"),
        ("2026-01-05", "0001-01-01T00:00", "expected a year"),
        ("2026-01-05", "2026-02-30", "expected a date and time"),
        ("at: 09:00", "at: 24:00", "layers[0].rotation.at: expected a time such as 09:00"),
        ("weekday: monday", "weekday: mon", "expected one of monday"),
        ("unit: weeks", "unit: days", "only turns of weeks"),
        ("unit: weeks", "every: 0", "a turn is 1 to 52 weeks"),
        ("unit: weeks", "every: 1.5", "expected a whole number"),
        ("unit: weeks", "every: 1e9", "expected a whole number"),
        ("zone: Europe/Berlin\n", "zone: UTC\nzone: UTC\n", "line 3: 'zone' stands there twice"),
        ("description", "descriptoin", "'descriptoin' is none of name, description"),
        ("Who answers first", "x" * 501, "at most 500 characters"),
        ("    start: 2026-01-05\n", "", "layers[0]: a layer says since when it holds"),
        ("rotation:", "end: 2026-01-05\n    rotation:", "ends before it starts"),
        ("layers:", "layers: &a [*a]\nholidays:", "there is too much in it"),
        ("layers:", f"layers: {'[' * 100_000}\nholidays:", "nested deeper than 100"),
    ],
)
def test_what_cannot_be_is_refused_with_its_place(old: str, new: str, why: str) -> None:
    text = PRIMARY.replace(old, new, 1)
    assert text != PRIMARY
    with pytest.raises(UnusableSchedule) as refusal:
        read("primary", text)
    assert why in str(refusal.value)


@pytest.mark.parametrize(
    "text", ["", "[]", "a", "zone: UTC", "layers: []", "layers: 3", "{", "\x00"]
)
def test_what_is_no_schedule_is_refused(text: str) -> None:
    with pytest.raises(UnusableSchedule):
        read("primary", text)


@pytest.mark.parametrize("name", ["", "a b", "a/b", ".", "-a", "x" * 101, "ä"])
def test_a_name_stands_in_an_address(name: str) -> None:
    with pytest.raises(UnusableSchedule, match="a name has"):
        read(name, PRIMARY)
    with pytest.raises(UnusableSchedule, match="its address 'primary'"):
        read("primary", f"name: other\n{PRIMARY}")
