"""What stands in the logs, read from files: full bundles, the journal, and where the journal
holds a leaf no more, the partial bundle that was synced before it was let go.
"""

from collections import OrderedDict
from collections.abc import Iterator
from functools import lru_cache, partial
from pathlib import Path
from threading import Lock

from quarterdeck.trail.keys.note import text_of
from quarterdeck.trail.log.model import Checkpoint, Head, Leaf, LogDamaged, Sealed
from quarterdeck.trail.log.record import received_at
from quarterdeck.trail.log.storage import sealed
from quarterdeck.trail.log.storage.layout import CHECKPOINT, Layout
from quarterdeck.trail.log.storage.tail import Tail
from quarterdeck.trail.proof import tiles
from quarterdeck.trail.proof.interior import Interior
from quarterdeck.trail.proof.tiles import WIDTH, Tile
from quarterdeck.trail.proof.tree import HASH_BYTES, leaf_hash

KEPT_TILES = 512  # 4 MB
KEPT_TREES = 8
TRIES = 5


class FileReader:
    """A Reader (see ``ports``) of a folder. Any process beside the one that appends."""

    def __init__(self, layout: Layout, tail: Tail) -> None:
        self._layout, self._tail = layout, tail
        self._tiles: OrderedDict[Path, bytes] = OrderedDict()
        self._lock = Lock()
        self._trees = lru_cache(KEPT_TREES)(lambda log: Interior(partial(self.hashes, log)))

    def size(self, log: str) -> int:
        return self._tail.size(log)

    def sizes(self) -> dict[str, int]:
        return self._tail.sizes()

    def read(self, log: str, start: int, count: int) -> list[Leaf]:
        found: list[Leaf] = []
        for at, share in self._shares(log, start, count):
            found += self._leaves(log, at, share)
        return found

    def entries(self, log: str, start: int, count: int) -> list[bytes]:
        found: list[bytes] = []
        for at, share in self._shares(log, start, count):
            found += self._pieced(log, Tile(None, at // WIDTH), at, share)
        return found

    def hashes(self, log: str, level: int, start: int, count: int) -> list[bytes]:
        if level:
            return self._roots(log, level, start, count)
        found: list[bytes] = []
        for at, share in self._shares(log, start, count):
            found += self._pieced(log, Tile(0, at // WIDTH), at, share)
        return found

    def checked(self, log: str, start: int, count: int) -> list[bytes]:
        found: list[bytes] = []
        for at, share in self._shares(log, start, count):  # each part of the journal read once
            stored = self._pieced(log, Tile(0, at // WIDTH), at, share)
            made = map(leaf_hash, self._pieced(log, Tile(None, at // WIDTH), at, share))
            found += [one for one, anew in zip(stored, made, strict=False) if one == anew]
        return found

    def tree(self, log: str) -> Interior:
        return self._trees(log)

    def disclosures(self, log: str, index: int) -> list[Sealed]:
        for begun, part in self._tail.parts(log, index, 1):
            return part.sealed(index - begun)
        return sealed.of_leaf(self._layout, log, index)

    def sealed(self, log: str, start: int, count: int) -> list[tuple[int, Sealed]]:
        wanted = range(start, min(start + count, self.size(log)))
        found: list[tuple[int, Sealed]] = []
        hot: list[range] = []
        for begun, part in self._tail.parts(log, start, count):  # what leaves it is in a bundle
            low, high = wanted.start - begun, wanted.stop - begun
            hot.append(range(max(begun, start), min(begun + len(part.entries), wanted.stop)))
            found += [
                (begun + offset, Sealed(path, key, text))
                for offset, path, key, text in part.disclosed(low, high)
            ]
        return found + self._cold(log, wanted, hot)

    def _cold(self, log: str, wanted: range, hot: list[range]) -> list[tuple[int, Sealed]]:
        """The sealed disclosures of leaves that the journal held no more."""
        if sum(map(len, hot)) == len(wanted):
            return []
        left = set(wanted).difference(*hot)
        found = {  # one that was added twice, as what is mended may be, is the same
            (index, one.path): one
            for bundle in sorted({index // WIDTH for index in left})
            for index, one in sealed.of_bundle(self._layout, log, bundle, wanted)
            if index in left
        }
        return [(index, one) for (index, _), one in found.items()]

    def moment(self, log: str, index: int) -> int | None:
        for begun, part in self._tail.parts(log, index, 1):
            return part.moments[index - begun]
        found = self.entries(log, index, 1)
        return received_at(found[0]) if found and found[0] else None

    def checkpoint(self, log: str) -> Checkpoint | None:
        path = self._layout.log(log) / CHECKPOINT
        try:
            with path.open("rb") as file:
                note, at = file.read(), path.stat().st_mtime_ns // 1000
        except FileNotFoundError:
            return None
        try:
            head = Head.parse(text_of(note))
        except ValueError as error:
            raise LogDamaged(
                f"the checkpoint of {log} cannot be read: {error}; "
                "the next start writes it anew, from the database"
            ) from error
        return Checkpoint(head.origin, head.size, note, at)

    def close(self) -> None:
        with self._lock:
            self._tiles.clear()
            self._trees.cache_clear()
        self._tail.close()

    def _shares(self, log: str, start: int, count: int) -> Iterator[tuple[int, int]]:
        """The range in pieces, none across the border of a bundle."""
        at, end = max(0, start), min(start + count, self.size(log))
        while at < end:
            share = min(at - at % WIDTH + WIDTH, end) - at
            yield at, share
            at += share

    def _leaves(self, log: str, start: int, count: int) -> list[Leaf]:
        entries = self._pieced(log, Tile(None, start // WIDTH), start, count)
        # The hash of an entry that was purged stands in the tile alone.
        hashes = (
            map(leaf_hash, entries)
            if all(entries)
            else self._pieced(log, Tile(0, start // WIDTH), start, count)
        )
        return [
            Leaf(index=start + n, hash=hash_, entry=entry)
            for n, (hash_, entry) in enumerate(zip(hashes, entries, strict=True))
        ]

    def _roots(self, log: str, level: int, start: int, count: int) -> list[bytes]:
        found: list[bytes] = []
        end = min(start + count, self.size(log) >> tiles.HEIGHT * level)
        while (at := start + len(found)) < end:
            tile = Tile(level, at // WIDTH)
            whole = self._full(log, tile) or self._partial(log, tile) or b""
            piece = _hashes(whole, at - tile.start, end - at)
            found += piece
            if not piece:
                break
        return found

    def _pieced(self, log: str, tile: Tile, start: int, count: int) -> list[bytes]:
        """Entries or leaf hashes of one bundle, from wherever each of them stands now."""
        for _ in range(TRIES):  # they move from the journal to bundles meanwhile
            whole = self._full(log, tile)
            if whole is not None:
                return _opened(whole, tile, log, (start - tile.start, count))
            cold = min(count, max(0, self._tail.first(log) - start))
            early = self._early(log, tile, start, cold) if cold else []
            hot = self._hot(log, tile, start + cold, count - cold)
            if len(early) == cold and len(hot) == count - cold:
                return early + hot
        raise LogDamaged(f"leaf {start} of {log} stands neither in a tile nor in the journal")

    def _early(self, log: str, tile: Tile, start: int, count: int) -> list[bytes]:
        whole = self._partial(log, tile)
        if whole is None:
            return []
        return _opened(whole, tile, log, (start - tile.start, count))

    def _hot(self, log: str, tile: Tile, start: int, count: int) -> list[bytes]:
        found: list[bytes] = []
        for begun, part in self._tail.parts(log, start, count) if count else ():
            low, high = max(0, start - begun), start + count - begun
            if begun + low != start + len(found):
                return []
            found += (part.entries if tile.level is None else part.hashes)[low:high]
        return found

    def _full(self, log: str, tile: Tile) -> bytes | None:
        """A full tile, which never changes; None if it is not full yet."""
        path = self._layout.tile(log, tile)
        with self._lock:
            if path in self._tiles:
                self._tiles.move_to_end(path)
                return self._tiles[path]
        try:
            found = path.read_bytes()
        except FileNotFoundError:
            return None
        if tile.level is not None:
            self._keep(path, found)
        return found

    def _keep(self, path: Path, found: bytes) -> None:
        with self._lock:
            self._tiles[path] = found
            if len(self._tiles) > KEPT_TILES:
                self._tiles.popitem(last=False)

    def _partial(self, log: str, tile: Tile) -> bytes | None:
        for _ in range(TRIES):  # it is renamed as it grows
            standing = self._layout.widest(log, tile)
            try:
                return standing[0].read_bytes() if standing else None
            except FileNotFoundError:
                continue
        return None


def _hashes(whole: bytes, first: int, count: int) -> list[bytes]:
    """Some hashes of a tile; what a crash left half written at its end is none."""
    end = min(first + count, len(whole) // HASH_BYTES)
    return [whole[at * HASH_BYTES : (at + 1) * HASH_BYTES] for at in range(first, end)]


def _opened(whole: bytes, tile: Tile, log: str, within: tuple[int, int]) -> list[bytes]:
    """Entries or hashes of a tile, from the first on, so many."""
    if tile.level is not None:
        return _hashes(whole, *within)
    try:
        return tiles.slice_entries(whole, *within)
    except tiles.Malformed as error:
        words = f"{tile.path} of {log}: {error}; run quarterdeck trail verify"
        raise LogDamaged(words, error.good) from error
