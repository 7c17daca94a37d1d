"""Inclusion proofs: this entry is in that tree (RFC 6962 2.1.1, RFC 9162 2.1.3)."""

from collections.abc import Iterator, Sequence

from quarterdeck.trail.proof.tiles import Hashes, subtree
from quarterdeck.trail.proof.tree import HASH_BYTES, BadProof, node_hash


def prove(read: Hashes, index: int, size: int) -> list[bytes]:
    """The proof that leaf ``index`` is in the tree of ``size`` leaves, its sibling first.

    ``0 <= index < size`` must hold.
    """
    return [subtree(read, start, end) for start, end in path(index, 0, size)][::-1]


def path(index: int, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The subtrees beside the way from the root over ``start`` to ``end`` down to a leaf."""
    while end - start > 1:
        split = start + (1 << (end - start - 1).bit_length() - 1)
        if index < split:
            yield split, end
            end = split
        else:
            yield start, split
            start = split


def root_from(leaf: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes:
    """The root that ``proof`` leads to from the leaf hash ``leaf`` (RFC 9162, 2.1.3.2).

    Raises:
        BadProof: no such leaf in a tree of that size, or the proof is too long or short.
    """
    if not 0 <= index < size:
        raise BadProof(f"no leaf {index} in a tree of {size}")
    if len(leaf) != HASH_BYTES:
        raise BadProof(f"expected a leaf hash of {HASH_BYTES} bytes, got {len(leaf)}")
    place, last, root = index, size - 1, leaf
    for step in proof:
        if last == 0:
            raise BadProof("the proof is too long")
        if place & 1 or place == last:
            root = node_hash(step, root)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            root = node_hash(root, step)
        place, last = place >> 1, last >> 1
    if last:
        raise BadProof("the proof is too short")
    return root


def verify(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Raise BadProof unless ``proof`` shows ``leaf`` at ``index`` of the tree with ``root``."""
    if root_from(leaf, index, size, proof) != root:
        raise BadProof(f"leaf {index} does not lead to the root")
