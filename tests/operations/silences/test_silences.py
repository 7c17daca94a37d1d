"""Silences, on each database."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from quarterdeck.kernel import outbox
from quarterdeck.kernel.work import Actor, MissingPermission, TenantNotFound, Work, begin
from quarterdeck.operations.silences import service
from quarterdeck.operations.silences.matchers import parse
from quarterdeck.operations.silences.model import (
    Silence,
    SilenceExpired,
    SilenceInvalid,
    SilenceNotFound,
    SilenceState,
    Wanted,
)

SRE = Actor("sre-1", frozenset({("alerts:silence", "acme"), ("alerts:read", "acme")}))
EVE = Actor("eve", frozenset({("alerts:silence", "other"), ("alerts:read", "other")}))
HOUR = timedelta(hours=1)


@dataclass
class Watch:
    """Silences, and a clock that is moved by hand."""

    engine: Engine
    now: datetime = field(default_factory=lambda: datetime(2026, 2, 28, 12, tzinfo=UTC))

    def work(self, actor: Actor = SRE) -> AbstractContextManager[Work]:
        return begin(self.engine, actor, lambda: self.now)

    def silence(self, matchers: str = "a=b", **more: object) -> Silence:
        asked = {"ends_at": self.now + HOUR, "comment": "at work"} | more
        with self.work() as work:
            wanted = Wanted(matchers=parse(matchers), **asked)  # type: ignore[arg-type]
            return service.silence(work, "acme", wanted)

    def states(self) -> dict[str, SilenceState]:
        with self.work() as work:
            return {one.id: one.state(self.now) for one in service.listed(work)}


@pytest.fixture
def watch(engine: Engine) -> Watch:
    return Watch(engine)


def test_a_silence_holds_from_its_beginning_until_before_its_end(watch: Watch) -> None:
    made = watch.silence(starts_at=watch.now + HOUR, ends_at=watch.now + 2 * HOUR)
    found = []
    for _ in range(3):
        with watch.work() as work:
            holds = [one.id for one in service.holding(work, "acme")]
        found.append((watch.states()[made.id].value, holds == [made.id]))
        watch.now += HOUR
    assert found == [("pending", False), ("active", True), ("expired", False)]


def test_what_can_be_changed_is_changed_in_place(watch: Watch) -> None:
    made = watch.silence()
    watch.now += timedelta(minutes=5)
    longer = watch.silence(id=made.id, starts_at=made.starts_at, ends_at=watch.now + 5 * HOUR)
    assert longer.id == made.id
    assert len(watch.states()) == 1
    with watch.work() as work:
        kept = service.of_id(work, made.id)
    assert (kept.starts_at, kept.ends_at) == (made.starts_at, watch.now + 5 * HOUR)


@pytest.mark.parametrize("change", ["matchers", "starts_at"])
def test_what_cannot_be_changed_ends_and_a_new_one_begins(watch: Watch, change: str) -> None:
    made = watch.silence()
    watch.now += timedelta(minutes=5)
    if change == "matchers":
        other = watch.silence("a=c", id=made.id, starts_at=made.starts_at)
    else:
        other = watch.silence(id=made.id)
    assert other.id != made.id
    assert watch.states() == {made.id: SilenceState.EXPIRED, other.id: SilenceState.ACTIVE}


def test_a_change_of_one_to_come_is_told_as_it_is_kept(watch: Watch) -> None:
    begins, ends = watch.now + HOUR, watch.now + 2 * HOUR
    made = watch.silence(starts_at=begins, ends_at=ends)
    later = watch.silence(id=made.id, starts_at=begins + HOUR, ends_at=ends + HOUR)
    with watch.work() as work:
        kept = service.of_id(work, made.id)
    assert later == kept
    assert (kept.starts_at, kept.state(watch.now)) == (begins + HOUR, SilenceState.PENDING)
    now = watch.silence(id=made.id, ends_at=ends)  # that it begins later is not said any more
    with watch.work() as work:
        assert service.of_id(work, made.id) == now
    assert watch.states() == {made.id: SilenceState.ACTIVE}


def test_they_are_listed_by_where_they_are(watch: Watch) -> None:
    over, held = watch.silence("a=over"), watch.silence("a=held")
    to_come = watch.silence("a=to-come", starts_at=watch.now + HOUR, ends_at=watch.now + 2 * HOUR)
    with watch.work() as work:
        service.expire(work, over.id)
    found = {}
    for state in SilenceState:
        with watch.work() as work:
            found[state.value] = [one.id for one in service.listed(work, "acme", [state])]
    assert found == {"active": [held.id], "pending": [to_come.id], "expired": [over.id]}


def test_an_ended_one_is_not_ended_again(watch: Watch) -> None:
    made = watch.silence()
    with watch.work() as work:
        assert service.expire(work, made.id).ends_at == watch.now
    with watch.work() as work, pytest.raises(SilenceExpired):
        service.expire(work, made.id)
    again = watch.silence(id=made.id)
    assert again.id != made.id


def test_one_that_never_began_is_over_when_it_is_expired(watch: Watch) -> None:
    made = watch.silence(starts_at=watch.now + HOUR, ends_at=watch.now + 2 * HOUR)
    with watch.work() as work:
        over = service.expire(work, made.id)
    assert (over.starts_at, over.ends_at) == (watch.now, watch.now)


@pytest.mark.parametrize(
    ("matchers", "more", "why"),
    [
        ("a=~.*", {}, "must not match the empty string"),
        ("a!=b", {}, "must not match the empty string"),
        ("a=b", {"ends_at": datetime(2026, 2, 28, 11, tzinfo=UTC)}, "before end time"),
        (
            "a=b",
            {
                "starts_at": datetime(2026, 2, 28, 10, tzinfo=UTC),
                "ends_at": datetime(2026, 2, 28, 11, tzinfo=UTC),
            },
            "end time can't be in the past",
        ),
        ("a=b", {"comment": "x" * 5000}, "a comment has at most"),
    ],
)
def test_what_is_no_silence_is_refused(
    watch: Watch, matchers: str, more: dict[str, object], why: str
) -> None:
    with pytest.raises(SilenceInvalid, match=why):
        watch.silence(matchers, **more)
    assert watch.states() == {}


def test_there_are_not_too_many(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "MOST_LIVE", 2)
    first = watch.silence()
    watch.silence()
    with pytest.raises(SilenceInvalid, match="at most 2"):
        watch.silence()
    with watch.work() as work:
        service.expire(work, first.id)
    watch.silence()


def test_anothers_silence_is_neither_seen_nor_changed(watch: Watch) -> None:
    made = watch.silence()
    mine = Wanted(id=made.id, matchers=made.matchers, ends_at=made.ends_at + HOUR, comment="mine")
    acts: list[Callable[[Work], object]] = [
        lambda work: service.expire(work, made.id),
        lambda work: service.of_id(work, made.id),
        lambda work: service.silence(work, "other", mine),
    ]
    for act in acts:
        with watch.work(EVE) as work, pytest.raises(SilenceNotFound):
            act(work)
    with watch.work(EVE) as work, pytest.raises(TenantNotFound):
        service.silence(work, "acme", Wanted(matchers=(), ends_at=made.ends_at, comment=""))
    reader = replace(SRE, grants=frozenset({("alerts:read", "acme")}))
    with watch.work(reader) as work, pytest.raises(MissingPermission):
        service.expire(work, made.id)


def test_every_silence_is_told(watch: Watch) -> None:
    made = watch.silence()
    with watch.work() as work:
        service.expire(work, made.id)
    with watch.engine.connect() as db:
        facts = outbox.after(db, "acme", 0, 10)
    assert [f.name for f in facts] == ["SilenceSet", "SilenceEnded"]
    assert facts[0].payload["matchers"] == ['a="b"']
