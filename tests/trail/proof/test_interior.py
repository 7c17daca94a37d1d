"""Proofs from kept hashes are those that are made anew."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.trail.proof import inclusion
from quarterdeck.trail.proof.interior import Interior
from quarterdeck.trail.proof.tree import root_hash
from trail.proof.trees import leaves, reader

FULL = leaves(1100)


@given(st.lists(st.tuples(st.integers(1, 1100), st.integers(0, 1099)), min_size=1, max_size=20))
def test_a_tree_that_grows_proves_as_one_that_is_read_anew(asked: list[tuple[int, int]]) -> None:
    size = 0

    def standing(level: int, start: int, count: int) -> Sequence[bytes]:
        return reader(FULL)(level, start, min(count, (size >> 8 * level) - start))

    tree = Interior(standing)
    for size, place in sorted(asked):
        index = place % size
        assert tree.prove(index, size) == inclusion.prove(reader(FULL[:size]), index, size)
        assert tree.subtree(0, size) == root_hash(FULL[:size])
