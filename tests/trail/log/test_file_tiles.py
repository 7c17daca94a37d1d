"""Tiles in files: as tlog-tiles lays them out, whatever crashes, and however small the journal."""

import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from errno import EIO
from pathlib import Path
from threading import Event

import pytest

from quarterdeck.kernel.clock import micros
from quarterdeck.kernel.db import DatabaseUnavailable, open_engine, writing
from quarterdeck.migrations.tables import metadata
from quarterdeck.trail.integrity import service as integrity
from quarterdeck.trail.keys.keystore import KeyStore
from quarterdeck.trail.keys.note import Verifier
from quarterdeck.trail.log import service
from quarterdeck.trail.log.backup import copy_installation
from quarterdeck.trail.log.model import LogDamaged
from quarterdeck.trail.log.opening import Trail, open_trail
from quarterdeck.trail.log.record import members
from quarterdeck.trail.log.sequencer import GroupingSequencer
from quarterdeck.trail.log.storage.bundles import AT_LEAST, SETTLE_S, FileTiles
from quarterdeck.trail.log.storage.disclosures import disclosures
from quarterdeck.trail.log.storage.files import FileReader
from quarterdeck.trail.log.storage.frames import Part
from quarterdeck.trail.log.storage.journal import ROOM_BYTES, FileJournal
from quarterdeck.trail.log.storage.layout import Layout, covering
from quarterdeck.trail.log.storage.leaves import leaves, logs
from quarterdeck.trail.log.storage.removal import FileRemoval
from quarterdeck.trail.log.storage.sql import SqlCheckpointStore
from quarterdeck.trail.log.storage.tail import Tail
from trail.installation import ADA, NOON, Installation

SMALL, LARGE = 20_000, 1 << 20
"""Bytes of a journal file: another one after each group or two, or one for all."""

Open = Callable[..., Installation]


def trail_of(
    folder: Path,
    file_bytes: int,
    room_bytes: int = ROOM_BYTES,
    settle_s: float = SETTLE_S,
) -> Trail:
    layout = Layout(folder)
    tail = Tail(layout.journal)
    journal = FileJournal(
        layout.journal, file_bytes=file_bytes, room_bytes=room_bytes, reserve_bytes=0
    )
    return Trail(
        reader=FileReader(layout, tail),
        sequencer=GroupingSequencer(journal),
        tiles=FileTiles(layout, tail, settle_s=settle_s, at_least=AT_LEAST if settle_s else 1),
        removal=FileRemoval(layout, tail),
    )


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Open]:
    engine = open_engine(f"sqlite:///{tmp_path}/db")
    metadata.create_all(engine)
    (tmp_path / "trail").mkdir(mode=0o700)
    made: list[Installation] = []

    def start(file_bytes: int = SMALL, settle_s: float = SETTLE_S) -> Installation:
        for before in made:
            before.trail.close()
        trail = trail_of(tmp_path / "trail", file_bytes, settle_s=settle_s)
        made.append(Installation(engine, KeyStore(tmp_path / "keys"), tmp_path, trail))
        made[-1].numbers = made[0].numbers
        return made[-1]

    yield start
    made[-1].trail.close()
    engine.dispose()


def files(installation: Installation) -> list[Path]:
    return sorted((installation.folder / "trail/journal").glob("*.journal"))


def verified(installation: Installation) -> int:
    """Leaves of acme as they lie on the disk, each recomputed."""
    copy = installation.folder / "trail/logs/acme"
    verdict = integrity.verify_copy(copy, Verifier.parse(installation.vkey))
    assert verdict.findings == ()
    return verdict.head.size


def test_what_lies_on_the_disk_is_a_copy_that_strangers_verify(opened: Open) -> None:
    installation = opened()
    total = 0
    for step in (1, 254, 1, 1, 300, 7, 515):
        installation.grow(step)
        total += step
        assert verified(installation) == total
    assert not list((installation.folder / "trail/logs").rglob("*.new"))


def test_journal_files_go_once_all_they_hold_stands_in_tiles(opened: Open) -> None:
    installation = opened()
    for _ in range(12):
        installation.grow(60)
    installation.integrate()
    assert len(files(installation)) <= 2
    assert installation.reader.size("acme") == 720
    found = installation.reader.read("acme", 0, 720)
    assert [leaf.index for leaf in found] == list(range(720))
    assert verified(installation) == 720
    installation = opened()
    assert installation.reader.size("acme") == 720
    installation.grow(60)
    assert verified(installation) == 780


def test_they_go_bit_by_bit_while_the_log_grows(opened: Open) -> None:
    installation = opened(settle_s=0)
    for _ in range(12):
        installation.grow(60)
    before = len(files(installation))
    assert before > 2, "one integration does not let go of all"
    for _ in range(3 * before):
        installation.integrate()
    assert len(files(installation)) <= 2
    installation = opened()
    assert installation.reader.size("acme") == verified(installation) == 720


def watched(here: Installation, patch: pytest.MonkeyPatch) -> list[str]:
    """The tiles of which a journal file was let go though they had not been synced: gets them."""
    synced: set[int] = set()
    early: list[str] = []
    fsync, unlink = os.fsync, Path.unlink
    layout = Layout(here.folder / "trail")

    def sync(handle: int) -> None:
        fsync(handle)
        synced.add(os.fstat(handle).st_ino)

    def remove(path: Path, *, missing_ok: bool = False) -> None:
        if path.suffix == ".journal":
            end = Tail(layout.journal).sizes_before(int(path.stem) + 1)["acme"]
            for tile in covering(0, end):
                (standing, _) = layout.widest("acme", tile) or (layout.root, 0)
                early.extend([tile.path] if standing.stat().st_ino not in synced else [])
        unlink(path, missing_ok=missing_ok)

    patch.setattr(os, "fsync", sync)
    patch.setattr(Path, "unlink", remove)
    return early


def failing(*_: object) -> None:
    raise DatabaseUnavailable("the database is away")


def test_what_is_mended_on_the_way_is_synced_before_the_journal_lets_it_go(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = opened(settle_s=0)
    early = watched(here, monkeypatch)
    for step in range(40):
        here.revoke(60)
        here.deliver()
        with monkeypatch.context() as once:
            if step % 7 == 6:
                once.setattr(SqlCheckpointStore, "advance", failing)
                with pytest.raises(DatabaseUnavailable):
                    here.integrate()
        here.integrate()
    for _ in range(200):
        here.integrate()
    assert len(files(here)) <= 2
    assert early == []
    assert verified(here) == 40 * 60


def test_what_could_not_be_synced_once_is_let_go_after_a_restart_alone(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = opened()
    for _ in range(6):
        here.revoke(60)
        here.deliver()
    there = len(files(here))
    with monkeypatch.context() as once:
        once.setattr(os, "fsync", broken)
        with pytest.raises(OSError, match="Input/output"):
            here.integrate()
    with pytest.raises(OSError, match="Input/output"):
        here.integrate()
    assert len(files(here)) == there
    assert verified(here) == 360
    here = opened()
    here.integrate()
    assert len(files(here)) <= 2
    assert verified(here) == 360


def test_what_a_mended_bundle_discloses_is_read_once(opened: Open) -> None:
    here = opened()
    here.name_somebody("Ada Lovelace")
    here.grow(1)
    for _ in range(3):
        here = opened()  # whoever starts mends what the journal still holds
        here.integrate()
    for _ in range(6):
        here.grow(60)
    here.integrate()
    assert len(files(here)) <= 2  # or it would be read from the journal
    found = here.reader.sealed("acme", 0, 362)
    assert [(index, one.path) for index, one in found] == [(0, "/payload/name")]


def broken(_: int) -> None:
    raise OSError(EIO, "Input/output error")


@pytest.mark.parametrize("ask", ["sealed_fields", "sealed_under"])
def test_fields_that_move_from_the_journal_to_a_bundle_meanwhile_are_seen(
    opened: Open, monkeypatch: pytest.MonkeyPatch, ask: str
) -> None:
    here = opened(1)
    here.name_somebody()
    here.deliver()
    parts = Tail.parts

    def late(self: Tail, log: str, start: int, count: int) -> Iterator[tuple[int, Part]]:
        monkeypatch.setattr(Tail, "parts", parts)
        here.integrate()
        here.grow(1)  # another file, so that the one before is seen to be gone
        return parts(self, log, start, count)

    monkeypatch.setattr(Tail, "parts", late)
    removal = here.trail.removal
    found = (
        removal.sealed_fields("acme", 0, 1)
        if ask == "sealed_fields"
        else removal.sealed_under("acme")
    )
    assert [index for index, _ in found] == [0]


def test_a_log_that_fell_silent_holds_no_journal_file_back(opened: Open) -> None:
    installation = opened()
    installation.name_somebody("Ada Lovelace")
    installation.revoke(3, tenant="silent")
    for _ in range(12):
        installation.grow(60)
    installation.integrate()
    installation = opened()
    assert len(files(installation)) <= 2
    assert len(installation.reader.read("silent", 0, 9)) == 3
    assert [one.path for one in installation.reader.disclosures("acme", 0)] == ["/payload/name"]
    installation.revoke(1, tenant="silent")
    installation.deliver()
    installation.integrate()
    assert len(installation.reader.read("silent", 0, 9)) == 4
    installation.now = NOON
    with installation.reading(ADA) as work:
        assert service.record(work, installation.reader, "acme", 0).hidden


@pytest.mark.parametrize("crash", ["half_a_tile", "no_rename", "no_checkpoint_file", "no_tiles"])
def test_tiles_are_what_was_signed_after_any_crash(opened: Open, crash: str) -> None:
    installation = opened(LARGE)
    installation.name_somebody()
    installation.grow(300)
    log = installation.folder / "trail/logs/acme"
    before = installation.folder / "before"
    shutil.copytree(log, before)
    installation.grow(20)
    installation.trail.close()
    if crash == "no_tiles":  # a power cut, before anything of it was synced
        shutil.rmtree(log)
    elif crash == "no_checkpoint_file":
        shutil.copy(before / "checkpoint", log / "checkpoint")
    else:
        shutil.rmtree(log)
        shutil.copytree(before, log)
        partial = log / "tile/entries/001.p/45"
        whole = partial.read_bytes()
        partial.write_bytes(whole + b"\x00\x10torn" if crash == "no_rename" else whole[:100])
    installation = opened(LARGE)
    installation.revoke(1)
    installation.deliver()
    installation.integrate()
    assert verified(installation) == 322
    assert len(installation.reader.disclosures("acme", 0)) == 1


def test_a_log_shorter_than_what_was_signed_is_not_signed_again(opened: Open) -> None:
    installation = opened()
    installation.grow(5)
    installation.trail.close()
    shutil.rmtree(installation.folder / "trail/journal")
    installation = opened()
    installation.revoke(1)
    installation.deliver()
    with pytest.raises(LogDamaged, match="1 leaves, and 5 were signed"):
        installation.integrate()


def test_a_landed_installation_is_moved_into_files_as_it_was(tmp_path: Path) -> None:
    """Its leaves are rows: the same bytes, the same tree, the same checkpoint afterwards."""
    engine = open_engine(f"sqlite:///{tmp_path}/db")
    metadata.create_all(engine)
    first = Installation(engine, KeyStore(tmp_path / "keys"), tmp_path)
    first.name_somebody("Ada Lovelace")
    first.grow(700)
    note = first.serve("checkpoint")
    entries = first.reader.entries("acme", 0, 999)
    as_rows(first)
    first.trail.close()
    shutil.rmtree(tmp_path / "trail")
    moved = Installation(engine, KeyStore(tmp_path / "keys"), tmp_path)
    assert moved.reader.entries("acme", 0, 999) == entries
    moved.integrate()
    assert moved.serve("checkpoint") == note
    moved.grow(3)
    assert verified(moved) == 704
    copy = tmp_path / "trail/logs/acme"
    key = Verifier.parse(moved.vkey)
    assert integrity.verify_copy(copy, key, since=note).intact
    assert len(moved.reader.disclosures("acme", 0)) == 1
    moved.restart()
    assert moved.reader.size("acme") == 704
    moved.trail.close()
    engine.dispose()


def as_rows(installation: Installation) -> None:
    """Have the log of acme stand in tables, as the first release wrote it."""
    reader = installation.reader
    size = reader.size("acme")
    with writing(installation.engine) as db:
        for leaf in reader.read("acme", 0, size):
            row = {"log": "acme", "idx": leaf.index, "record": str(leaf.index), "hash": leaf.hash}
            db.execute(leaves.insert(), row | {"entry": leaf.entry, "moment": micros(NOON)})
        for one in reader.disclosures("acme", 0):
            sealed = {"path": one.path, "data_key": one.data_key, "sealed": one.sealed}
            db.execute(disclosures.insert(), {"log": "acme", "idx": 0} | sealed)
        db.execute(logs.update().values(size=size))


def test_only_one_process_integrates_files(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/db")
    metadata.create_all(engine)
    first = Installation(engine, KeyStore(tmp_path / "keys"), tmp_path)
    first.grow(3)
    other = open_trail(engine, tmp_path / "trail", lasting=False)
    second = Installation(engine, KeyStore(tmp_path / "keys"), tmp_path, other)
    second.revoke(2)
    second.deliver()
    assert second.integrate() == 0
    assert first.integrate() == 1
    first.trail.close()
    second.revoke(1)
    with pytest.raises(Exception, match="does not answer"):
        second.deliver()
    other.close()
    engine.dispose()


def test_a_copy_made_while_it_grows_goes_on_by_itself(opened: Open, tmp_path: Path) -> None:
    installation = opened()
    installation.name_somebody("Ada Lovelace")
    installation.grow(10)
    enough, made = Event(), tmp_path / "copy"
    made.mkdir(mode=0o700)

    def grow() -> None:
        while not enough.is_set():
            installation.grow(5)

    with ThreadPoolExecutor(1) as pool:
        growing = pool.submit(grow)
        try:
            copied = copy_installation(tmp_path / "db", tmp_path / "trail", made)
        finally:
            enough.set()
        growing.result()
    engine = open_engine(f"sqlite:///{copied}")
    restored = Installation(engine, KeyStore(tmp_path / "keys"), made)
    restored.deliver()
    restored.integrate()
    restored.numbers = installation.numbers
    restored.grow(3)
    assert verified(restored) == restored.reader.size("acme")
    tokens = [members(leaf.entry)["id"] for leaf in restored.reader.read("acme", 0, 9999)]
    assert len(tokens) == len(set(tokens))
    assert len(restored.reader.disclosures("acme", 0)) == 1
    restored.trail.close()
    engine.dispose()
