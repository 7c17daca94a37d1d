"""Proofs against the vectors that transparency-dev/merkle publishes: good and bad."""

import json
import os
from base64 import b64decode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from quarterdeck.trail.proof import consistency, inclusion
from quarterdeck.trail.proof.tree import BadProof

PROJECT = Path(__file__).parents[3]
VECTORS = (
    Path(os.environ.get("QUARTERDECK_SHARED", PROJECT.parent / "shared"))
    / "data/merkle-vectors/testdata"
)


def cases(kind: str) -> list[Any]:
    files = sorted((VECTORS / kind).rglob("*.json"))
    if not files:
        absent = pytest.mark.skip(reason=f"no published vectors in {VECTORS}")
        return [pytest.param(Path(), marks=absent, id="absent")]
    return [pytest.param(f, id=str(f.relative_to(VECTORS / kind))) for f in files]


def bytes_of(text: str | None) -> bytes:
    return b64decode(text or "")


def is_good(check: Callable[[], None]) -> bool:
    try:
        check()
    except BadProof:
        return False
    return True


@pytest.mark.parametrize("file", cases("inclusion"))
def test_inclusion(file: Path) -> None:
    case = json.loads(file.read_text())
    proof = [bytes_of(step) for step in case["proof"] or []]
    leaf, root = bytes_of(case["leafHash"]), bytes_of(case["root"])
    good = is_good(lambda: inclusion.verify(leaf, case["leafIdx"], case["treeSize"], proof, root))
    assert good is not case["wantErr"]


@pytest.mark.parametrize("file", cases("consistency"))
def test_consistency(file: Path) -> None:
    case = json.loads(file.read_text())
    proof = [bytes_of(step) for step in case["proof"] or []]
    roots = bytes_of(case["root1"]), bytes_of(case["root2"])
    good = is_good(lambda: consistency.verify(case["size1"], case["size2"], proof, *roots))
    assert good is not case["wantErr"]
