"""Who is on call: now, over a span, in the past as it was; whom nobody wakes; calendars."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client import REGISTRY

from operations.oncall.stage import DAY, NOON, OFFICE, PRIMARY, ROOT, Stage
from quarterdeck.kernel.work import ANY, Tenants
from quarterdeck.operations.oncall import measuring
from quarterdeck.operations.oncall.ics import Entry, calendar
from quarterdeck.operations.oncall.model.faults import NoSuchSchedule, UnusableSchedule
from quarterdeck.operations.oncall.model.shifts import Source
from quarterdeck.operations.oncall.service import calendars, looking, writing

ADA, BOB = "ada@example.com", "bob@example.com"
MONDAY = datetime(2026, 1, 12, 8, tzinfo=UTC)


def people(stage: Stage, since: datetime, until: datetime) -> list[tuple[str, datetime]]:
    with stage.look() as work:
        found = looking.roster(work, "acme", "primary", since, until)
    return [(one.duty.person, one.span.start) for one in found.shifts]


def test_it_says_who_is_on_call_until_when_who_is_next_and_what_nobody_holds(
    stage: Stage,
) -> None:
    stage.apply()
    stage.apply(OFFICE, "office")
    with stage.look() as work:
        office, primary = looking.standings(work)
    assert (primary.person.name, primary.until, primary.sound) == ("Ada", MONDAY, True)
    assert primary.following is not None
    assert primary.following.name == "Bob"
    assert (office.person.name, office.duty.source) == ("Ada", Source.LAYER)
    assert (office.sound, len(office.holes)) == (False, 14)
    with stage.look() as work:
        night = looking.standing(work, office.kept, NOON + timedelta(hours=9))
    assert (night.person.name, night.duty.source) == ("nobody", Source.NOBODY)


def test_what_was_stays_what_it_was(stage: Stage) -> None:
    stage.apply()
    stage.pass_time(days=1)
    stage.apply(PRIMARY.replace(f"{ADA}, ", ""))
    stage.pass_time(days=1)
    assert people(stage, NOON, NOON + 3 * DAY) == [(ADA, NOON), (BOB, NOON + DAY)]
    with stage.work() as work:
        writing.delete(work, "acme", "primary")
    stage.pass_time(days=1)
    with stage.work() as work:
        writing.put_back(work, "acme", "primary", 2)
    assert people(stage, NOON - DAY, NOON + 4 * DAY) == [
        (ADA, NOON - DAY),
        (BOB, NOON + DAY),
        ("", NOON + 2 * DAY),
        (BOB, NOON + 3 * DAY),
    ]


def test_an_override_does_not_cut_the_shift_that_goes_on(stage: Stage) -> None:
    stage.apply()
    stage.pass_time(hours=1)
    stage.override(BOB, NOON + DAY, NOON + 2 * DAY)
    assert people(stage, NOON, NOON + 3 * DAY) == [
        (ADA, NOON),
        (BOB, NOON + DAY),
        (ADA, NOON + 2 * DAY),
    ]


@pytest.mark.parametrize(
    ("since", "until", "why"),
    [
        (NOON, NOON, "to is after from"),
        (NOON, NOON - DAY, "to is after from"),
        (NOON, NOON + 401 * DAY, "at most 400 days"),
        (NOON, NOON.replace(year=9999), "to 2199, got year 9999"),
        (NOON.replace(year=1), NOON, "got year 1"),
    ],
)
def test_a_span_that_is_none_is_refused(
    stage: Stage, since: datetime, until: datetime, why: str
) -> None:
    stage.apply()
    with pytest.raises(UnusableSchedule, match=why):
        people(stage, since, until)


def test_load_is_counted_by_person_and_schedule(stage: Stage) -> None:
    stage.apply()
    stage.apply(OFFICE, "office")
    with stage.look() as work:
        found = looking.load(work, "acme", since=MONDAY, until=MONDAY + 14 * DAY)
        by = {one.kept.name: {each.person: each for each in loads} for one, loads in found}
        assert by["primary"][ADA].total == by["primary"][BOB].total == 7 * DAY
        assert by["primary"][ADA].weekends == 2 * DAY
        assert by["primary"][ADA].nights == timedelta(hours=8 * 7)
        assert by["office"][""].total == 14 * timedelta(hours=16)
        [(one, _)] = looking.load(work, name="office", since=MONDAY, until=MONDAY + DAY)
        assert one.kept.name == "office"
        with pytest.raises(NoSuchSchedule):
            looking.load(work, name="none", since=MONDAY, until=MONDAY + DAY)


def test_holes_are_a_metric(stage: Stage) -> None:
    stage.apply(OFFICE, "office")

    def value() -> float | None:
        with stage.look() as work:
            measuring.measure(work, Tenants(frozenset({ANY})))
        labels = {"tenant": "acme", "schedule": "office"}
        return REGISTRY.get_sample_value("quarterdeck_oncall_holes", labels)

    assert value() == 0
    stage.pass_time(hours=9)
    assert value() == 1
    with stage.work() as work:
        writing.delete(work, "acme", "office")
    assert value() is None


def unfolded(text: str) -> list[str]:
    assert text.endswith("\r\n")
    assert "\n" not in text.replace("\r\n", "")
    lines = text.split("\r\n")
    assert all(len(line.encode()) <= 75 for line in lines)
    return text.replace("\r\n ", "").split("\r\n")


def uids(text: str) -> dict[str, str]:
    events = re.findall(r"UID:(\S+)\r\n(?:.*\r\n)*?DTSTART:(\S+)", text)
    return {start: uid for uid, start in events}


def test_a_calendar_has_a_shift_each_under_an_id_that_stays(stage: Stage) -> None:
    stage.apply()
    with stage.look() as work:
        text = calendars.of_schedule(work, "acme", "primary")
    lines = unfolded(text)
    assert lines[:2] == ["BEGIN:VCALENDAR", "VERSION:2.0"]
    assert lines[-2:] == ["END:VCALENDAR", ""]
    assert lines.count("BEGIN:VEVENT") == lines.count("END:VEVENT") == 14
    assert "SUMMARY:On-call primary: Ada" in lines
    assert "DTSTART:20260112T080000Z" in lines
    assert "DTSTART:20260330T070000Z" in lines  # summer: 09:00 by the clock
    first = uids(text)
    assert len(set(first.values())) == 14
    stage.pass_time(days=10)
    stage.override(ADA, stage.now, stage.now + DAY)
    with stage.look() as work:
        again = uids(calendars.of_schedule(work, "acme", "primary"))
        both = set(again) & set(first)
        assert len(both) == 14
        assert {at: again[at] for at in both} == {at: first[at] for at in both}
        mine = unfolded(calendars.of_person(work, BOB))
        assert {line for line in mine if line.startswith("SUMMARY")} == {
            "SUMMARY:On-call primary: Bob"
        }
        # by the id of the principal too
        assert uids(calendars.of_person(work, stage.people["bob"].id)) == uids(
            calendars.of_schedule(work, "acme", "primary", BOB)
        )
        for nobody in ("\0", "zoe@example.com"):
            assert uids(calendars.of_person(work, nobody)) == {}
        with pytest.raises(NoSuchSchedule):
            calendars.of_schedule(work, "acme", "none")


def test_text_in_a_calendar_is_escaped_and_its_lines_are_folded_between_letters() -> None:
    summary = "ä;b,c\\d\r\ne\N{FIRE}" * 20
    entry = Entry(key=("a",), start=NOON, end=NOON + DAY, summary=summary, description="x\n")
    lines = unfolded(calendar("name;", [entry], NOON))
    assert "X-WR-CALNAME:name\\;" in lines
    [said] = [line.removeprefix("SUMMARY:") for line in lines if line.startswith("SUMMARY:")]
    parts = re.split(r"(\\.)", said)
    back = "".join({"\\n": "\n"}.get(p, p[1:]) if p.startswith("\\") else p for p in parts)
    assert back == summary.replace("\r\n", "\n")


def test_root_may_do_all_of_it() -> None:
    assert all(ROOT.may(f"oncall:{what}", "acme") for what in ("read", "write", "override"))
