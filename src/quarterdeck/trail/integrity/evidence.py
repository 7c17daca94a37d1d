"""What a log shows of itself: entries, and the hashes stored above them. Judges nothing."""

from collections.abc import Sequence
from dataclasses import dataclass

from quarterdeck.trail.integrity.model import Progress, Read, Unreadable
from quarterdeck.trail.integrity.purged import Purged
from quarterdeck.trail.log import purges
from quarterdeck.trail.proof import tiles
from quarterdeck.trail.proof.tiles import WIDTH, Malformed, Tile
from quarterdeck.trail.proof.tree import leaf_hash, root_hash

MISSING = "missing"
MAX_MISSING = 1000
"""Bundles: whoever claims a log of 10^18 entries shall not keep a verifier busy for ever."""

Maybe = list[bytes | None]
"""Hashes in order; None where not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """A bundle of entries, and the tile of their hashes.

    Attributes:
        hashes: of the entries that are whole, computed from them.
        fault: why there are fewer than the bundle should hold; empty if there are not.
        stored: the hashes in the tile; None if it cannot be read, and ``stored_fault`` why.
    """

    tile: Tile
    hashes: list[bytes]
    fault: str
    stored: list[bytes] | None
    stored_fault: str

    @property
    def hash_tile(self) -> Tile:
        """The tile that should hold the hashes."""
        return Tile(0, self.tile.index, self.tile.width)

    @property
    def odd(self) -> bool:
        """Entries and tile do not agree, or one of them is not whole."""
        return bool(self.fault) or self.stored != self.hashes


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that a log of ``size`` entries shows.

    Attributes:
        levels: for each tile level above 0, its hashes computed from the entries.
        edge: the partial bundle at the right edge, if there is one.
        odd: the full bundles worth a second look, by index.
        kept: leaf hashes of the bundles that were asked for, by index.
        purged: what of it was purged.
    """

    size: int
    levels: dict[int, Maybe]
    edge: Bundle | None
    odd: dict[int, Bundle]
    kept: dict[int, list[bytes]]
    purged: Purged


def gather(read: Read, size: int, keep: int, progress: Progress) -> Evidence:
    """Read every bundle and hash it; keep the leaf hashes of bundle ``keep``.

    Raises:
        Unreadable: more than 1,000 bundles are missing.
    """
    roots: Maybe = []
    odd: dict[int, Bundle] = {}
    kept: dict[int, list[bytes]] = {}
    edge, purged = None, Purged()
    for tile in tiles.tiles(None, size):
        bundle = _bundle(read, tile, purged)
        if tile.width < WIDTH:
            edge = bundle
        else:
            roots.append(None if bundle.fault else root_hash(bundle.hashes))
        if bundle.odd and tile.width == WIDTH:
            odd[tile.index] = bundle
            if sum(bundle.fault == MISSING for bundle in odd.values()) > MAX_MISSING:
                raise Unreadable(f"more than {MAX_MISSING} of its bundles are missing")
        if tile.index == keep:
            kept[keep] = bundle.hashes
        progress(tile.start + tile.width, size)
    return Evidence(size=size, levels=_above(roots), edge=edge, odd=odd, kept=kept, purged=purged)


def stored_hashes(read: Read, tile: Tile) -> tuple[list[bytes] | None, str]:
    """The hashes in a tile, or None and why not."""
    found, exact = _fetch(read, tile)
    if found is None:
        return None, MISSING
    try:
        hashes = tiles.unpack_hashes(found, tile.width)
    except Malformed as error:
        return None, str(error)
    if exact and len(found) != len(tiles.pack_hashes(hashes)):
        return None, f"more than {tile.width} hashes"
    return hashes, ""


def re_read(read: Read, index: int) -> Bundle:
    """A full bundle once more, for one whose parent says that it is not right."""
    return _bundle(read, Tile(None, index))


def _bundle(read: Read, tile: Tile, purged: Purged | None = None) -> Bundle:
    entries, fault, marked = _entries(read, tile)
    whole = all(entries)
    if purged is not None and (marked or not whole):
        purged.note(tile.start, entries)
    hashes = list(map(leaf_hash, entries))
    stored, stored_fault = _stored(read, Tile(0, tile.index, tile.width), hashes)
    if stored and not whole:
        # The hash of an entry that was purged stands in the tile alone.
        hashes = [
            kept if entry else old
            for entry, kept, old in zip(entries, hashes, stored, strict=False)
        ]
    return Bundle(tile=tile, hashes=hashes, fault=fault, stored=stored, stored_fault=stored_fault)


def _stored(read: Read, tile: Tile, computed: list[bytes]) -> tuple[list[bytes] | None, str]:
    """As ``stored_hashes``; a tile that is what was computed is not looked into."""
    if len(computed) == tile.width and read(tile.path) == b"".join(computed):
        return computed, ""
    return stored_hashes(read, tile)


def _entries(read: Read, tile: Tile) -> tuple[list[bytes], str, bool]:
    """The entries, why there are too few, and whether a purge record may be among them."""
    found, exact = _fetch(read, tile)
    if found is None:
        return [], MISSING, False
    marked = purges.MARK in found
    try:
        entries = tiles.unpack_entries(found, tile.width)
    except Malformed as error:
        return error.good, str(error), marked
    # A full one has been read to its end already.
    if exact and tile.width < WIDTH and len(found) != sum(len(e) + 2 for e in entries):
        return entries, f"more than {tile.width} entries", marked
    return entries, "", marked


def _fetch(read: Read, tile: Tile) -> tuple[bytes | None, bool]:
    """A tile's bytes, and whether they must be exactly those.

    Where a partial one is gone, the full one that it became begins with it.
    """
    found = read(tile.path)
    if found is not None or tile.width == WIDTH:
        return found, True
    return read(tile.full.path), False


def _above(roots: Sequence[bytes | None]) -> dict[int, Maybe]:
    levels: dict[int, Maybe] = {1: list(roots)}
    for level in range(2, tiles.MAX_LEVEL):
        below = levels[level - 1]
        if len(below) < WIDTH:
            break
        levels[level] = [
            _root(below[i * WIDTH : (i + 1) * WIDTH]) for i in range(len(below) // WIDTH)
        ]
    return levels


def _root(hashes: Maybe) -> bytes | None:
    known = [h for h in hashes if h is not None]
    return root_hash(known) if len(known) == len(hashes) else None
