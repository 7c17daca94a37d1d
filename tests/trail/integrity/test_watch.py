"""Continuous verification finds what was altered, and stops what must stop."""

from datetime import timedelta

import pytest

from quarterdeck.kernel.db import reading
from quarterdeck.kernel.work import Actor, Tenants, read
from quarterdeck.trail.freeze import service as freezes
from quarterdeck.trail.freeze.model import Frozen, Investigation
from quarterdeck.trail.freeze.store import of_tenants
from quarterdeck.trail.integrity import watch
from quarterdeck.trail.integrity.scope import Places, Scope, scope
from quarterdeck.trail.integrity.watch import Watcher
from quarterdeck.trail.segments.model import Sealing
from quarterdeck.trail.segments.sealing import Sealer
from trail.installation import Installation
from trail.worms import BOTH, Worm

VERA = Actor("vera", frozenset({("trail:verify", "acme"), ("trail:read", "acme")}))
ACME = Tenants(frozenset({"acme"}))


def watcher(installation: Installation, worm: Worm | None = None, budget: int = 300) -> Watcher:
    return Watcher(
        engine=installation.engine,
        keys=installation.keys,
        reader=installation.reader,
        clock=installation.clock,
        store=worm.store if worm else None,
        budget=budget,
    )


def seal(installation: Installation, worm: Worm) -> None:
    Sealer(
        engine=installation.engine,
        keys=installation.keys,
        reader=installation.reader,
        store=worm.store,
        clock=installation.clock,
        sealing=Sealing(most=300),
    ).beat()


def opened(installation: Installation) -> list[Investigation]:
    with reading(installation.engine) as db:
        return of_tenants(db, ACME)


@BOTH
@pytest.mark.census("ATP-003", "ATP-426")
def test_an_intact_log_is_checked_to_its_end_and_again_from_its_beginning(
    installation: Installation, worm: Worm
) -> None:
    installation.grow(700)
    seal(installation, worm)
    here = watcher(installation, worm)
    assert [here.beat() for _ in range(7)] == [0] * 7
    with read(installation.engine, VERA, installation.clock) as work:
        (found,) = watch.watched(work)
    assert found.size == 700
    assert found.rounds >= 1
    assert opened(installation) == []


@pytest.mark.parametrize("index", [5, 260, 690])
def test_an_altered_entry_is_found_named_and_freezes_export_and_purge(
    installation: Installation, index: int
) -> None:
    installation.grow(700)
    here = watcher(installation)
    for _ in range(4):
        here.beat()
    installation.alter(index)
    installation.open() if installation.in_tables else None
    here = watcher(installation)
    assert sum(here.beat() for _ in range(4)) == 1
    (found,) = opened(installation)
    assert (found.where, found.what) == (f"entry {index}", "altered")
    assert (found.open, found.quarantine_from) == (True, 700)
    with reading(installation.engine) as db, pytest.raises(Frozen):
        freezes.refuse_frozen(db, "acme")
    # Ingest goes on.
    installation.grow(1)
    assert installation.reader.size("acme") >= 701


def test_a_log_that_went_back_is_found(installation: Installation) -> None:
    installation.grow(3)
    old = installation.serve("checkpoint") or b""
    installation.grow(3)
    watcher(installation).beat()
    installation.roll_back(old, 3)
    if not installation.in_tables:
        installation.restart()
        installation.reader.close()
    assert watcher(installation).beat() == 1
    assert "rolled back: 3 entries, 6 seen before" in opened(installation)[0].what


@BOTH
def test_a_segment_altered_in_its_store_is_found(installation: Installation, worm: Worm) -> None:
    installation.grow(700)
    seal(installation, worm)
    worm.spoil("standard/acme/tile/entries/000", lambda b: b.replace(b"success", b"failure", 1))
    here = watcher(installation, worm)
    assert sum(here.beat() for _ in range(3)) == 1
    assert opened(installation)[0].where == "segment acme-000000"


def test_checkpoints_are_kept_one_in_ten_minutes(installation: Installation) -> None:
    for _ in range(4):
        installation.grow(2)
        watcher(installation).beat()
        installation.later(timedelta(minutes=5))
    with read(installation.engine, VERA, installation.clock) as work:
        found = watch.checkpoints(work, "acme")
        (first,) = watch.checkpoints(work, "acme", before=found[0].size, limit=1)
    assert [one.size for one in found] == [6, 2]
    assert first.size == 2


def compare(installation: Installation, worm: Worm) -> Scope:
    def listed(_tenants: Tenants, tenant: str) -> dict[str, tuple[int, set[int]]]:
        return {"timeline": (600, set(range(600)) - {17, 18} if tenant == "acme" else set())}

    places = Places(reader=installation.reader, store=worm.store, listed=listed)
    with read(installation.engine, VERA, installation.clock) as work:
        return scope(work, places)


@BOTH
@pytest.mark.census("ATP-452")
def test_the_scope_of_a_loss_names_what_is_missing_where(
    installation: Installation, worm: Worm
) -> None:
    installation.grow(700)
    seal(installation, worm)
    worm.spoil("standard/acme/tile/entries/001", None)
    found = {one.place: one for one in compare(installation, worm).missing}
    assert set(found) == {"timeline", "segment store"}
    line = found["timeline"]
    assert (line.tenant, line.count, line.first, line.last) == ("acme", 2, 17, 18)
    assert len(line.ids) == 2
    assert line.types == {"tokens": 2} or sum(line.types.values()) == 2
    assert line.from_at is not None
    store = found["segment store"]
    assert (store.count, store.first, store.last) == (256, 256, 511)
