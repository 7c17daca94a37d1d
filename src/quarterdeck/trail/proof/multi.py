"""Multiproofs: these entries are in that tree, by one list of hashes for all of them.

Walk down from the root as RFC 6962 splits a tree, left before right. A subtree that holds
none of the entries is not entered: its hash is the next of the proof. For entries that
follow each other without a gap this proves the range, and so that none of it is missing.
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence

from quarterdeck.trail.proof.tiles import Hashes, subtree
from quarterdeck.trail.proof.tree import HASH_BYTES, BadProof, node_hash, root_hash


def prove(read: Hashes, indices: Sequence[int], size: int) -> list[bytes]:
    """The proof that leaves ``indices`` are in the tree of ``size`` leaves.

    ``indices`` must rise, each from 0 to below ``size``; there must be one at least.
    """
    return [subtree(read, start, end) for start, end in _left_out(indices, 0, size)]


def root_from(leaves: Mapping[int, bytes], size: int, proof: Sequence[bytes]) -> bytes:
    """The root that ``proof`` leads to from leaf hashes by their index.

    Raises:
        BadProof: no leaf, one that is not in a tree of that size, or the proof is too long
            or too short.
    """
    indices = sorted(leaves)
    if not indices or indices[0] < 0 or indices[-1] >= size:
        raise BadProof(f"expected leaves of a tree of {size}, got {indices[:1]}..{indices[-1:]}")
    if any(len(part) != HASH_BYTES for part in (*leaves.values(), *proof)):
        raise BadProof(f"expected hashes of {HASH_BYTES} bytes")
    given = iter(proof)
    found = _hash(leaves, indices, given, 0, size)
    if next(given, None) is not None:
        raise BadProof("the proof is too long")
    return found


def verify(leaves: Mapping[int, bytes], size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Raise BadProof unless ``proof`` shows every leaf at its index of the tree with ``root``."""
    if root_from(leaves, size, proof) != root:
        raise BadProof(f"{len(leaves)} leaves do not lead to the root")


def _left_out(indices: Sequence[int], start: int, end: int) -> Iterator[tuple[int, int]]:
    inside = _count(indices, start, end)
    if not inside:
        yield start, end
    elif inside < end - start:
        split = _split(start, end)
        yield from _left_out(indices, start, split)
        yield from _left_out(indices, split, end)


def _hash(
    leaves: Mapping[int, bytes],
    indices: Sequence[int],
    given: Iterator[bytes],
    start: int,
    end: int,
) -> bytes:
    inside = _count(indices, start, end)
    if not inside:
        known = next(given, None)
        if known is None:
            raise BadProof("the proof is too short")
        return known
    if inside == end - start:
        return root_hash([leaves[index] for index in range(start, end)])
    split = _split(start, end)
    left = _hash(leaves, indices, given, start, split)
    return node_hash(left, _hash(leaves, indices, given, split, end))


def _count(indices: Sequence[int], start: int, end: int) -> int:
    return bisect_left(indices, end) - bisect_left(indices, start)


def _split(start: int, end: int) -> int:
    return start + (1 << (end - start - 1).bit_length() - 1)
