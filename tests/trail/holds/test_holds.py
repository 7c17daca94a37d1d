"""Legal holds: placed by one, released by two, every version kept."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.kernel.work import MissingPermission, begin, read
from quarterdeck.trail.holds import service as holds
from quarterdeck.trail.holds.model import (
    Covers,
    Held,
    HoldInvalid,
    HoldNotFound,
    HoldReleased,
    Scope,
    SecondPersonNeeded,
    State,
)
from quarterdeck.trail.policy.model import Kind
from trail.installation import Installation
from trail.keeping import CARLA, CONRAD, Kept, person

TIMES = st.integers(min_value=0, max_value=2**50)
ONE = Held(at=5, actor="user:u1", resource="order:o1", subjects=frozenset({"user:s1"}))


@pytest.fixture
def kept(installation: Installation) -> Iterator[Kept]:
    opened = Kept(installation)
    yield opened
    opened.logs.close()


def test_a_release_needs_a_second_person(kept: Kept) -> None:
    hold = kept.place("subject", "user:u1")
    assert kept.release(hold.id, CARLA).state is State.RELEASE_ASKED
    with pytest.raises(SecondPersonNeeded):
        kept.release(hold.id, CARLA)
    assert kept.release(hold.id, CONRAD).state is State.RELEASED
    with pytest.raises(HoldReleased):
        kept.release(hold.id, CONRAD)


def test_a_hold_stands_while_its_release_is_only_asked_for(kept: Kept) -> None:
    hold = kept.place()
    kept.release(hold.id, CARLA)
    with read(kept.engine, CARLA, kept.installation.clock) as work:
        assert [one.id for one in holds.standing(work.db, "acme")] == [hold.id]


def test_policy_may_let_one_person_release(kept: Kept) -> None:
    kept.set(Kind.APPROVALS, hold_release=False)
    hold = kept.place()
    assert kept.release(hold.id, CARLA).state is State.RELEASED


def test_a_release_that_was_asked_for_can_be_declined(kept: Kept) -> None:
    hold = kept.place()
    kept.release(hold.id, CARLA)
    with begin(kept.engine, CONRAD, kept.installation.clock) as work:
        assert holds.keep(work, hold.id, "the lawsuit goes on").state is State.PLACED


def test_every_version_of_a_hold_is_kept(kept: Kept) -> None:
    hold = kept.place()
    kept.release(hold.id, CARLA)
    kept.release(hold.id, CONRAD)
    with read(kept.engine, CARLA, kept.installation.clock) as work:
        versions = holds.history(work, hold.id)
        assert [one.id for one in holds.holds(work)] == [hold.id]
    assert [(one.version, one.by) for one in versions] == [
        (3, "conrad"),
        (2, "carla"),
        (1, "carla"),
    ]


def test_who_may_not_place_a_hold_is_refused(kept: Kept) -> None:
    nobody = person("nora", "holds:read")
    with (
        begin(kept.engine, nobody, kept.installation.clock) as work,
        pytest.raises(MissingPermission),
    ):
        holds.place(work, "acme", Scope(covers=Covers.TENANT), "mine")


def test_a_hold_of_another_tenant_is_not_there(kept: Kept) -> None:
    hold = kept.place()
    stranger = person("otto").__class__(
        "otto", frozenset({("holds:read", "zeta"), ("holds:release", "zeta")})
    )
    with begin(kept.engine, stranger, kept.installation.clock) as work, pytest.raises(HoldNotFound):
        holds.release(work, hold.id, "mine")


def test_each_change_leaves_a_record_without_the_name_of_whom_it_is_about(kept: Kept) -> None:
    hold = kept.place("subject", "user:u1")
    kept.release(hold.id, CARLA)
    kept.release(hold.id, CONRAD)
    kept.installation.deliver()
    size = kept.installation.reader.size("acme")
    entries = kept.installation.reader.entries("acme", 0, size)
    said = [e for e in entries if b'"action":"holds:' in e]
    assert [e.split(b'"action":"')[1].split(b'"')[0] for e in said] == [
        b"holds:place",
        b"holds:ask",
        b"holds:release",
    ]
    assert not any(b"user:u1" in e for e in said)


@pytest.mark.parametrize(
    ("covers", "value"),
    [
        ("subject", ""),
        ("tenant", "x"),
        ("actor", "nameless"),
        ("range", ""),
        ("subject", "x" * 401),
    ],
)
def test_a_scope_that_is_not_clear_is_refused(covers: str, value: str) -> None:
    with pytest.raises(HoldInvalid):
        Scope(covers=Covers(covers), value=value)


@pytest.mark.parametrize(
    "scope",
    [
        Scope(covers=Covers.TENANT),
        Scope(covers=Covers.SUBJECT, value="user:s1"),
        Scope(covers=Covers.SUBJECT, value="user:u1"),
        Scope(covers=Covers.ACTOR, value="user:u1"),
        Scope(covers=Covers.RESOURCE, value="order:o1"),
        Scope(covers=Covers.RANGE, since=5, until=6),
    ],
)
def test_a_hold_keeps_what_it_covers(scope: Scope) -> None:
    assert scope.keeps(ONE)


@given(since=TIMES, length=st.integers(1, 1000), at=TIMES)
def test_a_range_keeps_exactly_what_lies_in_it(since: int, length: int, at: int) -> None:
    scope = Scope(covers=Covers.RANGE, since=since, until=since + length)
    one = Held(at=at, actor="user:u1", resource="order:o1")
    assert scope.keeps(one) == (at in range(since, since + length))


def test_what_a_person_holds_in_part_in_its_name_is_not_what_an_incident_holds(kept: Kept) -> None:
    with begin(kept.engine, CARLA, kept.installation.clock) as work:
        one = Scope(covers=Covers.SUBJECT, value="user:u1")
        holds.place(work, "acme", one, "INC-2026-000001: a lawsuit")
        for title in ("Records are gone", "All records are gone"):
            holds.preserve(work, "acme", "INC-2026-000001", title, "ada")
        holds.preserve(work, "acme", "INC-2026-000002", "Records are gone", "ada")
        scopes = [str(one.scope.covers) for one in holds.standing(work.db, "acme")]
    assert sorted(scopes) == ["subject", "tenant", "tenant"]
