"""The way from a leaf to the root, as it is drawn on a record's page. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from quarterdeck.trail.proof.tree import node_hash

MIDDLE, ASIDE, STEP, MARGIN = 150, 96, 46, 18


@dataclass(frozen=True, slots=True)
class Step:
    """One level up: with which sibling a node is hashed, on which side, and into what."""

    sibling: bytes
    left: bool
    parent: bytes


@dataclass(frozen=True, slots=True)
class Node:
    """A hash in the drawing; ``role`` is ``here``, ``way``, ``beside`` or ``top``."""

    x: int
    y: int
    digest: str
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """Nodes and lines (x1, y1, x2, y2, whether on the way) in a box of 300 by ``height``."""

    height: int
    nodes: Sequence[Node]
    lines: Sequence[tuple[int, int, int, int, bool]]


def steps(index: int, size: int, leaf: bytes, proof: Sequence[bytes]) -> Iterator[Step]:
    """The steps of an inclusion proof, leaf first (RFC 9162, 2.1.3.2)."""
    at, last, node = index, size - 1, leaf
    for sibling in proof:
        left = bool(at & 1) or at == last
        node = node_hash(sibling, node) if left else node_hash(node, sibling)
        # At the right edge, levels without a sibling are passed by.
        while left and not at & 1 and at:
            at, last = at >> 1, last >> 1
        at, last = at >> 1, last >> 1
        yield Step(sibling, left, node)


def drawing(index: int, size: int, leaf: bytes, proof: Sequence[bytes]) -> Drawing:
    """The path of leaf ``index`` in a tree of ``size``, the root on top."""
    way = list(steps(index, size, leaf, proof))
    height = len(way) * STEP + 2 * MARGIN
    nodes = [Node(MIDDLE, height - MARGIN, _brief(leaf), "here")]
    lines = []
    for level, step in enumerate(way):
        y = height - MARGIN - level * STEP
        x = MIDDLE - ASIDE if step.left else MIDDLE + ASIDE
        lines += [(MIDDLE, y, MIDDLE, y - STEP, True), (x, y, MIDDLE, y - STEP, False)]
        nodes.append(Node(x, y, _brief(step.sibling), "beside"))
        role = "top" if level == len(way) - 1 else "way"
        nodes.append(Node(MIDDLE, y - STEP, _brief(step.parent), role))
    return Drawing(height=height, nodes=nodes, lines=lines)


def _brief(digest: bytes) -> str:
    return digest.hex()[:8]
