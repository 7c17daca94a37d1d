"""Names and bytes of tiles, by the examples of c2sp.org/tlog-tiles."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.trail.proof import tiles
from quarterdeck.trail.proof.tiles import Malformed, Tile


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 0), "tile/0/000"),
        (Tile(0, 1067), "tile/0/x001/067"),
        (Tile(2, 1234067), "tile/2/x001/x234/067"),
        (Tile(0, 273, 112), "tile/0/273.p/112"),
        (Tile(None, 5, 1), "tile/entries/005.p/1"),
        (Tile(63, 0), "tile/63/000"),
    ],
)
def test_names(tile: Tile, path: str) -> None:
    assert tile.path == path
    assert Tile.parse(path) == tile


@pytest.mark.parametrize(
    "path",
    [
        "",
        "checkpoint",
        "tile/0/0",
        "tile/00/000",
        "tile/64/000",
        "tile/-1/000",
        "tile/0/x000/001",
        "tile/0/000.p/256",
        "tile/0/000.p/0",
        "tile/0/000.p/01",
        "tile/data/000",
        "tile/0/x001/x067",
        "tile/0/../000",
        "tile/0/" + 3 * "\N{ARABIC-INDIC DIGIT ZERO}",
        "tile/0/000\n",
    ],
)
def test_what_is_no_name_is_refused(path: str) -> None:
    with pytest.raises(Malformed):
        Tile.parse(path)


def test_a_tree_of_70000_is_the_tiles_of_the_specification() -> None:
    shape = {
        level: Counter(t.width for t in tiles.tiles(level, 70_000))
        for level in tiles.levels(70_000)
    }
    assert shape == {0: {256: 273, 112: 1}, 1: {256: 1, 17: 1}, 2: {1: 1}}


def test_a_tree_of_256_has_a_partial_tile_above() -> None:
    assert [t.path for level in tiles.levels(256) for t in tiles.tiles(level, 256)] == [
        "tile/0/000",
        "tile/1/000.p/1",
    ]


@given(st.lists(st.binary(max_size=300), max_size=256))
def test_entries_come_back_as_they_went_in(entries: list[bytes]) -> None:
    bundle = tiles.pack_entries(entries)
    assert tiles.unpack_entries(bundle, len(entries)) == entries


@given(st.lists(st.binary(max_size=300), max_size=256), st.data())
def test_some_of_a_bundle_are_read_alone_unless_it_is_cut_before_their_end(
    entries: list[bytes], data: st.DataObject
) -> None:
    first = data.draw(st.integers(0, len(entries)))
    count = data.draw(st.integers(0, len(entries) - first))
    bundle = tiles.pack_entries(entries)
    wanted = entries[first : first + count]
    assert tiles.slice_entries(bundle, first, count) == wanted
    ends = len(tiles.pack_entries(entries[: first + count]))
    assert tiles.slice_entries(bundle[:ends], first, count) == wanted
    if ends and count:
        with pytest.raises(Malformed):
            tiles.slice_entries(bundle[: data.draw(st.integers(0, ends - 1))], first, count)


@given(st.lists(st.binary(min_size=32, max_size=32), max_size=256))
def test_hashes_come_back_as_they_went_in(hashes: list[bytes]) -> None:
    assert tiles.unpack_hashes(tiles.pack_hashes(hashes), len(hashes)) == hashes


def test_the_first_entries_of_a_fuller_bundle_serve_for_a_partial_one() -> None:
    assert tiles.unpack_entries(tiles.pack_entries([b"a", b"b", b"c"]), 2) == [b"a", b"b"]


@pytest.mark.parametrize(
    ("bundle", "good"), [(b"\0\1a\0", 1), (b"\0\1a\0\2b", 1), (b"\0\1a", 1), (b"", 0)]
)
def test_a_bundle_cut_short_says_how_far_it_is_good(bundle: bytes, good: int) -> None:
    with pytest.raises(Malformed) as refusal:
        tiles.unpack_entries(bundle, 2)
    assert refusal.value.good == [b"a"][:good]


def test_more_than_256_entries_are_no_bundle() -> None:
    with pytest.raises(Malformed):
        tiles.unpack_entries(tiles.pack_entries([b"a"] * 257), 256)


@pytest.mark.parametrize("size", [31, 33, 32, 257 * 32])
def test_a_tile_of_another_length_is_refused(size: int) -> None:
    with pytest.raises(Malformed):
        tiles.unpack_hashes(bytes(size), 2)
