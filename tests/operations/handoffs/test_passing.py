"""A note passes from who ends a shift to who begins, with what is open then."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event

from operations.oncall.stage import DAY, NOON, PRIMARY, ROOT, Stage
from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.kernel.work import Actor, MissingPermission
from quarterdeck.operations.escalation.model.page import What
from quarterdeck.operations.escalation.service import opening, policies
from quarterdeck.operations.handoffs.model.faults import (
    HandoffMoved,
    NoSuchHandoff,
    NotYourHandoff,
    UnusableNote,
)
from quarterdeck.operations.handoffs.model.handoff import LONGEST_NOTE, Handoff
from quarterdeck.operations.handoffs.service import looking
from quarterdeck.operations.handoffs.service.matters import MOST, seen
from quarterdeck.operations.handoffs.service.passing import leave, take_over
from quarterdeck.operations.incidents.service.declaring import Told, declare
from quarterdeck.operations.oncall.model.faults import NoSuchSchedule
from quarterdeck.operations.oncall.service import writing
from quarterdeck.operations.silences import service as silences
from quarterdeck.operations.silences.matchers import parse
from quarterdeck.operations.silences.model import Wanted

ADA, BOB = "ada@example.com", "bob@example.com"
TURN = datetime(2026, 1, 12, 8, tzinfo=UTC)  # Monday at 09:00 in Berlin: ada's week ends
NEXT = TURN + 7 * DAY
POLICY = "levels: [{name: L1, targets: [mail ada@example.com], notify_at: 0, engage_at: 0}]"
SEES = ("oncall:read", "oncall:override", "pages:read", "incidents:read", "alerts:read")


def left(stage: Stage, actor: Actor, text: str = "disk 3 is slow") -> Handoff:
    with stage.work(actor) as work:
        return leave(work, "acme", "primary", text)[0]


def taken(stage: Stage, actor: Actor, one: Handoff) -> Handoff:
    with stage.work(actor) as work:
        return take_over(work, "acme", "primary", one.id)


def listed(stage: Stage) -> list[Handoff]:
    with stage.look() as work:
        return looking.history(work, "acme", "primary")


def waiting(stage: Stage) -> list[str]:
    with stage.look() as work:
        return [one.text for one in looking.waiting(work)]


def test_who_ends_a_shift_leaves_a_note_and_who_begins_takes_it_over(stage: Stage) -> None:
    ada, bob = stage.actor("ada"), stage.actor("bob")
    one = left(stage, ada)
    assert (one.turn.giver, one.turn.taker) == (ADA, BOB)
    assert (one.turn.span.start, one.turn.span.end) == (TURN, NEXT)
    again = left(stage, ada, "disk 3 is slow\r\nand loud ")
    assert (again.id, again.version, again.text) == (one.id, 2, "disk 3 is slow\nand loud")
    assert waiting(stage) == ["disk 3 is slow\nand loud"]
    with stage.work(ada) as work:
        assert leave(work, "acme", "primary", again.text)[1] is False
    stage.now = TURN + timedelta(minutes=5)
    done = taken(stage, bob, again)
    assert (done.taken_by, done.taken_at) == (bob.id, stage.now)
    assert listed(stage) == [done]
    assert waiting(stage) == []
    with pytest.raises(HandoffMoved, match="taken over at 2026-01-12T08:05"):
        taken(stage, bob, one)
    with pytest.raises(HandoffMoved, match="stays as it was read"):
        left(stage, ada, "too late")
    facts = [fact for fact in stage.facts() if "Handoff" in fact]
    assert facts == ["OncallHandoffLeft", "OncallHandoffLeft", "OncallHandoffTaken"]


def test_nobody_else_leaves_a_note_or_takes_it_over(stage: Stage) -> None:
    ada, bob = stage.actor("ada"), stage.actor("bob")
    with pytest.raises(NotYourHandoff, match="not yours"):
        left(stage, bob)
    one = left(stage, ada)
    with pytest.raises(NotYourHandoff, match="handed over to bob"):
        taken(stage, stage.actor("eve"), one)
    with pytest.raises(NotYourHandoff):
        taken(stage, ada, one)  # who gives it away has it still
    for rights in (("oncall:read",), ("oncall:override",)):
        with pytest.raises(MissingPermission):
            left(stage, stage.actor("ada", *rights))
    with pytest.raises(MissingPermission):
        taken(stage, stage.actor("bob", "oncall:read"), one)
    assert taken(stage, ROOT, one).taken_by == ROOT.id  # who plans shifts, for somebody ill
    assert left_by_planner(stage).turn.giver == BOB


def left_by_planner(stage: Stage) -> Handoff:
    stage.now = TURN + DAY
    return left(stage, ROOT, "from who plans")


def test_a_note_is_left_late_for_a_while_and_whoever_stands_in_takes_it_over(stage: Stage) -> None:
    ada = stage.actor("ada")
    stage.now = TURN + timedelta(hours=11)
    one = left(stage, ada)
    assert one.turn.span.start == TURN
    stage.override(ADA, stage.now, stage.now + DAY)  # bob is ill: ada goes on
    assert taken(stage, ada, one).taken_by == ada.id
    stage.now = TURN + 2 * DAY
    with pytest.raises(NotYourHandoff):
        left(stage, ada)


def test_what_is_no_note_is_refused(stage: Stage) -> None:
    for text in ("", " \n ", "x" * (LONGEST_NOTE + 1), "a\0b"):
        with pytest.raises(UnusableNote):
            left(stage, ROOT, text)
    assert left(stage, ROOT, "x" * LONGEST_NOTE).version == 1
    stage.apply(
        "layers: [{people: [ada@example.com], start: 2026-01-05, rotation: daily}]", "alone"
    )
    with stage.work() as work, pytest.raises(UnusableNote, match="nobody takes over within 92"):
        leave(work, "acme", "alone", "for whom?")
    with stage.work() as work, pytest.raises(NoSuchSchedule):
        leave(work, "acme", "none", "for whom?")
    with stage.look() as work, pytest.raises(NoSuchHandoff, match="nobody left a note"):
        looking.latest(work, "acme", "alone")
    with stage.work() as work, pytest.raises(NoSuchHandoff, match="has no hand-off x"):
        take_over(work, "acme", "primary", "x")


def trouble(stage: Stage) -> None:
    """A page, an incident, and silences that end in bob's shift and after it."""
    with stage.work() as work:
        policies.apply(work, "acme", "incidents", POLICY)
        what = What(title="Disk 3 is slow", severity="SEV-1")
        opening.page(work, "acme", "incidents", what, key="disk")
        said = Told(tenant="acme", symptom="High Latency", severity="SEV-2", tenants=("acme",))
        declare(work, said)
        for label, end in (("disk", TURN + DAY), ("net", NEXT + DAY)):
            wanted = Wanted(matchers=parse(f"{{part={label}}}"), ends_at=end, comment=f"on {label}")
            silences.silence(work, "acme", wanted)


def kinds(stage: Stage, actor: Actor) -> tuple[list[str], tuple[str, ...]]:
    with stage.look(actor) as work:
        found = seen(work, looking.latest(work, "acme", "primary"))
    return [one.kind for one in found.listed], found.unseen


def test_what_is_open_is_listed_as_far_as_one_may_see_and_kept_when_it_is_taken_over(
    stage: Stage,
) -> None:
    trouble(stage)
    bob = stage.actor("bob", *SEES)
    one = left(stage, stage.actor("ada"))
    everything = ["page", "incident", "silence"]
    assert kinds(stage, bob) == (everything, ())
    blind = stage.actor("ada", "oncall:read", "pages:read")
    assert kinds(stage, blind) == (["page"], ("incident", "silence"))
    stage.now = TURN
    assert one.found is None
    done = taken(stage, bob, one)
    assert done.found is not None
    titles = {each.kind: each.title for each in done.found.listed}
    assert titles["silence"] == 'part="disk"'  # the other ends after bob's shift
    stage.now = TURN + 2 * DAY  # the silence is over: the history says what was
    assert kinds(stage, bob) == (everything, ())
    assert kinds(stage, blind) == (["page"], ("incident", "silence"))


def test_that_there_is_more_than_is_listed_is_said(stage: Stage) -> None:
    with stage.work() as work:
        policies.apply(work, "acme", "incidents", POLICY)
        for number in range(MOST + 1):
            what = What(title=f"Disk {number} is slow", severity="SEV-1")
            opening.page(work, "acme", "incidents", what, key=f"k{number}")
    one = left(stage, stage.actor("ada"))
    with stage.look() as work:
        found = seen(work, one)
    assert (len(found.listed), found.cut) == (MOST, True)


def test_a_schedule_that_is_gone_waits_for_nobody(stage: Stage) -> None:
    left(stage, stage.actor("ada"))
    with stage.work() as work:
        writing.delete(work, "acme", "primary")
    assert waiting(stage) == []
    assert stage.now == NOON


def test_a_note_is_mended_for_the_turn_as_the_schedule_has_it_by_then(stage: Stage) -> None:
    ada = stage.actor("ada")
    one = left(stage, ada)
    stage.override(ADA, TURN + DAY, NEXT)
    again = left(stage, ada)  # the same words, of another turn
    assert (again.id, again.text, again.version) == (one.id, one.text, 2)
    assert again.turn.span.end == TURN + DAY
    assert [kept.turn for kept in listed(stage)] == [again.turn]
    assert left(stage, ada) == again


def test_nobody_writes_over_words_that_they_have_not_seen(stage: Stage) -> None:
    ada = stage.actor("ada")

    def leaves(actor: Actor, text: str, expected: int | None) -> Handoff:
        with stage.work(actor) as work:
            return leave(work, "acme", "primary", text, expected=expected)[0]

    with pytest.raises(HandoffMoved, match="you expected version 1"):
        leaves(ada, "disk 3", 1)
    assert leaves(ada, "disk 3", 0).version == 1
    assert leaves(ROOT, "disk 3, and disk 4", 1).version == 2
    stage.pass_time(minutes=1)
    for expected in (0, 1, 3):
        told = f"by {ROOT.id} at 2026-01-07T12:00:00Z, is at version 2, not {expected}: look"
        with pytest.raises(HandoffMoved, match=told):
            leaves(ada, "disk 3 is slow", expected)
    assert [one.text for one in listed(stage)] == ["disk 3, and disk 4"]
    assert leaves(ada, "both are slow", 2).version == 3
    with pytest.raises(HandoffMoved, match="written by Ada"):
        leaves(ROOT, "none is", 2)
    assert leaves(ROOT, "none is", None).version == 4
    stage.now = TURN
    taken(stage, stage.actor("bob"), listed(stage)[0])
    with pytest.raises(HandoffMoved, match="taken over at"):
        leaves(ada, "too late", 1)


def test_people_are_looked_up_once_for_all_notes_of_a_tenant(stage: Stage) -> None:
    for week in range(3):
        stage.now = NOON + week * 7 * DAY
        left(stage, ROOT, f"week {week}")
    asked: list[str] = []

    def note(_db: object, _cursor: object, statement: str, *_: object) -> None:
        asked.append(statement)

    with stage.look() as work:
        notes = looking.history(work, "acme", "primary")
        event.listen(stage.engine, "before_cursor_execute", note)
        who = looking.whom(work, notes)
        event.remove(stage.engine, "before_cursor_execute", note)
        assert {one.name for one in (who["acme"].of(ADA), who["acme"].of(BOB))} == {"Ada", "Bob"}
    assert len(notes) == 3
    assert sum("access_principal" in one for one in asked) == 1, asked


def test_of_the_platforms_schedule_only_a_right_there_sees_all_that_is_open(stage: Stage) -> None:
    trouble(stage)
    with stage.work() as work:
        writing.apply(work, PLATFORM, "primary", PRIMARY)
        leave(work, PLATFORM, "primary", "all is well")

    def sees(*rights: tuple[str, str]) -> tuple[list[str], tuple[str, ...]]:
        actor = Actor("p-1", frozenset({("oncall:read", PLATFORM), *rights}))
        with stage.look(actor) as work:
            found = seen(work, looking.latest(work, PLATFORM, "primary"))
        return [one.kind for one in found.listed], found.unseen

    every = ("page", "incident", "silence")
    assert sees() == ([], every)
    assert sees(("pages:read", "acme")) == (["page"], every), "there may be others elsewhere"
    assert sees(("pages:read", "*"), ("incidents:read", "acme")) == (
        ["page", "incident"],
        ("incident", "silence"),
    )
