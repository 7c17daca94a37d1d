"""The hashes inside tiles, kept: so that the next proof of a tree costs look-ups, not hashing.

Hashes of a log never change, so what is kept stays right while the tree grows.
"""

from collections import OrderedDict
from collections.abc import Sequence
from threading import Lock

from quarterdeck.trail.proof.inclusion import path
from quarterdeck.trail.proof.tiles import HEIGHT, WIDTH, Hashes
from quarterdeck.trail.proof.tree import join, node_hash, peaks

KEPT_TILES, KEPT_EDGES = 512, 256

Rows = list[list[bytes]]
"""Of one tile: its hashes, those of their pairs, and so on, as far as they are whole."""


class Interior:
    """The inner hashes of one tree: 40 kB for each tile that was looked into, 20 MB at most."""

    def __init__(self, read: Hashes) -> None:
        self._read = read
        self._lock = Lock()
        self._tiles: OrderedDict[tuple[int, int], Rows] = OrderedDict()
        self._edges: OrderedDict[tuple[int, int], bytes] = OrderedDict()

    def prove(self, index: int, size: int) -> list[bytes]:
        """As ``inclusion.prove``: the proof that leaf ``index`` is in the tree of ``size``."""
        return [self.subtree(start, end) for start, end in path(index, 0, size)][::-1]

    def subtree(self, start: int, end: int) -> bytes:
        """The Merkle tree hash over leaves ``start`` to ``end``."""
        span = end - start
        if not span & (span - 1):
            return self._perfect(span.bit_length() - 1, start // span)
        with self._lock:
            found = self._edges.get((start, end))
        return found or self._edge(start, end)

    def _edge(self, start: int, end: int) -> bytes:
        made = join([self._perfect(height, index) for height, index in peaks(start, end)])
        with self._lock:
            self._edges[start, end] = made
            if len(self._edges) > KEPT_EDGES:
                self._edges.popitem(last=False)
        return made

    def _perfect(self, height: int, index: int) -> bytes:
        level, inside = divmod(height, HEIGHT)
        tile, at = divmod(index << inside, WIDTH)
        rows = self._tiles.get((level, tile))
        if rows is None or at >> inside >= len(rows[inside]):
            rows = self._open(level, tile)
        return rows[inside][at >> inside]

    def _open(self, level: int, tile: int) -> Rows:
        rows = _rows(self._read(level, tile * WIDTH, WIDTH))
        with self._lock:
            self._tiles[level, tile] = rows
            if len(self._tiles) > KEPT_TILES:
                self._tiles.popitem(last=False)
        return rows


def _rows(hashes: Sequence[bytes]) -> Rows:
    rows = [list(hashes)]
    while len(rows) < HEIGHT:
        below = rows[-1]
        pairs = zip(below[::2], below[1::2], strict=False)
        rows.append([node_hash(left, right) for left, right in pairs])
    return rows
