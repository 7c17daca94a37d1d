"""Fields that records commit to: one that is stored no more is found, and not called erased."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import delete

from quarterdeck.kernel.db import reading
from quarterdeck.kernel.work import Actor, Tenants, begin, read
from quarterdeck.trail.freeze.store import of_tenants
from quarterdeck.trail.integrity.scope import Places, scope
from quarterdeck.trail.integrity.service import verify
from quarterdeck.trail.integrity.watch import Watcher
from quarterdeck.trail.keys.note import Verifier
from quarterdeck.trail.log import service
from quarterdeck.trail.log.model import LogDamaged
from quarterdeck.trail.log.storage.disclosures import disclosures
from quarterdeck.trail.log.storage.leaves import leaves
from trail.installation import ADA, Installation

VERA = Actor("vera", frozenset({("trail:verify", "acme"), ("trail:read", "acme")}))


def lose_fields(installation: Installation) -> None:
    """Take away what is sealed beside the log, and nothing else."""
    if installation.in_tables:
        with installation.engine.begin() as db:
            db.execute(delete(disclosures))
        return
    for path in (installation.folder / "trail/disclosures").rglob("*"):
        if path.is_file():
            path.write_bytes(b"")


@pytest.fixture
def lost(installation: Installation) -> Installation:
    """A log of 300 records, the first of which commits to a name that is gone."""
    installation.name_somebody()
    installation.grow(299)
    if not installation.in_tables:  # what the journal holds is there still
        installation.trail.tiles.settle()
    return installation


def watcher(installation: Installation) -> Watcher:
    return Watcher(
        engine=installation.engine,
        keys=installation.keys,
        reader=installation.reader,
        clock=installation.clock,
        removal=installation.trail.removal,
    )


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
def test_a_sealed_field_that_is_gone_is_found_by_the_watch(lost: Installation) -> None:
    assert sum(watcher(lost).beat() for _ in range(2)) == 0
    lose_fields(lost)
    assert sum(watcher(lost).beat() for _ in range(3)) == 1
    with reading(lost.engine) as db:
        (found,) = of_tenants(db, Tenants(frozenset({"acme"})))
    assert (found.where, found.what) == ("entry 0", "1 of its sealed fields are gone")


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
@pytest.mark.parametrize("looks", ["the watch", "the scope"])
def test_a_purge_that_comes_while_one_looks_is_no_loss(
    lost: Installation, monkeypatch: pytest.MonkeyPatch, looks: str
) -> None:
    removal = lost.trail.removal
    fields = removal.sealed_fields

    def late(log: str, start: int, count: int) -> set[tuple[int, str]]:
        removal.remove("acme", [0])
        return fields(log, start, count)

    monkeypatch.setattr(removal, "sealed_fields", late)
    if looks == "the watch":
        assert watcher(lost).beat() == 0
        return
    places = Places(reader=lost.reader, store=None, listed=None, removal=removal)
    with read(lost.engine, VERA, lost.clock) as work:
        assert scope(work, places).missing == []


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
def test_the_scope_names_the_records_that_lack_fields(lost: Installation) -> None:
    places = Places(reader=lost.reader, store=None, listed=None, removal=lost.trail.removal)
    with read(lost.engine, VERA, lost.clock) as work:
        assert scope(work, places).missing == []
    lose_fields(lost)
    with read(lost.engine, VERA, lost.clock) as work:
        (missing,) = scope(work, places).missing
    assert (missing.place, missing.first, missing.count) == ("sealed fields", 0, 1)


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
def test_a_field_that_is_lost_is_not_called_erased(lost: Installation) -> None:
    lose_fields(lost)
    with begin(lost.engine, ADA, lost.clock) as work:
        shown = service.disclose(work, lost.reader, lost.keys, "acme", 0)
    assert set(shown.hidden.values()) == {"missing"}


def test_which_fields_are_stored_is_said_by_range(lost: Installation) -> None:
    removal = lost.trail.removal
    assert removal.sealed_fields("acme", 0, 300) == {(0, "/payload/name")}
    assert removal.sealed_fields("acme", 1, 299) == set()
    assert removal.sealed_fields("acme", 0, 1) == {(0, "/payload/name")}


def as_text(entry: bytes) -> bytes:
    return b"x" * len(entry)


def longer(entry: bytes) -> bytes:
    return entry + b"more"


@pytest.mark.parametrize("change", [as_text, longer])
def test_a_bundle_that_cannot_be_read_is_served_as_it_is_and_the_damage_located(
    lost: Installation, change: Callable[[bytes], bytes]
) -> None:
    key = Verifier.parse(lost.vkey)
    assert verify(lost.serve, key, None).intact
    (entry,) = lost.reader.entries("acme", 7, 1)
    if lost.in_tables:
        with lost.engine.begin() as db:
            here = leaves.update().where(leaves.c.log == "acme", leaves.c.idx == 7)
            db.execute(here.values(entry=change(entry)))
    else:
        bundle: Path = lost.folder / "trail/logs/acme/tile/entries/000"
        bundle.write_bytes(bundle.read_bytes().replace(entry, change(entry)))
        lost.reader.close()
    found = verify(lost.serve, key, None).findings
    assert found
    assert any("entry 7" in one.where or "tile/entries/000" in one.where for one in found), found
    if change is as_text:
        with lost.reading() as work, pytest.raises(LogDamaged, match="leaf 7 is not as"):
            service.record(work, lost.reader, "acme", 7)
