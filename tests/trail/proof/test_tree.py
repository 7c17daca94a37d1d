"""RFC 6962 hashing, against vectors of others: a tree tested by itself proves nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.trail.proof import tiles
from quarterdeck.trail.proof.tree import join, leaf_hash, node_hash, peaks, root_hash
from trail.proof.trees import leaves, reader

# From transparency-dev/merkle, testonly/constants.go.
LEAVES = ["", "00", "10", "2021", "3031", "40414243"]
ROOTS = {
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    6: "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
}


def split_root(hashes: list[bytes]) -> bytes:
    """The definition of RFC 6962, word by word."""
    if len(hashes) < 2:
        return root_hash(hashes)
    split = 1 << (len(hashes) - 1).bit_length() - 1
    return node_hash(split_root(hashes[:split]), split_root(hashes[split:]))


@pytest.mark.parametrize(("size", "root"), ROOTS.items())
def test_roots(size: int, root: str) -> None:
    assert root_hash([leaf_hash(bytes.fromhex(leaf)) for leaf in LEAVES[:size]]).hex() == root


def test_the_root_of_nothing_is_the_hash_of_nothing() -> None:
    assert root_hash([]).hex().startswith("e3b0c44298fc1c14")


@given(st.integers(0, 700))
def test_a_root_is_that_of_the_definition(size: int) -> None:
    assert root_hash(leaves(size)) == split_root(leaves(size))


@given(st.integers(0, 2000))
def test_the_right_edge_is_enough_for_the_root(size: int) -> None:
    hashes = leaves(size)
    assert tiles.root(reader(hashes), size) == root_hash(hashes)
    edge = [root_hash(hashes[i << h : (i + 1) << h]) for h, i in peaks(0, size)]
    assert join(edge) == root_hash(hashes)
