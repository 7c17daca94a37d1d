"""The running check: a promise that is broken is told once, freezes, and is told when it holds."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import REGISTRY
from sqlalchemy import Connection

from quarterdeck.access.principals.model import installation as itself
from quarterdeck.events.access import TokenRevoked
from quarterdeck.kernel import outbox
from quarterdeck.kernel.clock import micros
from quarterdeck.kernel.db import reading
from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.kernel.work import ANY, Actor, TenantNotFound, Tenants, begin, read
from quarterdeck.trail.freeze import service as freezes
from quarterdeck.trail.freeze.model import Frozen
from quarterdeck.trail.log.model import Leaf, LogDamaged
from quarterdeck.trail.policy import service as policy
from quarterdeck.trail.policy.keeping import Residency, Retention
from quarterdeck.trail.policy.model import Kind
from quarterdeck.trail.retention import measuring, store
from quarterdeck.trail.retention.breaches import Mark, Promise, Rules, Scan, Tally, Verdict, judge
from quarterdeck.trail.retention.model import Purge, joined
from quarterdeck.trail.retention.service import watching
from quarterdeck.trail.retention.service.watching import ComplianceWatch
from trail.installation import NOON, Installation
from trail.keeping import CARLA, CONRAD, Kept
from trail.logs import raw, record

NOW = micros(NOON)
ROOT = itself()
HERE = {"records": "eu-north-1", "segments": "eu-north-1"}
OUTSIDE = '{"region":"us-east-1"}'
INSIDE = '{"region":"eu-north-1"}'


@pytest.fixture
def kept(installation: Installation) -> Iterator[Kept]:
    opened = Kept(installation)
    opened.installation.deliver()
    yield opened
    opened.logs.close()


def watch(kept: Kept, stores: Mapping[str, str] = HERE, budget: int = 8192) -> int:
    return ComplianceWatch(
        engine=kept.engine,
        ground=kept.ground,
        clock=kept.installation.clock,
        stores=stores,
        budget=budget,
    ).beat()


def verdicts(kept: Kept) -> dict[Promise, Verdict]:
    with read(kept.engine, CARLA, kept.installation.clock) as work:
        (found,) = watching.standing(work, "acme")
    return {one.promise: one.verdict for one in found.judged}


def words(kept: Kept, promise: Promise) -> str:
    with read(kept.engine, CARLA, kept.installation.clock) as work:
        (found,) = watching.standing(work, "acme")
    return next(one.words for one in found.judged if one.promise is promise)


def told(kept: Kept) -> list[str]:
    names = ("ComplianceViolated", "ComplianceRestored")
    with reading(kept.engine) as db:
        return [f.name for f in outbox.after(db, "acme", 0, 99) if f.name in names]


def stops(kept: Kept) -> set[str]:
    """Which doors are shut."""
    shut = set()
    with reading(kept.engine) as db:
        for name, refuse in (("export", freezes.refuse_frozen), ("purge", freezes.refuse_purge)):
            try:
                refuse(db, "acme")
            except Frozen:
                shut.add(name)
    return shut


def gauge(kept: Kept, name: str) -> float | None:
    with read(kept.engine, CARLA, kept.installation.clock) as work:
        measuring.measure(work, Tenants(frozenset({ANY})))
    return REGISTRY.get_sample_value(f"quarterdeck_compliance_{name}", {"tenant": "acme"})


def only_eu(kept: Kept, *regions: str) -> None:
    kept.set(
        Kind.RESIDENCY,
        storage=["eu-north-1", *regions],
        sources=["eu-north-1", *regions],
        regions_of={"tests": "eu-north-1"},
    )


def test_a_record_from_elsewhere_is_told_once_and_freezes_until_somebody_says_how_it_ended(
    kept: Kept,
) -> None:
    only_eu(kept)
    kept.logs.append(record(0, payload=INSIDE), record(1, payload=OUTSIDE))
    assert [watch(kept) for _ in range(3)] == [1, 0, 0]
    assert told(kept) == ["ComplianceViolated"]
    assert stops(kept) == {"export", "purge"}
    assert gauge(kept, "breaches") == 1
    only_eu(kept, "us-east-1")
    assert [watch(kept) for _ in range(2)] == [1, 0]
    assert told(kept) == ["ComplianceViolated", "ComplianceRestored"]
    assert gauge(kept, "breaches") == 0
    assert stops(kept) == {"export", "purge"}
    with begin(kept.engine, CARLA, kept.installation.clock) as work:
        freezes.unfreeze(work, "false-positive", "the policy lacked a region")
    assert stops(kept) == set()
    only_eu(kept)
    assert watch(kept) == 1  # a breach that comes again is another one
    assert told(kept)[2:] == ["ComplianceViolated"]


@pytest.mark.parametrize(
    ("stores", "verdict", "why"),
    [
        ({"records": "eu-north-1", "segments": "eu-north-1"}, Verdict.HOLDS, ""),
        ({"records": "us-east-1", "segments": "eu-north-1"}, Verdict.BROKEN, "records in us-east"),
        ({"records": "eu-north-1", "segments": "us-east-1"}, Verdict.BROKEN, "segments in us-east"),
        ({"records": "", "segments": "us-east-1"}, Verdict.BROKEN, "segments in us-east-1"),
        ({"records": "eu-north-1", "segments": ""}, Verdict.UNKNOWN, "the region of: segments"),
    ],
)
def test_each_place_where_records_stand_is_in_an_allowed_region_or_not_known(
    kept: Kept, stores: dict[str, str], verdict: Verdict, why: str
) -> None:
    kept.set(Kind.RESIDENCY, storage=["eu-north-1"])
    kept.logs.append(record(0))
    watch(kept, stores)
    assert verdicts(kept)[Promise.STORAGE] is verdict
    assert why in words(kept, Promise.STORAGE)
    assert bool(told(kept)) is (verdict is Verdict.BROKEN)
    expected = {Verdict.HOLDS: 0, Verdict.BROKEN: 1, Verdict.UNKNOWN: None}[verdict]
    assert gauge(kept, "breaches") == expected


def test_what_stands_too_long_may_be_purged_and_the_purge_mends_it(kept: Kept) -> None:
    kept.keep_days(365)
    kept.logs.append(*(record(n, received_at=NOW) for n in range(256)))
    kept.age(hours=2)
    kept.store_away()
    kept.age(days=365)
    watch(kept)
    assert verdicts(kept)[Promise.KEPT] is Verdict.HOLDS  # a day is given to purge
    kept.age(days=1)
    assert watch(kept) == 1
    assert verdicts(kept)[Promise.KEPT] is Verdict.BROKEN
    assert stops(kept) == {"export"}
    kept.purge()
    watch(kept)
    assert told(kept)[-1] == "ComplianceRestored"
    # What came last stands in no full bundle yet: no purge can remove it.
    assert verdicts(kept)[Promise.KEPT] in (Verdict.HOLDS, Verdict.WAITING)
    with begin(kept.engine, CARLA, kept.installation.clock) as work:
        ended = freezes.unfreeze(work, "confirmed", "nobody asked for the purge")
    assert not ended.evidence_held
    assert stops(kept) == set()


def test_what_a_purge_removes_while_it_is_looked_at_is_no_breach(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept.keep_days(365)
    kept.logs.append(*(record(n, received_at=NOW) for n in range(256)))
    kept.age(hours=2)
    kept.store_away()
    kept.age(days=366)
    kept.purge()
    found, asked = store.of_tenants, []

    def late(db: Connection, tenants: Tenants) -> list[Purge]:
        asked.append(tenants)
        return [] if len(asked) <= 2 else found(db, tenants)  # at first as before the purge

    monkeypatch.setattr(store, "of_tenants", late)
    watch(kept)
    assert len(asked) == 3
    assert verdicts(kept)[Promise.EARLY] is Verdict.HOLDS
    assert told(kept) == []


def test_a_purge_that_was_too_early_tells_of_its_records() -> None:
    early = [("p1", 300), ("p2", 5)]
    rules = Rules(
        retention=Retention.of({"classes": {}}), residency=Residency.of({}), stores={}, early=early
    )
    [found] = [one for one in judge(rules, Scan(tenant="acme", rules=""), 0) if one.records]
    assert (found.promise, found.verdict, found.records) == (Promise.EARLY, Verdict.BROKEN, 305)


def test_what_no_purge_can_remove_yet_waits_and_is_no_breach(kept: Kept) -> None:
    kept.keep_days(30)
    kept.logs.append(record(0, received_at=NOW))
    kept.age(days=40)
    assert watch(kept) == 0
    assert verdicts(kept)[Promise.KEPT] is Verdict.WAITING
    assert "no purge can remove them" in words(kept, Promise.KEPT)
    assert gauge(kept, "breaches") is None


def test_what_a_hold_keeps_breaks_no_promise(kept: Kept) -> None:
    kept.keep_days(30)
    kept.logs.append(record(0, received_at=NOW))
    kept.place()
    kept.age(days=40)
    assert watch(kept) == 0
    assert verdicts(kept)[Promise.KEPT] is Verdict.HOLDS


def test_what_goes_without_a_purge_is_a_promise_broken(kept: Kept) -> None:
    kept.keep_days(365)
    kept.logs.append(*(record(n, received_at=NOW) for n in range(256)))
    kept.age(hours=2)
    kept.store_away()
    assert watch(kept) == 0
    kept.ground.removal.remove("acme", [7])
    assert watch(kept) == 1
    assert "the first: 7" in words(kept, Promise.EARLY)


def test_what_says_too_little_is_not_known_and_ends_no_breach(kept: Kept) -> None:
    only_eu(kept)
    kept.logs.append(record(0, payload=INSIDE))
    watch(kept)
    assert verdicts(kept)[Promise.SOURCE] is Verdict.HOLDS
    kept.logs.append(record(1, source="elsewhere"))
    assert watch(kept) == 0
    assert verdicts(kept)[Promise.SOURCE] is Verdict.UNKNOWN
    assert (gauge(kept, "breaches"), gauge(kept, "unknown")) == (None, 1)
    kept.logs.append(record(2, payload=OUTSIDE))
    assert watch(kept) == 1
    only_eu(kept, "us-east-1")
    assert watch(kept) == 0
    assert gauge(kept, "breaches") is None
    assert told(kept) == ["ComplianceViolated"]


def test_an_entry_that_cannot_be_read_is_not_known(kept: Kept) -> None:
    only_eu(kept)
    kept.logs.append(record(0, payload=INSIDE))
    kept.installation.trail.sequencer.append([raw(1, b"{}")])
    assert watch(kept) == 0
    assert "1 records cannot be read" in words(kept, Promise.SOURCE)


def test_a_long_log_is_looked_at_in_parts_its_newest_records_at_once(kept: Kept) -> None:
    only_eu(kept)
    kept.logs.append(*(record(n) for n in range(30)))
    size = kept.ground.reader.size("acme")
    for _ in range(-(-size // 10)):
        watch(kept, budget=10)
    assert verdicts(kept)[Promise.SOURCE] is Verdict.HOLDS
    kept.logs.append(*(record(n) for n in range(30, 40)), record(40, payload=OUTSIDE))
    beats = 0
    while not told(kept):
        watch(kept, budget=10)
        beats += 1
    assert beats <= 2
    for _ in range(20):
        watch(kept, budget=10)
    assert told(kept) == ["ComplianceViolated"]


def test_before_the_first_look_has_ended_nothing_is_said_to_hold(kept: Kept) -> None:
    only_eu(kept)
    kept.logs.append(*(record(n) for n in range(30)))
    watch(kept, budget=5)
    assert verdicts(kept)[Promise.SOURCE] is Verdict.UNKNOWN
    assert words(kept, Promise.SOURCE).startswith("5 of ")
    assert gauge(kept, "breaches") is None


def test_a_check_that_stands_still_knows_nothing_any_more(kept: Kept) -> None:
    only_eu(kept)
    kept.logs.append(record(0, payload=INSIDE))
    watch(kept)
    assert gauge(kept, "breaches") == 0
    kept.age(minutes=11)
    assert gauge(kept, "breaches") is None


def test_where_nothing_is_promised_nothing_is_said(kept: Kept) -> None:
    kept.logs.append(record(0))
    assert watch(kept) == 0
    with read(kept.engine, CARLA, kept.installation.clock) as work:
        assert watching.standing(work) == []
    eve = Actor("eve", frozenset({("trail:verify", "other")}))
    with read(kept.engine, eve, kept.installation.clock) as work, pytest.raises(TenantNotFound):
        watching.standing(work, "acme")


def test_a_log_that_cannot_be_read_stops_no_other_and_is_not_known_soon(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    only_eu(kept)
    kept.logs.append(record(0, payload=INSIDE))
    watch(kept)
    reader, read_all = type(kept.ground.reader), type(kept.ground.reader).read

    def damaged(self: Any, log: str, start: int, count: int) -> list[Leaf]:  # noqa: ANN401
        if log == PLATFORM:
            raise LogDamaged("a tile is gone")
        found: list[Leaf] = read_all(self, log, start, count)
        return found

    kept.installation.happen(TokenRevoked(tenant=PLATFORM, token="t"))
    kept.installation.deliver()
    with begin(kept.engine, ROOT, kept.installation.clock) as work:
        policy.put(work, PLATFORM, Kind.RESIDENCY, {"storage": ["eu-north-1"]})
    monkeypatch.setattr(reader, "read", damaged)
    kept.logs.append(record(1, payload=OUTSIDE))
    with pytest.raises(LogDamaged):
        watch(kept)
    assert told(kept) == ["ComplianceViolated"]


MARKS = st.lists(st.sampled_from([*Mark, None]), max_size=40)
ASKED = Rules(
    retention=Retention(days={"standard": 30}),
    residency=Residency(storage=["eu-north-1"], sources=["eu-north-1"]),
    stores=HERE,
)


@given(MARKS, st.integers(0, 40))
def test_a_log_is_judged_alike_in_one_look_and_in_two(marks: list[Mark | None], cut: int) -> None:
    def tally(start: int, some: list[Mark | None]) -> Tally:
        found = [(n, mark) for n, mark in enumerate(some, start) if mark]
        return Tally.of(len(some), found)

    whole = tally(0, marks)
    parts = tally(0, marks[:cut]).plus(tally(len(marks[:cut]), marks[cut:]))
    assert parts == whole
    scan = Scan(tenant="acme", rules="r", known=whole)
    assert judge(ASKED, scan, 40) == judge(ASKED, replace(scan, known=parts), 40)
    broken = {one.promise for one in judge(ASKED, scan, 40) if one.verdict is Verdict.BROKEN}
    assert (Promise.SOURCE in broken) is (Mark.OUTSIDE in marks)
    assert (Promise.KEPT in broken) is (Mark.LATE in marks)


RANGES = st.lists(st.tuples(st.integers(0, 30), st.integers(1, 9)), max_size=12)


@given(RANGES)
def test_joined_ranges_hold_the_same_indices_and_stand_apart(spans: list[tuple[int, int]]) -> None:
    ranges = [(start, start + length) for start, length in spans]
    found = joined(ranges)
    indices = {index for start, end in ranges for index in range(start, end)}
    assert {index for start, end in found for index in range(start, end)} == indices
    assert all(before[1] < after[0] for before, after in pairwise(found))


def test_what_a_second_purge_took_of_the_range_of_a_first_is_named_whole(kept: Kept) -> None:
    kept.keep_days(365)
    kept.logs.append(*(record(n, received_at=NOW) for n in range(256)))
    kept.age(hours=2)
    kept.store_away()
    kept.age(days=366)
    hold = kept.place("actor", "user:u1")
    kept.purge()
    kept.release(hold.id, CARLA)
    kept.release(hold.id, CONRAD)
    kept.purge()
    watch(kept)
    assert verdicts(kept)[Promise.EARLY] is Verdict.HOLDS
