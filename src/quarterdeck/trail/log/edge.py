"""The right edge of a tree, in memory: so that growing it costs what is new, not what is old."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from quarterdeck.trail.proof import tiles
from quarterdeck.trail.proof.tiles import HEIGHT, WIDTH, Hashes
from quarterdeck.trail.proof.tree import root_hash


@dataclass(slots=True)
class Edge:
    """The hashes of the partial tiles of a tree of ``size`` leaves, by level."""

    size: int = 0
    rows: list[list[bytes]] = field(default_factory=list)

    @classmethod
    def of(cls, read: Hashes, size: int) -> "Edge":
        """The edge of a tree that stands."""
        rows = []
        for level in tiles.levels(size):
            count = size >> HEIGHT * level
            rows.append(list(read(level, count - count % WIDTH, count % WIDTH)))
        return cls(size, rows)

    def root(self) -> bytes:
        """The root of the tree."""
        return tiles.root(self._read, self.size)

    def grow(self, hashes: Sequence[bytes]) -> Iterator[tuple[int, int, tuple[bytes, ...]]]:
        """Add leaf hashes; what is new at each level: (level, index of the first, hashes)."""
        level, new = 0, tuple(hashes)
        size, self.size = self.size, self.size + len(new)
        while new:
            yield level, size >> HEIGHT * level, new
            new = self._fill(level, new)
            level += 1

    def _fill(self, level: int, new: Sequence[bytes]) -> tuple[bytes, ...]:
        if level == len(self.rows):
            self.rows.append([])
        row = self.rows[level]
        row += new
        full = len(row) - len(row) % WIDTH
        roots = tuple(root_hash(row[at : at + WIDTH]) for at in range(0, full, WIDTH))
        del row[:full]
        return roots

    def _read(self, level: int, start: int, count: int) -> Sequence[bytes]:
        inside = start % WIDTH
        return self.rows[level][inside : inside + count]
