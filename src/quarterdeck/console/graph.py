"""Services and what they depend on: where each stands in a drawing. Pure.

What others depend on stands right of them; a ring of dependencies is drawn, and ends nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

WIDE, HIGH, BESIDE, BELOW, EDGE = 180, 44, 70, 16, 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A thing, ``WIDE`` by ``HIGH``."""

    name: str
    x: float
    y: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """A drawing.

    Attributes:
        edges: path of each dependency, with who depends on whom.
    """

    nodes: Sequence[Node]
    edges: Sequence[tuple[str, str, str]]
    width: float
    height: float


def graph(depends_on: Mapping[str, Sequence[str]]) -> Graph:
    """Draw ``depends_on``; what is named there alone is a thing too."""
    names = [*depends_on, *(n for some in depends_on.values() for n in some)]
    known = {name: depends_on.get(name, ()) for name in dict.fromkeys(names)}
    columns: dict[int, list[str]] = {}
    for name, column in _columns(known).items():
        columns.setdefault(column, []).append(name)
    nodes = {
        name: Node(name=name, x=EDGE + column * (WIDE + BESIDE), y=EDGE + row * (HIGH + BELOW))
        for column, some in columns.items()
        for row, name in enumerate(sorted(some))
    }
    tallest = max(map(len, columns.values()), default=0)
    return Graph(
        nodes=list(nodes.values()),
        edges=[
            (name, on, _path(nodes[name], nodes[on])) for name, some in known.items() for on in some
        ],
        width=2 * EDGE + len(columns) * (WIDE + BESIDE) - BESIDE if columns else 0,
        height=2 * EDGE + tallest * (HIGH + BELOW) - BELOW if columns else 0,
    )


def _columns(known: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Each thing one column right of whatever depends on it, as far as there is no ring."""
    found = dict.fromkeys(known, 0)
    for _ in range(len(known) - 1):
        moved = False
        for name, some in known.items():
            for on in some:
                if found[on] <= found[name] < len(known) - 1:
                    found[on], moved = found[name] + 1, True
        if not moved:
            break
    used = {column: n for n, column in enumerate(sorted({*found.values()}))}
    return {name: used[column] for name, column in found.items()}


def _path(begins: Node, ends: Node) -> str:
    """A curve from the right edge of one to the left edge of the other."""
    x1, y1 = begins.x + WIDE, begins.y + HIGH / 2
    x2, y2 = ends.x, ends.y + HIGH / 2
    bend = max(BESIDE, abs(x2 - x1)) / 2
    return f"M{x1:g} {y1:g}C{x1 + bend:g} {y1:g} {x2 - bend:g} {y2:g} {x2:g} {y2:g}"
