"""Copies of purged records in the segment store: kept while locked, gone when the lock ends."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import RowMapping, update

from quarterdeck.kernel.clock import micros, utc_now
from quarterdeck.kernel.db import metadata
from quarterdeck.kernel.work import Actor, begin, read
from quarterdeck.trail.freeze import service as freeze
from quarterdeck.trail.proof import tiles
from quarterdeck.trail.retention.model import Plan
from quarterdeck.trail.retention.service.clearing import Clearing
from quarterdeck.trail.retention.service.planning import Ground, planned
from quarterdeck.trail.retention.store import purges
from quarterdeck.trail.segments import service as segments
from quarterdeck.trail.segments.model import StoreUnavailable
from quarterdeck.trail.segments.ports import SegmentStore
from quarterdeck.trail.segments.storage.files import FileSegments
from trail.installation import NOON, Installation
from trail.keeping import CARLA, YEAR, Kept
from trail.logs import record
from trail.worms import Bucket, Worm
from waiting import until

NOW = micros(NOON)
VERA = Actor("vera", frozenset({("trail:verify", "acme"), ("trail:read", "acme")}))
BUNDLE = "standard/acme/tile/entries/000"


@pytest.fixture
def kept(installation: Installation) -> Iterator[Kept]:
    opened = purged(installation, 300)
    yield opened
    opened.logs.close()


def purged(
    installation: Installation, count: int, worm: Worm | None = None, lock: timedelta = YEAR
) -> Kept:
    """Records, sealed by 256 with a lock, purged after 100 days."""
    opened = Kept(installation, worm)
    opened.keep_days(100)
    opened.logs.append(*(record(n, received_at=micros(installation.now)) for n in range(count)))
    opened.age(hours=2)
    opened.store_away(lock)
    opened.age(days=101)
    opened.purge()
    opened.installation.deliver()
    opened.installation.integrate()
    return opened


def store(kept: Kept) -> SegmentStore:
    return kept.store


def clear(kept: Kept) -> int:
    return Clearing(
        engine=kept.engine,
        reader=kept.installation.reader,
        store=store(kept),
        clock=kept.installation.clock,
    ).beat()


def copies(kept: Kept, bundle: str = BUNDLE) -> int:
    """Entries that the store still shows in a bundle."""
    found = store(kept).get(bundle)
    assert found is not None
    return sum(map(bool, tiles.unpack_entries(found, 256)))


def intact(kept: Kept) -> bool:
    ground = segments.Ground(
        reader=kept.installation.reader, store=store(kept), keys=kept.installation.keys
    )
    with read(kept.engine, VERA, kept.installation.clock) as work:
        verdict, _ = segments.verify_segment(work, ground, "acme-000000")
    assert verdict.purged
    return verdict.intact


def test_locked_copies_stay_and_go_when_their_lock_ends(kept: Kept) -> None:
    assert (clear(kept), copies(kept)) == (0, 256)
    assert intact(kept)
    kept.age(days=300)
    assert (clear(kept), copies(kept)) == (1, 0)
    assert intact(kept)
    assert clear(kept) == 0
    kept.installation.deliver()
    entries = kept.installation.reader.entries("acme", 0, 1 << 12)
    assert sum(b'"action":"retention:clear"' in entry for entry in entries) == 1


@pytest.mark.census("ATP-502")
@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_bucket_shows_no_version_of_what_was_purged_once_its_lock_ended(
    installation: Installation, bucket: Bucket
) -> None:
    """The server knows the time: a clock of ours that runs ahead clears nothing."""
    lock = timedelta(seconds=12)
    installation.now = utc_now() - timedelta(hours=2)
    opened = purged(installation, 300, bucket, lock)
    ends = store(opened).locked_until(BUNDLE)
    assert ends is not None
    for _ in range(2):
        if utc_now() < ends - timedelta(seconds=2):
            with pytest.raises(StoreUnavailable):
                clear(opened)
    assert copies(opened) == 256
    assert intact(opened)
    bucket.cover(BUNDLE, b"what somebody put over it")
    until(lambda: utc_now() > ends + timedelta(seconds=1), 20, "the lock ended")
    assert (clear(opened), copies(opened)) == (1, 0)
    (left,) = bucket.versions(BUNDLE)
    assert left["IsLatest"]
    assert intact(opened)
    assert clear(opened) == 0
    opened.logs.close()


def test_a_bucket_keeps_locked_copies_and_purging_changes_nothing(
    installation: Installation, bucket: Bucket
) -> None:
    installation.now = utc_now() - timedelta(hours=2)
    opened = purged(installation, 300, bucket)
    assert (clear(opened), copies(opened)) == (0, 256)
    assert len(bucket.versions(BUNDLE)) == 1
    assert intact(opened)
    opened.logs.close()


def test_a_copy_that_was_altered_is_not_cleared_into_order(kept: Kept) -> None:
    path = kept.installation.folder / "segments" / BUNDLE
    torn = path.read_bytes()[:-9]
    path.unlink()
    path.write_bytes(torn)
    kept.age(days=300)
    clear(kept)
    assert path.read_bytes() == torn


def test_nothing_is_cleared_while_the_trail_is_frozen(kept: Kept) -> None:
    kept.age(days=300)
    with begin(kept.engine, CARLA, kept.installation.clock) as work:
        freeze.freeze(work, "a look", "acme")
    assert (clear(kept), copies(kept)) == (0, 256)


def test_a_copy_is_cleared_of_what_the_purge_names_alone(kept: Kept) -> None:
    """What else is gone from the log was not removed by policy: its copy is the evidence."""
    with kept.engine.begin() as db:
        db.execute(update(purges).values(ranges="[[0, 100]]"))
    kept.age(days=300)
    assert (clear(kept), copies(kept)) == (1, 156)


def test_a_freeze_that_comes_between_two_bundles_keeps_the_second(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = purged(installation, 600)
    opened.age(days=300)
    second, get = "standard/acme/tile/entries/001", FileSegments.get

    def late(self: FileSegments, key: str) -> bytes | None:
        if key == second:
            monkeypatch.setattr(FileSegments, "get", get)
            with begin(opened.engine, CARLA, opened.installation.clock) as work:
                freeze.freeze(work, "a look", "acme")
        return get(self, key)

    monkeypatch.setattr(FileSegments, "get", late)
    assert (clear(opened), copies(opened), copies(opened, second)) == (0, 0, 256)
    opened.logs.close()


def test_a_store_that_fails_one_tenant_stops_no_other(kept: Kept) -> None:
    with kept.engine.begin() as db:
        for table, key in ((purges, {"id": "other"}), (metadata.tables["trail_segment"], {})):
            for row in db.execute(table.select()).mappings().all():
                db.execute(table.insert().values(_of_abel(row) | key))
    place = kept.installation.folder / "segments/standard/abel"
    place.symlink_to(place)
    kept.age(days=300)
    with pytest.raises(StoreUnavailable, match="abel"):
        clear(kept)
    assert copies(kept) == 0


def _of_abel(row: RowMapping) -> dict[str, Any]:
    """The same, of the tenant whose turn is before."""
    twin = dict(row) | {"tenant": "abel"}
    if "note" in twin:
        twin["note"] = bytes(twin["note"]).replace(b"acme", b"abel")
    return twin


@pytest.fixture
def due(installation: Installation) -> Iterator[Kept]:
    """256 records whose time is over."""
    opened = Kept(installation)
    opened.keep_days(100)
    opened.logs.append(*(record(n, received_at=NOW) for n in range(256)))
    opened.age(hours=2)
    opened.store_away()
    opened.age(days=101)
    yield opened
    opened.logs.close()


def plan_of(kept: Kept) -> Plan:
    reader, removal = kept.installation.reader, kept.installation.trail.removal
    with read(kept.engine, CARLA, kept.installation.clock) as work:
        return planned(work, Ground(reader=reader, removal=removal, store=store(kept)), "acme", [])


def test_the_plan_says_until_when_copies_stay(due: Kept) -> None:
    plan = plan_of(due)
    assert plan.due
    assert plan.copies_known
    assert plan.copies_until is not None
    assert (plan.copies_until - NOON).days == 365


def test_a_store_that_is_away_leaves_the_plan_and_one_thing_not_known(due: Kept) -> None:
    place = due.installation.folder / "segments/standard"
    place.rename(place.with_name("away"))
    place.symlink_to(place)
    plan = plan_of(due)
    assert len(plan.due) == 256
    assert (plan.copies_known, plan.copies_until) == (False, None)
