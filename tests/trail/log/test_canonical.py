"""Canonical JSON against RFC 8785: the vectors of others, and another implementation."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.trail.log.canonical import NotCanonical, canonical

PROJECT = Path(__file__).parents[3]
VECTORS = (
    Path(os.environ.get("QUARTERDECK_SHARED", PROJECT.parent / "shared")) / "data/jcs/testdata"
)

# Every vector, and what becomes of it: the same bytes, or why it is refused.
SAME = {"arrays", "unicode"}
REFUSED = {
    "french": "member names must be ASCII",
    "structures": "float is not allowed",
    "values": "float is not allowed",
    "weird": "member names must be ASCII",
}

there = pytest.mark.skipif(not VECTORS.is_dir(), reason=f"no published vectors in {VECTORS}")

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(1 - 2**53, 2**53 - 1) | st.text(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.text(st.characters(max_codepoint=127)), inner)
    ),
)


@there
def test_every_vector_is_listed() -> None:
    assert {path.stem for path in (VECTORS / "input").iterdir()} == SAME | REFUSED.keys()


@there
@pytest.mark.parametrize("name", sorted(SAME))
def test_these_give_the_same_bytes(name: str) -> None:
    given_ = json.loads((VECTORS / "input" / f"{name}.json").read_bytes())
    assert canonical(given_) == (VECTORS / "output" / f"{name}.json").read_bytes()
    wanted = bytes.fromhex((VECTORS / "outhex" / f"{name}.txt").read_text())
    assert canonical(given_) == wanted


@there
@pytest.mark.parametrize(("name", "why"), REFUSED.items())
def test_these_are_refused(name: str, why: str) -> None:
    given_ = json.loads((VECTORS / "input" / f"{name}.json").read_bytes())
    with pytest.raises(NotCanonical, match=why):
        canonical(given_)


@given(JSON)
def test_the_bytes_are_those_of_another_implementation(value: Any) -> None:  # noqa: ANN401  any JSON
    assert canonical(value) == rfc8785.dumps(value)


@pytest.mark.parametrize(
    "value",
    [1.0, 2**53, -(2**53), {"é": 1}, {1: 1}, "\ud800", [[[1.5]]], b"x", {"\ud800": 1}],
)
def test_what_has_no_agreed_form_is_refused(value: object) -> None:
    with pytest.raises(NotCanonical):
        canonical(value)


def test_nesting_has_a_bound() -> None:
    deep: object = 1
    for _ in range(65):
        deep = [deep]
    with pytest.raises(NotCanonical, match="deep"):
        canonical(deep)
