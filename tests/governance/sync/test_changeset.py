import json
from base64 import b64decode
from hashlib import sha256
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.governance.sync.changeset import ChangeSet


def root(leaves: list[bytes]) -> str:
    tree = ChangeSet()
    for leaf in leaves:
        tree.add(leaf)
    return tree.root()


def as_written(leaves: list[bytes]) -> bytes:
    """The definition of RFC 6962, section 2.1, word for word."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0]).digest()
    k = 1 << (len(leaves) - 1).bit_length() - 1
    return sha256(b"\x01" + as_written(leaves[:k]) + as_written(leaves[k:])).digest()


@given(st.lists(st.binary(max_size=4), max_size=70))
def test_the_root_is_that_of_the_definition(leaves: list[bytes]) -> None:
    assert root(leaves) == as_written(leaves).hex()


# The leaves that RFC 6962's reference trees are made of, in the order of those trees.
PUBLISHED = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657"]
PUBLISHED += ["606162636465666768696a6b6c6d6e6f"]


def test_published_roots(shared_data: Path) -> None:
    folder = shared_data / "data" / "merkle-vectors" / "testdata" / "consistency"
    roots = {}
    for file in folder.rglob("happy-path*.json"):
        vector = json.loads(file.read_text())
        for which in ("1", "2"):
            roots[vector[f"size{which}"]] = b64decode(vector[f"root{which}"]).hex()
    known = {size: found for size, found in roots.items() if 0 < size <= len(PUBLISHED)}
    assert len(known) > 3
    leaves = [bytes.fromhex(leaf) for leaf in PUBLISHED]
    assert {size: root(leaves[:size]) for size in known} == known
