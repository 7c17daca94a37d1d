"""A tree built in the plainest way, to try the quick ways against."""

from collections.abc import Sequence

from quarterdeck.trail.proof.tiles import Hashes
from quarterdeck.trail.proof.tree import leaf_hash, root_hash


def leaves(size: int) -> list[bytes]:
    return [leaf_hash(str(n).encode()) for n in range(size)]


def reader(hashes: Sequence[bytes]) -> Hashes:
    def read(level: int, start: int, count: int) -> list[bytes]:
        wide = 256**level
        return [root_hash(hashes[n * wide : (n + 1) * wide]) for n in range(start, start + count)]

    return read
