"""Copies of purged records in the segment store: kept while locked, gone when the lock ends."""

from collections.abc import Iterator

import pytest

from quarterdeck.kernel.clock import micros
from quarterdeck.kernel.work import Actor, begin, read
from quarterdeck.trail.freeze import service as freeze
from quarterdeck.trail.proof import tiles
from quarterdeck.trail.retention.service.clearing import Clearing
from quarterdeck.trail.retention.service.planning import Ground, planned
from quarterdeck.trail.segments import service as segments
from quarterdeck.trail.segments.storage.files import FileSegments
from trail.installation import NOON, Installation
from trail.keeping import CARLA, Kept
from trail.logs import record

NOW = micros(NOON)
VERA = Actor("vera", frozenset({("trail:verify", "acme"), ("trail:read", "acme")}))
BUNDLE = "standard/acme/tile/entries/000"


@pytest.fixture
def kept(installation: Installation) -> Iterator[Kept]:
    """256 records, sealed with a lock of a year, purged after 100 days."""
    opened = Kept(installation)
    opened.keep_days(100)
    opened.logs.append(*(record(n, received_at=NOW) for n in range(300)))
    opened.age(hours=2)
    opened.store_away()
    opened.age(days=101)
    opened.purge()
    opened.installation.deliver()
    opened.installation.integrate()
    yield opened
    opened.logs.close()


def store(kept: Kept) -> FileSegments:
    return FileSegments(kept.installation.folder / "segments")


def clear(kept: Kept) -> int:
    return Clearing(
        engine=kept.engine,
        reader=kept.installation.reader,
        store=store(kept),
        clock=kept.installation.clock,
    ).beat()


def copies(kept: Kept) -> int:
    """Entries that the store still shows in the first bundle."""
    found = store(kept).get(BUNDLE)
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


def test_the_plan_says_until_when_copies_stay(installation: Installation) -> None:
    opened = Kept(installation)
    opened.keep_days(100)
    opened.logs.append(*(record(n, received_at=NOW) for n in range(256)))
    opened.age(hours=2)
    opened.store_away()
    opened.age(days=101)
    ground = Ground(
        reader=installation.reader, removal=installation.trail.removal, store=store(opened)
    )
    with read(opened.engine, CARLA, installation.clock) as work:
        plan = planned(work, ground, "acme", [])
    assert plan.due
    assert plan.copies_until is not None
    assert (plan.copies_until - NOON).days == 365
    opened.logs.close()
