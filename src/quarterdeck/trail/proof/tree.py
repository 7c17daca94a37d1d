"""Merkle trees over log entries, as in RFC 6962 section 2.1. Standard library only."""

from collections.abc import Iterator, Sequence
from functools import reduce
from hashlib import sha256

HASH_BYTES = 32
EMPTY_ROOT = sha256().digest()


class BadProof(ValueError):
    """The proof does not prove what it is said to prove."""


_leaf, _node = sha256(b"\x00"), sha256(b"\x01")
# Copied for each hash: OpenSSL takes longer to begin one than to hash a hundred bytes.


def leaf_hash(entry: bytes) -> bytes:
    """Hash of one entry: 32 bytes. The 0x00 prefix keeps leaves apart from nodes."""
    made = _leaf.copy()
    made.update(entry)
    return made.digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of two neighbours: 32 bytes."""
    made = _node.copy()
    made.update(left + right)
    return made.digest()


def root_hash(leaves: Sequence[bytes]) -> bytes:
    """Root over leaf hashes, oldest first. The root of no leaves is SHA-256 of nothing."""
    level = list(leaves) or [EMPTY_ROOT]
    while len(level) > 1:
        # A node without a neighbour rises as it is: the same tree as splitting at the
        # largest power of two, without recursion.
        odd = level[len(level) & ~1 :]
        level = [*map(node_hash, level[::2], level[1::2]), *odd]
    return level[0]


def peaks(start: int, end: int) -> Iterator[tuple[int, int]]:
    """The perfect subtrees that make up leaves ``start`` to ``end``, widest first.

    Each is (height, index): leaves ``index << height`` to ``(index + 1) << height``.
    ``start`` must be a multiple of the widest subtree that fits, as in every range that
    RFC 6962 hashes.
    """
    while start < end:
        height = (end - start).bit_length() - 1
        yield height, start >> height
        start += 1 << height


def join(hashes: Sequence[bytes]) -> bytes:
    """The root over ``hashes`` of neighbouring subtrees, widest first."""
    if not hashes:
        return EMPTY_ROOT
    return reduce(lambda right, left: node_hash(left, right), reversed(hashes))
