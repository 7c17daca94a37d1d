"""Every way to tamper with a log that we could think of is found, and located."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from quarterdeck.kernel.db import open_engine
from quarterdeck.migrations.tables import metadata
from quarterdeck.trail.integrity import service
from quarterdeck.trail.integrity.model import Finding, Unreadable
from quarterdeck.trail.keys.keystore import KeyStore
from quarterdeck.trail.keys.note import Signer, Verifier, text_of
from quarterdeck.trail.log.model import Head
from quarterdeck.trail.proof import tiles
from quarterdeck.trail.proof.tiles import Tile
from quarterdeck.trail.proof.tree import leaf_hash, root_hash
from trail.installation import Installation

SIZE, OLD = 600, 300
EVE = b"e" * 32

BUNDLE, EDGE = "tile/entries/001", "tile/entries/002.p/88"


class Original:
    """A log of 600 real leaves, copied; and its checkpoint at 300."""

    def __init__(self, folder: Path) -> None:
        engine = open_engine(f"sqlite:///{folder}/db")
        metadata.create_all(engine)
        installation = Installation(engine, KeyStore(folder / "keys"), folder)
        installation.grow(OLD)
        self.since = installation.serve("checkpoint") or b""
        self.before = folder / "before"
        service.copy_log(installation.serve, self.before)
        installation.grow(SIZE - OLD)
        self.copy = folder / "copy"
        service.copy_log(installation.serve, self.copy)
        self.key = Verifier.parse(installation.vkey)
        installation.trail.close()
        engine.dispose()


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Original:
    return Original(tmp_path_factory.mktemp("original"))


@pytest.fixture
def copy(original: Original, tmp_path: Path) -> Path:
    return Path(shutil.copytree(original.copy, tmp_path / "copy"))


def check(
    original: Original, copy: Path, since: bytes | None = None, key: Verifier | None = None
) -> list[Finding]:
    return list(service.verify_copy(copy, key or original.key, since).findings)


def edit(path: Path, change: Callable[[bytes], bytes]) -> None:
    path.write_bytes(change(path.read_bytes()))


def turned(at: int) -> Callable[[bytes], bytes]:
    def change(content: bytes) -> bytes:
        return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]

    return change


def entries(path: Path, width: int = 256) -> list[bytes]:
    return tiles.unpack_entries(path.read_bytes(), width)


def rewrite(path: Path, found: list[bytes]) -> None:
    path.write_bytes(tiles.pack_entries(found))


def test_an_intact_copy_has_no_findings(original: Original, copy: Path) -> None:
    assert check(original, copy, original.since) == []
    assert check(original, copy) == []


def test_without_a_key_the_signer_is_not_known(copy: Path) -> None:
    assert service.verify_copy(copy, None).findings == (service.UNKNOWN_SIGNER,)


@pytest.mark.parametrize(("path", "entry"), [(BUNDLE, 256), (EDGE, 512)])
def test_a_bit_in_an_entry(original: Original, copy: Path, path: str, entry: int) -> None:
    edit(copy / path, turned(100))
    assert check(original, copy) == [Finding(f"entry {entry}", "altered")]


def test_two_entries_swapped(original: Original, copy: Path) -> None:
    found = entries(copy / BUNDLE)
    found[3], found[9] = found[9], found[3]
    rewrite(copy / BUNDLE, found)
    assert check(original, copy) == [
        Finding("entry 259", "altered: it is what entry 265 was"),
        Finding("entry 265", "altered: it is what entry 259 was"),
    ]


def test_an_entry_rewritten_with_its_hash(original: Original, copy: Path) -> None:
    found = entries(copy / BUNDLE)
    found[5] = found[5].replace(b"success", b"failure")
    rewrite(copy / BUNDLE, found)
    hashes = [leaf_hash(entry) for entry in found]
    (copy / "tile/0/001").write_bytes(tiles.pack_hashes(hashes))
    (finding,) = check(original, copy)
    assert finding.where == BUNDLE
    assert finding.what.startswith("entries 256 to 511 are not those committed to")


def test_an_entry_rewritten_with_all_hashes_above_it(original: Original, copy: Path) -> None:
    found = entries(copy / BUNDLE)
    found[5] = found[5].replace(b"success", b"failure")
    rewrite(copy / BUNDLE, found)
    hashes = [leaf_hash(entry) for entry in found]
    (copy / "tile/0/001").write_bytes(tiles.pack_hashes(hashes))
    edit(copy / "tile/1/000.p/2", lambda tile: tile[:32] + root_hash(hashes))
    assert check(original, copy) == [
        Finding("checkpoint", "its root matches neither the entries nor the tiles")
    ]


def test_everything_rewritten_and_signed_by_another(original: Original, copy: Path) -> None:
    found = [e for i in range(2) for e in entries(copy / f"tile/entries/00{i}")]
    found += entries(copy / EDGE, 88)
    found[5] = found[5].replace(b"success", b"failure")
    resign(original, copy, found, EVE)
    (finding,) = check(original, copy)
    assert finding.where == "checkpoint"
    assert finding.what.startswith(f"not signed by {original.key.name}")
    past = [f.what for f in check(original, copy, original.since)]
    assert f"forked: its first {OLD} entries are not those seen before" in past


def resign(original: Original, copy: Path, found: list[bytes], seed: bytes) -> None:
    """A new log of ``found``, as whoever holds ``seed`` could make one."""
    hashes = [leaf_hash(entry) for entry in found]
    for tile in tiles.tiles(None, len(found)):
        part = slice(tile.start, tile.start + tile.width)
        rewrite(copy / tile.path, found[part])
        path = copy / Tile(0, tile.index, tile.width).path
        path.write_bytes(tiles.pack_hashes(hashes[part]))
    full = [root_hash(hashes[i : i + 256]) for i in range(0, len(hashes) - 255, 256)]
    (copy / Tile(1, 0, len(full)).path).write_bytes(tiles.pack_hashes(full))
    head = Head(original.key.name, len(found), root_hash(hashes))
    (copy / "checkpoint").write_bytes(Signer(original.key.name, seed).sign(head.text))


@pytest.mark.parametrize("path", [BUNDLE, EDGE, "tile/0/000", "tile/0/002.p/88", "tile/1/000.p/2"])
def test_a_file_removed(original: Original, copy: Path, path: str) -> None:
    (copy / path).unlink()
    assert Finding(path, "missing") in check(original, copy)
    assert {f.where for f in check(original, copy)} == {path}


@pytest.mark.parametrize("path", ["tile/0/000", "tile/0/002.p/88", "tile/1/000.p/2"])
def test_a_bit_in_a_tile(original: Original, copy: Path, path: str) -> None:
    edit(copy / path, turned(40))
    assert check(original, copy) == [Finding(path, "altered: 1 of its hashes, the first at 1")]


@pytest.mark.parametrize("path", [BUNDLE, EDGE])
def test_a_bundle_cut_short(original: Original, copy: Path, path: str) -> None:
    edit(copy / path, lambda bundle: bundle[:5000])
    (finding,) = check(original, copy)
    assert finding.where == path
    assert finding.what.startswith("ends within its entry")


def test_a_bundle_with_more_than_was_committed(original: Original, copy: Path) -> None:
    edit(copy / EDGE, lambda bundle: bundle + b"\0\1x")
    assert check(original, copy) == [Finding(EDGE, "more than 88 entries")]


def test_entries_of_one_bundle_in_place_of_another(original: Original, copy: Path) -> None:
    shutil.copy(copy / "tile/entries/000", copy / BUNDLE)
    assert {f.where for f in check(original, copy)} == {f"entry {n}" for n in range(256, 512)}


def test_a_log_rolled_back_whole_is_found_by_what_was_seen_before(
    original: Original,
) -> None:
    newest = (original.copy / "checkpoint").read_bytes()
    assert check(original, original.before) == []
    assert check(original, original.before, newest) == [
        Finding("checkpoint", f"rolled back: {OLD} entries, {SIZE} seen before")
    ]


def test_a_log_cut_short_and_signed_by_its_own_key_is_found_by_what_was_seen_before(
    original: Original, copy: Path
) -> None:
    found = entries(copy / "tile/entries/000")
    resign(original, copy, found, EVE)
    eve = Signer(original.key.name, EVE).verifier
    assert check(original, copy, key=eve) == []
    seen = [f.what for f in check(original, copy, original.since, eve)]
    assert f"rolled back: 256 entries, {OLD} seen before" in seen


def test_a_checkpoint_altered_after_signing(original: Original, copy: Path) -> None:
    edit(copy / "checkpoint", lambda note: note.replace(b"\n600\n", b"\n599\n"))
    assert any(f.what.startswith("not signed by") for f in check(original, copy))


def test_another_logs_checkpoint_signed_by_the_same_key(original: Original, copy: Path) -> None:
    mine = Signer("mine", EVE)
    head = Head.parse(text_of((copy / "checkpoint").read_bytes()))
    other = Head("other", head.size, head.root)
    (copy / "checkpoint").write_bytes(mine.sign(other.text))
    assert check(original, copy, key=mine.verifier) == [
        Finding("checkpoint", "is of the log other, not of mine")
    ]


def test_damage_in_two_places_is_found_in_both(original: Original, copy: Path) -> None:
    edit(copy / BUNDLE, turned(100))
    (copy / "tile/0/000").unlink()
    edit(copy / EDGE, turned(100))
    assert {f.where for f in check(original, copy)} == {"entry 256", "tile/0/000", "entry 512"}


@pytest.mark.parametrize(
    "note", [b"", b"hello\n", b"a\nb\nc\n\n\xe2\x80\x94 a AAAAAAAA\n", b"\xff\n\n"]
)
def test_what_has_no_checkpoint_cannot_be_read(copy: Path, note: bytes) -> None:
    (copy / "checkpoint").write_bytes(note)
    with pytest.raises(Unreadable):
        service.verify_copy(copy, None)


def test_an_empty_folder_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="no checkpoint"):
        service.verify_copy(tmp_path, None)


def test_a_checkpoint_that_claims_too_much_ends(copy: Path, original: Original) -> None:
    head = Head(original.key.name, 10**17, bytes(32))
    (copy / "checkpoint").write_bytes(Signer("eve", EVE).sign(head.text))
    with pytest.raises(Unreadable, match="missing"):
        service.verify_copy(copy, original.key)


def test_a_partial_bundle_may_be_served_by_the_full_one_it_became(
    original: Original, copy: Path
) -> None:
    for path in ("checkpoint", "tile/1/000.p/1"):
        shutil.copy(original.before / path, copy / path)
    assert check(original, copy, original.since) == []
