"""Who would be woken, for the next 14 days, and where nobody would be."""

from datetime import timedelta

import pytest

from operations.escalation.stage import ONE, Desk
from operations.oncall.stage import DAY, NOON, OFFICE
from quarterdeck.kernel.work import MissingPermission
from quarterdeck.operations.escalation import measuring
from quarterdeck.operations.escalation.service.forgetting import forget
from quarterdeck.operations.escalation.service.waking import Woken, woken
from quarterdeck.wiring.numbers import EVERYONE

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


def seen(desk: Desk, severity: str = "SEV-1", ahead: timedelta = 14 * DAY) -> Woken:
    with desk.stage.look() as work:
        return woken(work, "acme", "incidents", severity, NOON, ahead)


def test_each_level_is_shown_with_whom_it_reaches_when_it_is_due(desk: Desk) -> None:
    found = seen(desk)
    assert found.sound
    assert [(one.level, one.kind.value, one.who, one.by) for one in found.wakings if one.by] == [
        ("L1", "engage", "ada@example.com", "ada@example.com"),
        ("L2", "notify", "bob@example.com", "bob@example.com"),
        ("L2", "engage", "bob@example.com", "bob@example.com"),
        ("L3", "engage", "boss@example.com", "boss@example.com"),
    ]
    times = {one.level: one.at - NOON for one in found.wakings if one.kind.value == "engage"}
    assert times["L3"] == timedelta(hours=2)


def test_an_empty_shift_is_a_hole_with_its_span(desk: Desk) -> None:
    desk.stage.apply(OFFICE, "primary")
    found = seen(desk, ahead=DAY)
    [hole] = found.holes
    assert (found.sound, hole.level, hole.why) == (False, "L1", "nobody is on call in primary")
    assert (hole.start.hour, hole.end.hour) == (16, 8)  # 17:00 to 09:00 in Berlin


def test_the_same_person_on_two_levels_is_a_hole(desk: Desk) -> None:
    desk.stage.apply(ONE.format(person="ada@example.com"), "secondary")
    [hole] = seen(desk).holes
    assert (hole.level, hole.why) == ("L2", "ada@example.com is on L1 too")
    assert hole.end - hole.start == 14 * DAY


def test_a_person_without_a_method_is_a_hole(desk: Desk) -> None:
    desk.stage.apply(ONE.format(person="nobody-known"), "secondary")
    whys = {hole.why for hole in seen(desk).holes}
    assert any("nobody-known has no method" in why for why in whys)


def test_a_policy_that_is_gone_wakes_nobody(desk: Desk) -> None:
    with desk.stage.look() as work:
        found = woken(work, "acme", "gone", "SEV-1", NOON)
    assert (found.sound, found.holes[0].why) == (False, "there is no policy gone")
    with desk.stage.look(desk.ada) as work, pytest.raises(MissingPermission):
        woken(work, "acme", "incidents", "SEV-1", NOON)


def test_pages_are_counted_and_old_secrets_forgotten(desk: Desk) -> None:
    page = desk.page()
    desk.tick()
    assert forget(desk.engine, desk.stage.clock) == 0
    with desk.stage.look() as work:
        measuring.measure(work, EVERYONE)
    counted = {s.labels["state"]: s.value for m in measuring.OPEN.collect() for s in m.samples}
    assert counted == {"open": 1}
    desk.acknowledge(page)
    desk.stage.pass_time(days=1, seconds=1)
    assert forget(desk.engine, desk.stage.clock) == 2
