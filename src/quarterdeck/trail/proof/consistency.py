"""Consistency proofs: that tree begins with this one (RFC 6962 2.1.2, RFC 9162 2.1.4)."""

from collections.abc import Iterator, Sequence

from quarterdeck.trail.proof.tiles import Hashes, subtree
from quarterdeck.trail.proof.tree import EMPTY_ROOT, BadProof, node_hash


def prove(read: Hashes, old: int, new: int) -> list[bytes]:
    """The proof that the tree of ``new`` leaves begins with that of ``old``.

    ``0 <= old <= new`` must hold. Nothing needs proof when ``old`` is 0 or ``new``.
    """
    if old in (0, new):
        return []
    return [subtree(read, start, end) for start, end in _subproof(old, new)][::-1]


def _subproof(old: int, new: int) -> Iterator[tuple[int, int]]:
    start, end = 0, new
    while end != old:
        split = start + (1 << (end - start - 1).bit_length() - 1)
        if old <= split:
            yield split, end
            end = split
        else:
            yield start, split
            start = split
    if start:  # the old root itself is known to the verifier when it is a whole left subtree
        yield start, end


def verify(old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> None:
    """Check that the tree with ``new_root`` begins with that with ``old_root`` (RFC 9162, 2.1.4.2).

    Raises:
        BadProof: it does not, or nothing is proven: an ``old`` of 0 is in every tree.
    """
    if old == new:
        if proof or old_root != new_root or (new == 0 and new_root != EMPTY_ROOT):
            raise BadProof(f"two roots, or a proof, for one tree of {new}")
        return
    if not 0 < old < new:
        raise BadProof(f"no proof leads from size {old} to {new}")
    if _roots(old, new, proof, old_root) != (old_root, new_root):
        raise BadProof(f"the tree of {new} does not begin with the tree of {old}")


def _roots(old: int, new: int, proof: Sequence[bytes], old_root: bytes) -> tuple[bytes, bytes]:
    # A power of two is one whole subtree, whose hash the proof leaves out.
    steps = list(proof) if old & (old - 1) else [old_root, *proof]
    if not steps:
        raise BadProof("the proof is empty")
    place, last = old - 1, new - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    first = second = steps[0]
    for step in steps[1:]:
        if last == 0:
            raise BadProof("the proof is too long")
        if place & 1 or place == last:
            first, second = node_hash(step, first), node_hash(step, second)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            second = node_hash(second, step)
        place, last = place >> 1, last >> 1
    if last:
        raise BadProof("the proof is too short")
    return first, second
