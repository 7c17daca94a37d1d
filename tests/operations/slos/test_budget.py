"""The arithmetic of error budgets is exact, and never better than what is known."""

from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.operations.slos.model.budget import Tally, allowed, budget, lost
from quarterdeck.operations.slos.model.burn import STANDARD, BurnState, burn, least_events, rules
from quarterdeck.operations.slos.model.openslo import Budgeting, Objective, UnusableSlo
from quarterdeck.operations.slos.model.policy import (
    STEPS,
    Demand,
    Step,
    reached,
    steps_of,
    written,
)
from quarterdeck.operations.slos.model.spans import Window, span

MINUTE = timedelta(minutes=1)
TIMED = (Budgeting.TIMESLICES, Budgeting.RATIO_TIMESLICES)
MONTH = 30 * 24 * 60


@st.composite
def tallies(draw: st.DrawFn) -> Tally:
    elapsed = draw(st.integers(1, 5000))
    known = draw(st.integers(0, elapsed))
    met = draw(st.integers(0, known))
    total = draw(st.integers(0, 10**9)) if known else 0
    shares = Fraction(draw(st.integers(met * 100, known * 100)), 100)
    return Tally(
        expected=elapsed + draw(st.integers(0, 5000)),
        elapsed=elapsed,
        known=known,
        met=met,
        good=Fraction(draw(st.integers(0, total))),
        total=Fraction(total),
        shares=shares,
    )


targets = st.integers(1, 10**11 - 1).map(lambda n: Decimal(n).scaleb(-11))
methods = st.sampled_from(Budgeting)


@given(tallies(), targets, methods)
def test_what_is_consumed_and_what_is_left_are_the_budget(
    tally: Tally, target: Decimal, method: Budgeting
) -> None:
    found = budget(target, method, tally, MINUTE)
    assert found.minutes == (1 - Fraction(target)) * tally.expected
    if found.share is None or found.consumed is None or found.left is None:
        assert found.share is found.consumed is found.left is None
        return
    assert found.consumed + found.left == found.minutes
    assert found.share * found.minutes == found.consumed
    assert 0 <= found.consumed <= tally.expected
    assert (found.share >= 1) is (found.left <= 0)


@given(tallies(), targets, methods)
def test_of_what_nobody_knows_nothing_is_said(
    tally: Tally, target: Decimal, method: Budgeting
) -> None:
    nothing = Tally(expected=tally.expected, elapsed=tally.elapsed)
    found = budget(target, method, nothing, MINUTE)
    assert found.share is None
    assert found.attained is None
    assert found.coverage == 0


@given(tallies(), targets)
def test_what_is_not_known_spends_nothing_of_time(tally: Tally, target: Decimal) -> None:
    """What is consumed stays what it was when slices are forgotten that were good."""
    good = tally.met
    fewer = Tally(expected=tally.expected, elapsed=tally.elapsed, known=tally.known - good, met=0)
    if fewer.known:
        before = budget(target, Budgeting.TIMESLICES, tally, MINUTE).consumed
        assert budget(target, Budgeting.TIMESLICES, fewer, MINUTE).consumed == before


@given(st.integers(0, MONTH))
def test_bad_minutes_of_a_month_are_consumed_one_by_one(bad: int) -> None:
    tally = Tally(expected=MONTH, elapsed=MONTH, known=MONTH, met=MONTH - bad)
    found = budget(Decimal("0.999"), Budgeting.TIMESLICES, tally, MINUTE)
    assert found.minutes == Fraction("43.2")
    assert found.consumed == bad
    assert found.attained == 1 - Fraction(bad, MONTH)


def test_the_specifications_own_numbers_come_out() -> None:
    """The README beside OpenSLO's examples: two weeks, 95 %, 99 % good but for an attack at 1 %."""
    slices, target = 14 * 24 * 60, Decimal("0.95")
    attacked = 16 * 60 + 48
    tally = Tally(expected=slices, elapsed=slices, known=slices, met=slices - attacked)
    assert budget(target, Budgeting.TIMESLICES, tally, MINUTE).share == 1
    attacked = 13 * 60 + 45
    shares = (slices - attacked) * Fraction("0.99") + attacked * Fraction("0.01")
    tally = Tally(expected=slices, elapsed=slices, known=slices, shares=shares)
    share = budget(target, Budgeting.RATIO_TIMESLICES, tally, MINUTE).share
    assert share is not None
    assert abs(share - 1) < Fraction(1, 100)
    week = Tally(expected=7 * 24 * 60, elapsed=1)
    minutes = budget(Decimal("0.9995"), Budgeting.TIMESLICES, week, MINUTE).minutes
    assert minutes * 60 == 5 * 60 + Fraction("2.4")


@pytest.mark.parametrize(
    ("bad_s", "demands"),
    [
        (4.31 * 60, set()),
        (4.32 * 60, {Demand.FEATURES}),
        (10.8 * 60, {Demand.FEATURES, Demand.EMERGENCY}),
        (21.6 * 60, {Demand.FEATURES, Demand.EMERGENCY, Demand.INCIDENT}),
        (43.2 * 60, set(Demand)),
    ],
)
@pytest.mark.census("ATP-196", "ATP-197", "ATP-198", "ATP-199", "ATP-200")
def test_the_steps_of_the_policy_are_reached_exactly(bad_s: float, demands: set[Demand]) -> None:
    month_s = MONTH * 60
    share = Fraction(round(bad_s * 10), month_s * 10) / allowed(Decimal("0.999"))
    assert reached(share) == demands


@given(st.fractions(0, 3))
def test_a_step_holds_whenever_a_higher_one_does(share: Fraction) -> None:
    percents = [one.percent for one in STEPS if one.demand in reached(share)]
    assert percents == [one.percent for one in STEPS][: len(percents)]


POLICIES = st.lists(
    st.tuples(st.sampled_from(list(Demand)), st.integers(1, 100)),
    unique_by=(lambda one: one[0], lambda one: one[1]),
)


@given(said=POLICIES, share=st.fractions(0, 2))
def test_a_policy_of_its_own_is_read_as_it_was_written(
    said: list[tuple[Demand, int]], share: Fraction
) -> None:
    ascending = sorted(said, key=lambda one: one[1])
    steps = steps_of(written([Step(percent=n, demand=one, words="") for one, n in ascending]))
    assert [(one.demand, one.percent) for one in steps] == ascending
    assert reached(share, steps) == {one for one, n in ascending if share >= Fraction(n, 100)}


def test_the_usual_policy_can_be_written() -> None:
    assert steps_of("features 10, emergency 25, incident 50, postmortem 100") == STEPS


@pytest.mark.parametrize(
    "said",
    [
        "",
        "features",
        "features 0",
        "features 101",
        "rest 5",
        "features 1, features 2",
        "incident 50, features 10",
        "features 10, emergency 10",
    ],
)
def test_what_is_no_policy_is_refused(said: str) -> None:
    with pytest.raises(UnusableSlo, match="budget policy"):
        steps_of(said)


def whole(minutes: int, bad: int, *, known: int | None = None) -> Tally:
    seen = minutes if known is None else known
    good, total = Fraction(1000 * (seen - bad)), Fraction(1000 * seen)
    return Tally(
        expected=minutes,
        elapsed=minutes,
        known=seen,
        met=seen - bad,
        good=good,
        total=total,
        shares=Fraction(seen - bad),
    )


OBJECTIVE = Objective(target=Decimal("0.999"))


@pytest.mark.parametrize("rule", STANDARD, ids=lambda rule: rule.name)
@pytest.mark.parametrize("method", Budgeting)
def test_a_rate_that_lasts_burns_and_one_that_is_over_does_not(
    rule: object, method: Budgeting
) -> None:
    [one] = [each for each in STANDARD if each == rule]
    long, short = one.long // MINUTE, one.short // MINUTE
    limit = one.rate * allowed(OBJECTIVE.target)
    bad = int(limit * long) + 1
    hot, hot_short = whole(long, bad), whole(short, int(limit * short) + 1)
    least = least_events(one.rate, allowed(OBJECTIVE.target))
    assert burn(one, OBJECTIVE, method, [hot, hot_short], least).state is BurnState.BURNING
    assert burn(one, OBJECTIVE, method, [hot, whole(short, 0)], least).state is BurnState.QUIET
    quiet = [whole(long, bad - 1), hot_short]
    assert burn(one, OBJECTIVE, method, quiet, least).state is BurnState.QUIET
    assert burn(one, OBJECTIVE, method, [hot, hot_short], 10**9).state is BurnState.LITTLE


@given(st.integers(0, 29), st.sampled_from(TIMED))
def test_half_of_a_window_must_be_known_to_say_that_it_is_quiet(
    known: int, method: Budgeting
) -> None:
    [tenth, *_] = rules(Window(span=span("30d")), MINUTE)
    seen = whole(60, 0, known=known)
    assert burn(tenth, OBJECTIVE, method, [seen, seen], 0).state is BurnState.UNKNOWN


@given(tallies(), methods)
def test_a_part_lies_between_nothing_and_all(tally: Tally, method: Budgeting) -> None:
    part = lost(tally, method)
    assert part is None or 0 <= part <= 1


@pytest.mark.census("ATP-190")
def test_the_runbooks_own_rule_is_a_tenth_of_the_budget_in_an_hour() -> None:
    [tenth, *others] = rules(Window(span=span("30d")), MINUTE)
    assert tenth.rate == 72
    assert tenth.long == timedelta(hours=1)
    assert [(one.name, float(one.rate)) for one in others] == [
        ("1h/5m", 14.4),
        ("6h/30m", 6.0),
        ("1d/2h", 3.0),
        ("3d/6h", 1.0),
    ]
    five, four = whole(60, 5), whole(60, 4)
    method = Budgeting.TIMESLICES
    assert burn(tenth, OBJECTIVE, method, [five, five], 0).state is BurnState.BURNING
    assert burn(tenth, OBJECTIVE, method, [four, four], 0).state is BurnState.QUIET


def test_where_nothing_may_fail_anything_that_fails_is_the_whole_budget() -> None:
    never = Objective(target=Decimal(1))
    fine, broken = whole(60, 0), whole(60, 1)
    assert budget(never.target, Budgeting.OCCURRENCES, fine, MINUTE).share == 0
    assert budget(never.target, Budgeting.OCCURRENCES, broken, MINUTE).share == 1
    for rule in rules(Window(span=span("30d")), MINUTE):
        found = burn(rule, never, Budgeting.OCCURRENCES, [broken, broken], 1)
        assert (found.state, found.long) == (BurnState.BURNING, None)
