"""What was purged: every verifier says by which policy and at which leaf; none says altered."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from quarterdeck.kernel.clock import micros
from quarterdeck.kernel.work import Actor, read
from quarterdeck.trail.integrity.scope import Places, scope
from quarterdeck.trail.integrity.storage.projected import listed
from quarterdeck.trail.integrity.watch import Watcher
from quarterdeck.trail.segments import service as segments
from quarterdeck.trail.segments.service import Ground
from quarterdeck.trail.segments.storage.files import FileSegments
from trail.installation import NOON, Installation
from trail.keeping import Kept
from trail.logs import record

NOW = micros(NOON)
VERA = Actor("vera", frozenset({("trail:verify", "acme"), ("trail:read", "acme")}))


@pytest.fixture
def kept(installation: Installation) -> Iterator[Kept]:
    """512 records of which 256 were purged."""
    opened = Kept(installation)
    opened.keep_days(365)
    opened.logs.append(*(record(n, received_at=NOW) for n in range(300)))
    opened.age(hours=2)
    opened.store_away()
    opened.age(days=366)
    opened.logs.project()
    opened.purge()
    opened.installation.deliver()
    opened.installation.integrate()
    opened.logs.project()
    yield opened
    opened.logs.close()


def store(kept: Kept) -> FileSegments:
    return FileSegments(kept.installation.folder / "segments")


def test_the_watch_finds_nothing(kept: Kept) -> None:
    watcher = Watcher(
        engine=kept.engine,
        keys=kept.installation.keys,
        reader=kept.installation.reader,
        clock=kept.installation.clock,
        store=store(kept),
        budget=300,
    )
    assert sum(watcher.beat() for _ in range(6)) == 0


def test_a_segment(kept: Kept) -> None:
    ground = Ground(
        reader=kept.installation.reader, store=store(kept), keys=kept.installation.keys
    )
    with read(kept.engine, VERA, kept.installation.clock) as work:
        verdict, proof = segments.verify_segment(work, ground, "acme-000000", prove=True)
    assert verdict.intact, verdict.results
    assert proof is not None


def test_the_scope(kept: Kept) -> None:
    places = Places(
        reader=kept.installation.reader,
        store=store(kept),
        listed=lambda tenants, tenant: listed(kept.logs.read, tenants, tenant),
    )
    with read(kept.engine, VERA, kept.installation.clock) as work:
        found = scope(work, places)
    assert found.missing == []


def test_sealing_goes_on(kept: Kept) -> None:
    kept.installation.later(timedelta(hours=2))
    kept.store_away()
    with read(kept.engine, VERA, kept.installation.clock) as work:
        assert len(segments.segments(work, "acme")) > 1
