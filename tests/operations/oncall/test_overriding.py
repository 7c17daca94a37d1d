"""Shifts change hands: overrides, and swaps that one asks for and the other accepts."""

from datetime import datetime, timedelta

import pytest

from operations.oncall.stage import DAY, NOON, ROOT, Stage
from quarterdeck.access.principals import service as principals
from quarterdeck.kernel.work import Actor, MissingPermission
from quarterdeck.operations.oncall.model.faults import (
    NoSuchSchedule,
    NotYourShift,
    ScheduleChanged,
    SwapMoved,
    UnusableSchedule,
)
from quarterdeck.operations.oncall.model.hours import Span
from quarterdeck.operations.oncall.model.schedule import Override, Swap, SwapState
from quarterdeck.operations.oncall.model.shifts import on_call
from quarterdeck.operations.oncall.model.version import Kept
from quarterdeck.operations.oncall.service import looking, overriding, writing

ADA, BOB = "ada@example.com", "bob@example.com"
HOUR = timedelta(hours=1)


def kept(stage: Stage) -> Kept:
    with stage.look() as work:
        return looking.one(work, "acme", "primary")


def holder(stage: Stage, at: datetime) -> str:
    return on_call(kept(stage).schedule, at).person


def ask(stage: Stage, actor: Actor, **more: object) -> Kept:
    said = {
        "person": ADA,
        "gives": Span(NOON + DAY, NOON + 2 * DAY),
        "other": BOB,
        "takes": Span(NOON + 7 * DAY, NOON + 8 * DAY),
    }
    wanted = Swap(id="", **{**said, **more})  # type: ignore[arg-type]
    with stage.work(actor) as work:
        return overriding.ask(work, "acme", "primary", wanted)


def answer(stage: Stage, actor: Actor, swap: str, *, accept: bool = True) -> Kept:
    with stage.work(actor) as work:
        return overriding.answer(work, "acme", "primary", swap, accept=accept)


def test_an_override_is_put_over_a_span_and_taken_away(stage: Stage) -> None:
    stage.apply()
    [put] = stage.override(BOB, NOON, NOON + DAY).schedule.overrides
    assert [holder(stage, at) for at in (NOON, NOON + DAY)] == [BOB, ADA]
    assert (put.by, bool(put.id)) == (ROOT.id, True)
    stage.override(ADA, NOON + HOUR, NOON + 2 * HOUR)  # a later one lies over it
    assert [holder(stage, NOON + n * HOUR) for n in range(3)] == [BOB, ADA, BOB]
    with stage.work() as work:
        overriding.restore(work, "acme", "primary", put.id)
        with pytest.raises(NoSuchSchedule, match="no override"):
            overriding.restore(work, "acme", "primary", put.id)
    assert holder(stage, NOON) == ADA
    with stage.work() as work:  # an earlier version has its overrides again
        writing.put_back(work, "acme", "primary", 2)
    assert holder(stage, NOON) == BOB
    assert stage.facts()[1:4] == ["OncallOverridden", "OncallOverridden", "OncallOverrideRemoved"]


def test_people_hand_over_their_own_shifts_and_no_others(stage: Stage) -> None:
    stage.apply()
    ada, bob = stage.actor("ada"), stage.actor("bob")
    [put] = stage.override(BOB, NOON, NOON + DAY, ada).schedule.overrides
    with pytest.raises(NotYourShift, match="only your own shifts"):
        stage.override(ADA, NOON, NOON + HOUR, ada)  # bob's by now
    with pytest.raises(NotYourShift):
        stage.override(BOB, NOON + DAY, NOON + 6 * DAY, ada)  # partly bob's
    with pytest.raises(NotYourShift), stage.work(bob) as work:
        overriding.restore(work, "acme", "primary", put.id)
    with stage.work(ada) as work:
        overriding.restore(work, "acme", "primary", put.id)
    with pytest.raises(MissingPermission):
        stage.override(BOB, NOON, NOON + DAY, stage.actor("ada", "oncall:read"))


def test_what_cannot_be_an_override_is_refused(stage: Stage) -> None:
    stage.apply()
    with pytest.raises(UnusableSchedule, match="now or later"):
        stage.override(BOB, NOON - HOUR, NOON + HOUR)
    with pytest.raises(UnusableSchedule, match="ends after it starts"):
        stage.override(BOB, NOON, NOON)
    with pytest.raises(UnusableSchedule, match="to 2199"):
        stage.override(BOB, NOON, NOON.replace(year=9999))
    with pytest.raises(UnusableSchedule, match="nobody knows zoe"):
        stage.override("zoe@example.com", NOON, NOON + HOUR)
    with stage.work() as work:
        principals.disable(work, stage.people["bob"].id)
    with pytest.raises(UnusableSchedule, match="was shut out"):
        stage.override(BOB, NOON, NOON + HOUR)
    wanted = Override(id="", person=ADA, span=Span(NOON, NOON + HOUR))
    with pytest.raises(ScheduleChanged, match="is at version 1"), stage.work() as work:
        overriding.override(work, "acme", "primary", wanted, expected=7)
    assert kept(stage).version == 1


def test_a_swap_that_is_accepted_exchanges_both_spans(stage: Stage) -> None:
    stage.apply()
    [asked] = ask(stage, stage.actor("ada")).schedule.swaps
    assert holder(stage, NOON + DAY) == ADA  # nothing changed yet
    with pytest.raises(NotYourShift, match="asked of bob"):
        answer(stage, stage.actor("ada"), asked.id)
    done = answer(stage, stage.actor("bob"), asked.id).schedule
    assert [one.state for one in done.swaps] == [SwapState.ACCEPTED]
    for start, person in ((NOON + DAY, BOB), (NOON + 7 * DAY, ADA)):
        assert holder(stage, start) == person
        assert holder(stage, start + DAY - timedelta(microseconds=1)) == person
    assert [holder(stage, NOON + n * DAY) for n in (2, 8)] == [ADA, BOB]
    for half in done.overrides:
        with (
            pytest.raises(NotYourShift, match="half of a swap"),
            stage.work(stage.actor("bob")) as w,
        ):
            overriding.restore(w, "acme", "primary", half.id)
    with pytest.raises(SwapMoved, match="accepted before"):
        answer(stage, stage.actor("bob"), asked.id, accept=False)
    assert stage.facts()[1:] == ["OncallSwapAsked", "OncallSwapAnswered"]


def test_a_swap_is_refused_or_withdrawn(stage: Stage) -> None:
    stage.apply()
    for who in ("bob", "ada"):
        asked = ask(stage, stage.actor("ada")).schedule.swaps[-1]
        swaps = answer(stage, stage.actor(who), asked.id, accept=False).schedule.swaps
        assert swaps[-1].state is SwapState.REFUSED
    assert kept(stage).schedule.overrides == ()
    with pytest.raises(NoSuchSchedule, match="no swap"):
        answer(stage, ROOT, "none")


def test_a_swap_is_of_spans_that_both_have_when_it_is_accepted_too(stage: Stage) -> None:
    stage.apply()
    with pytest.raises(UnusableSchedule, match=r"bob@.* does not have all"):
        ask(stage, ROOT, takes=Span(NOON + 2 * DAY, NOON + 3 * DAY))
    with pytest.raises(UnusableSchedule, match="now or later"):
        ask(stage, ROOT, gives=Span(NOON - DAY, NOON))
    with pytest.raises(UnusableSchedule, match="nobody swaps with themselves"):
        ask(stage, ROOT, other=ADA)
    with pytest.raises(NotYourShift, match="of your own"):
        ask(stage, stage.actor("bob"))
    [asked] = ask(stage, stage.actor("ada")).schedule.swaps
    stage.override(BOB, NOON + DAY, NOON + 1.5 * DAY)
    with pytest.raises(SwapMoved, match="ask anew"):
        answer(stage, stage.actor("bob"), asked.id)
