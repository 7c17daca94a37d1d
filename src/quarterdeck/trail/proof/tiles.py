"""Tiles and entry bundles, as in c2sp.org/tlog-tiles: names, widths, bytes.

A tile is 256 neighbouring hashes; at level 0 of leaves, above it each the root of a full
tile below. An entry bundle is the 256 entries that a tile of level 0 hashes. Those at the
right edge are partial, and are served under their width.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from quarterdeck.trail.proof.tree import HASH_BYTES, join, peaks, root_hash

WIDTH, HEIGHT = 256, 8
MAX_LEVEL = 63
MAX_ENTRY_BYTES = 0xFFFF
"""What the two bytes of its length can say: one byte less than 64 KiB."""

ENTRIES = "entries"
PATH = re.compile(
    r"tile/(?P<kind>entries|0|[1-9]\d?)/(?P<index>(?:x\d{3}/)*\d{3})(?:\.p/(?P<width>[1-9]\d{0,2}))?",
    re.ASCII,
)

Hashes = Callable[[int, int, int], Sequence[bytes]]
"""How a tree is read: (level, start, count) -> that many hashes of a tile level."""


class Malformed(ValueError):
    """Not a tile's name, or not a tile's bytes.

    Attributes:
        good: the entries of a bundle that were whole.
    """

    def __init__(self, message: str, good: Sequence[bytes] = ()) -> None:
        super().__init__(message)
        self.good = list(good)


@dataclass(frozen=True, slots=True)
class Tile:
    """Which tile. ``level`` is None for a bundle of entries.

    Attributes:
        index: of the tile within its level.
        width: 1 to 256 hashes or entries; less than 256 is partial.
    """

    level: int | None
    index: int
    width: int = WIDTH

    @classmethod
    def parse(cls, path: str) -> "Tile":
        """Read ``tile/<L>/<N>[.p/<W>]``; raise Malformed if it is not written just so."""
        match = PATH.fullmatch(path)
        if match is None:
            raise Malformed(f"expected tile/<L>/<N>[.p/<W>], got {path!r}")
        level = None if match["kind"] == ENTRIES else int(match["kind"])
        index = int(match["index"].replace("x", "").replace("/", ""))
        tile = cls(level, index, int(match["width"] or WIDTH))
        if tile.path != path or (level or 0) > MAX_LEVEL:
            raise Malformed(f"expected {tile.path!r}, got {path!r}")
        return tile

    @property
    def path(self) -> str:
        """Its name, relative to the log's prefix."""
        kind = ENTRIES if self.level is None else self.level
        partial = "" if self.width == WIDTH else f".p/{self.width}"
        return f"tile/{kind}/{_digits(self.index)}{partial}"

    @property
    def full(self) -> "Tile":
        """The tile that this one becomes when it is full."""
        return Tile(self.level, self.index)

    @property
    def start(self) -> int:
        """The first hash or entry in it, counted within its level."""
        return self.index * WIDTH


def _digits(index: int) -> str:
    groups = [f"{index % 1000:03}"]
    while index := index // 1000:
        groups.append(f"x{index % 1000:03}")
    return "/".join(reversed(groups))


def tiles(level: int | None, size: int) -> Iterator[Tile]:
    """The tiles of one level of a tree with ``size`` leaves, left to right."""
    whole, rest = divmod(size >> HEIGHT * (level or 0), WIDTH)
    for index in range(whole):
        yield Tile(level, index)
    if rest:
        yield Tile(level, whole, rest)


def levels(size: int) -> range:
    """The tile levels of a tree with ``size`` leaves."""
    return range((max(size.bit_length(), 1) + HEIGHT - 1) // HEIGHT)


def pack_hashes(hashes: Sequence[bytes]) -> bytes:
    """A tile's bytes."""
    return b"".join(hashes)


def unpack_hashes(tile: bytes, width: int) -> list[bytes]:
    """The first ``width`` hashes of a tile's bytes; raise Malformed unless it has them whole."""
    if len(tile) % HASH_BYTES or not width <= len(tile) // HASH_BYTES <= WIDTH:
        raise Malformed(f"expected {width * HASH_BYTES} bytes, got {len(tile)}")
    return [tile[at : at + HASH_BYTES] for at in range(0, width * HASH_BYTES, HASH_BYTES)]


def pack_entries(entries: Sequence[bytes]) -> bytes:
    """A bundle's bytes: each entry after its length in two bytes, big-endian."""
    return b"".join(part for e in entries for part in (len(e).to_bytes(2, "big"), e))


def unpack_entries(bundle: bytes, width: int) -> list[bytes]:
    """The first ``width`` entries of a bundle's bytes.

    Raises:
        Malformed: it ends within an entry, or before that many, or does not end after 256;
            its ``good`` are the entries before.
    """
    entries: list[bytes] = []
    at, total = 0, len(bundle)
    while at < total and len(entries) < WIDTH:
        start = at + 2
        end = start + (bundle[at] << 8 | bundle[at + 1]) if start <= total else total + 1
        if end > total:
            raise Malformed(f"ends within its entry {len(entries)}", entries[:width])
        entries.append(bundle[start:end])
        at = end
    if at < len(bundle):
        raise Malformed(f"{len(bundle) - at} bytes after its last entry", entries[:width])
    if len(entries) < width:
        raise Malformed(f"expected {width} entries, got {len(entries)}", entries)
    return entries[:width]


def slice_entries(bundle: bytes, first: int, count: int) -> list[bytes]:
    """Entries ``first`` to ``first + count`` of a bundle: the others are passed over.

    Raises:
        Malformed: it ends before them, or within them; its ``good`` are those before.
    """
    at = 0
    entries: list[bytes] = []
    try:
        for _ in range(first):
            at += 2 + (bundle[at] << 8 | bundle[at + 1])
        for _ in range(count):
            start = at + 2
            at = start + (bundle[at] << 8 | bundle[at + 1])
            entries.append(bundle[start:at])
    except IndexError as error:
        good = entries[:-1] if at > len(bundle) else entries
        raise Malformed(f"expected {first + count} entries, got fewer", good) from error
    if at > len(bundle):
        raise Malformed(f"ends within its entry {first + count - 1}", entries[:-1])
    return entries


def subtree(read: Hashes, start: int, end: int) -> bytes:
    """The Merkle tree hash over leaves ``start`` to ``end``, from the hashes in tiles."""
    return join([_perfect(read, height, index) for height, index in peaks(start, end)])


def root(read: Hashes, size: int) -> bytes:
    """The root of the tree of the first ``size`` leaves, from its right edge alone."""
    return subtree(read, 0, size)


def _perfect(read: Hashes, height: int, index: int) -> bytes:
    level, inside = divmod(height, HEIGHT)
    return root_hash(read(level, index << inside, 1 << inside))
