from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.governance.programmes.model import (
    Evidence,
    Judgement,
    Phase,
    Programme,
    Reading,
    Requirement,
    State,
    UnusableEvidence,
    UnusableProgramme,
    by_evidence,
    judged,
    standing,
)
from quarterdeck.kernel.ids import TenantId

NOW = datetime(2026, 1, 2, 12, tzinfo=UTC)
ACME = TenantId("acme")
STATES = st.sampled_from(State)


def programme(weights: list[tuple[int, int]]) -> Programme:
    """Phases and requirements: each pair is a phase's weight and its one requirement's."""
    return Programme(
        name="p",
        title="P",
        deadline=date(2026, 2, 1),
        phases=tuple(
            Phase(id=f"phase-{n}", title="", weight=phase) for n, (phase, _) in enumerate(weights)
        ),
        requirements=tuple(
            Requirement(id=f"r-{n}", title="", phase=f"phase-{n}", weight=weight)
            for n, (_, weight) in enumerate(weights)
        ),
    )


def found(of: Programme, states: list[State]) -> dict[str, Judgement]:
    return {
        r.id: Judgement(requirement=r, state=state, reason="", at=NOW)
        for r, state in zip(of.requirements, states, strict=True)
    }


PARTS = st.lists(
    st.tuples(st.integers(1, 1000), st.integers(1, 1000), STATES), min_size=1, max_size=8
)


@given(PARTS)
def test_maturity_lies_between_what_is_met_and_what_may_be(
    parts: list[tuple[int, int, State]],
) -> None:
    of = programme([(phase, weight) for phase, weight, _ in parts])
    whole = standing(of, ACME, found(of, [s for *_, s in parts]), NOW).maturity
    assert whole.percent is not None
    assert whole.at_most_percent is not None
    assert 0 <= whole.percent <= whole.at_most_percent <= 100
    assert (whole.percent == 100) == all(s is State.MET for *_, s in parts)
    known = all(s is not State.NOT_KNOWN for *_, s in parts)
    assert not known or whole.percent == whole.at_most_percent


@given(PARTS, st.data())
def test_meeting_one_more_never_lowers_it(
    parts: list[tuple[int, int, State]], data: st.DataObject
) -> None:
    of = programme([(phase, weight) for phase, weight, _ in parts])
    states = [s for *_, s in parts]
    before = standing(of, ACME, found(of, states), NOW).maturity.percent
    states[data.draw(st.integers(0, len(states) - 1))] = State.MET
    after = standing(of, ACME, found(of, states), NOW).maturity.percent
    assert before is not None
    assert after is not None
    assert after >= before


def test_a_phase_weighs_what_it_is_said_to_however_much_stands_in_it() -> None:
    of = Programme(
        name="p",
        title="P",
        deadline=date(2026, 1, 1),
        phases=(
            Phase(id="a", title="", weight=3),
            Phase(id="b", title="", weight=1),
            Phase(id="empty", title="", weight=9),
        ),
        requirements=(
            Requirement(id="one", title="", phase="a"),
            *(Requirement(id=f"n{n}", title="", phase="b") for n in range(4)),
        ),
    )
    states = [State.MET, State.MET, State.UNMET, State.UNMET, State.NOT_KNOWN]
    stood = standing(of, ACME, found(of, states), NOW)
    assert [p.maturity.percent for p in stood.phases] == [100.0, 25.0, None]
    assert (stood.maturity.percent, stood.maturity.at_most_percent) == (81.2, 87.5)
    assert [j.requirement.id for j in stood.missing] == ["n1", "n2", "n3"]
    assert stood.days_left == -1


@pytest.mark.parametrize(
    ("reading", "state"),
    [
        (Reading(value=85, reason=""), "met"),
        (Reading(value=84.9, reason=""), "unmet"),
        (Reading(value=96, reason=""), "unmet"),
        (Reading(value=None, reason="403"), "not_known"),
        (Reading(value=None, reason="403", most=80), "unmet"),
        (Reading(value=None, reason="403", most=90), "not_known"),
        (Reading(value=None, reason="403", least=86, most=90), "not_known"),
    ],
)
def test_a_measure_decides_only_what_it_knows(reading: Reading, state: str) -> None:
    one = Requirement(id="r", title="", phase="p", measure="m", at_least=85, at_most=95)
    assert judged(one, reading)[0] == state


def test_what_is_not_known_decides_nothing_where_it_cannot_matter() -> None:
    one = Requirement(id="r", title="", phase="p", measure="m", at_least=85)
    undecided = "13 states were not decided"
    assert judged(one, Reading(value=None, reason=undecided, least=87.9, most=88.8)) == (
        State.MET,
        "at least 87.9: 13 states were not decided",
    )
    assert judged(one, Reading(value=None, reason=undecided, least=84.9, most=85.1))[0] == (
        State.NOT_KNOWN
    )


def said(**more: object) -> Evidence:
    fields = {"state": State.MET, "link": "https://x", "note": "", "expires": None} | more
    return Evidence(id="e", requirement="r", by="ada", at=NOW, **fields)  # type: ignore[arg-type]


def test_evidence_holds_until_its_last_day_and_no_longer() -> None:
    one = Requirement(id="r", title="", phase="p")
    given = said(expires=date(2026, 1, 2))
    assert by_evidence(one, given, date(2026, 1, 2)).state is State.MET
    assert by_evidence(one, given, date(2026, 1, 3)).state is State.NOT_KNOWN
    assert by_evidence(one, None, date(2026, 1, 3)).state is State.NOT_KNOWN


@pytest.mark.parametrize(
    "more",
    [{"link": ""}, {"link": "", "note": " "}, {"link": "javascript:x"}, {"note": "x" * 2001}],
)
def test_evidence_that_proves_nothing_is_refused(more: dict[str, object]) -> None:
    with pytest.raises(UnusableEvidence):
        said(**more)


FAULTS: list[dict[str, object]] = [
    {"name": "No id"},
    {"phases": ()},
    {"requirements": ()},
    {"phases": (Phase(id="a", title=""), Phase(id="a", title=""))},
    {"phases": (Phase(id="phase-0", title="", weight=0),)},
    {"requirements": (Requirement(id="r", title="", phase="none"),)},
    {"requirements": (Requirement(id="r", title="", phase="phase-0", at_least=1),)},
    {"requirements": (Requirement(id="r", title="", phase="phase-0", measure="m"),)},
]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_programme_that_makes_no_sense_is_refused(fault: dict[str, object]) -> None:
    with pytest.raises(UnusableProgramme):
        replace(programme([(1, 1)]), **fault)  # type: ignore[arg-type]
