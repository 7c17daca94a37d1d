"""What is made can be verified, and nothing else can."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.trail.proof import consistency, inclusion, multi
from quarterdeck.trail.proof.tree import BadProof, leaf_hash, root_hash
from trail.proof.trees import leaves, reader

SIZES = st.integers(1, 600)


@given(SIZES, st.data())
def test_a_leaf_that_is_there_can_be_proven(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    hashes = leaves(size)
    proof = inclusion.prove(reader(hashes), index, size)
    inclusion.verify(hashes[index], index, size, proof, root_hash(hashes))


@given(SIZES, st.data())
def test_a_tree_that_grew_can_be_proven(new: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(1, new))
    hashes = leaves(new)
    proof = consistency.prove(reader(hashes), old, new)
    consistency.verify(old, new, proof, root_hash(hashes[:old]), root_hash(hashes))


@given(st.integers(2, 600), st.data())
def test_an_inclusion_proof_with_a_bit_turned_is_refused(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    hashes = leaves(size)
    proof = inclusion.prove(reader(hashes), index, size)
    step, bit = data.draw(st.integers(0, len(proof) - 1)), data.draw(st.integers(0, 255))
    proof[step] = (int.from_bytes(proof[step], "big") ^ 1 << bit).to_bytes(32, "big")
    with pytest.raises(BadProof):
        inclusion.verify(hashes[index], index, size, proof, root_hash(hashes))


@given(st.integers(2, 600), st.data())
def test_a_tree_with_an_entry_rewritten_is_not_consistent(new: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(1, new - 1))
    hashes = leaves(new)
    forked = list(hashes)
    forked[data.draw(st.integers(0, old - 1))] = leaf_hash(b"rewritten")
    proof = consistency.prove(reader(forked), old, new)
    with pytest.raises(BadProof):
        consistency.verify(old, new, proof, root_hash(hashes[:old]), root_hash(forked))


@given(
    st.integers(-1, 40),
    st.integers(-1, 40),
    st.lists(st.sampled_from(leaves(9)), max_size=8),
)
def test_junk_is_refused_in_one_way_only(old: int, new: int, proof: list[bytes]) -> None:
    with suppress(BadProof):
        inclusion.verify(leaf_hash(b"x"), old, new, proof, leaf_hash(b"y"))
        pytest.fail("junk was taken for a proof")
    with pytest.raises(BadProof):
        consistency.verify(old, new, proof, leaf_hash(b"x"), leaf_hash(b"y"))


@given(SIZES, st.data())
def test_any_leaves_can_be_proven_at_once(size: int, data: st.DataObject) -> None:
    indices = sorted(data.draw(st.sets(st.integers(0, size - 1), min_size=1)))
    hashes = leaves(size)
    proof = multi.prove(reader(hashes), indices, size)
    multi.verify({index: hashes[index] for index in indices}, size, proof, root_hash(hashes))


@given(st.integers(2, 600), st.data())
def test_a_range_with_a_leaf_left_out_moved_or_altered_is_refused(
    size: int, data: st.DataObject
) -> None:
    first = data.draw(st.integers(0, size - 2))
    end = data.draw(st.integers(first + 2, size))
    hashes = leaves(size)
    proof = multi.prove(reader(hashes), range(first, end), size)
    shown = {index: hashes[index] for index in range(first, end)}
    victim = data.draw(st.integers(first, end - 1))
    left_out = {index: leaf for index, leaf in shown.items() if index != victim}
    altered = shown | {victim: leaf_hash(b"rewritten")}
    for wrong in (left_out, altered):
        with pytest.raises(BadProof):
            multi.verify(wrong, size, proof, root_hash(hashes))
    for badly in (proof[:-1], [*proof, leaf_hash(b"more")]):
        if badly != proof:
            with pytest.raises(BadProof):
                multi.verify(shown, size, badly, root_hash(hashes))


@pytest.mark.parametrize("shown", [{}, {-1: leaf_hash(b"")}, {3: leaf_hash(b"")}, {0: b"short"}])
def test_a_multiproof_of_what_cannot_be_there_is_refused(shown: dict[int, bytes]) -> None:
    with pytest.raises(BadProof):
        multi.root_from(shown, 3, [])
