"""Lines over time: where each point stands in a drawing. Gaps stay gaps. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import isfinite

WIDTH, HEIGHT, LEFT, BELOW, ABOVE = 640, 200, 56, 22, 8
SHADES = 6
TICKS, LABELS = 4, 4
LEAST = 1e-300  # what is smaller has no tenth
STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)

Values = Sequence[float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line, in as many pieces as gaps leave of it; a piece of one point is a dot."""

    name: str
    shade: int
    pieces: Sequence[str]
    dots: Sequence[tuple[float, float]]
    last: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A drawing of ``WIDTH`` by ``HEIGHT``.

    Attributes:
        ticks: height and value of lines across.
        labels: place and instant below.
        limit: height of the limit; None: there is none, or it lies outside.
    """

    lines: Sequence[Line]
    ticks: Sequence[tuple[float, float]]
    labels: Sequence[tuple[float, datetime]]
    limit: float | None


def chart(
    ats: Sequence[datetime], lines: Sequence[tuple[str, Values]], limit: float | None = None
) -> Chart:
    """Draw lines, each with a value or None for each of ``ats``; what is not finite is none."""
    lines = [(name, [_finite(value) for value in values]) for name, values in lines]
    known = [value for _, values in lines for value in values if value is not None]
    top = _top(max([*known, limit or 0.0]))
    rare = max(1, -(-len(ats) // LABELS))
    return Chart(
        lines=[_line(name, n, values, top) for n, (name, values) in enumerate(lines)],
        ticks=[(_y(top * n / TICKS, top), top * n / TICKS) for n in range(TICKS + 1)],
        labels=[(_x(n, len(ats)), at) for n, at in enumerate(ats) if n % rare == 0],
        limit=None if limit is None else _y(limit, top),
    )


def _line(name: str, number: int, values: Values, top: float) -> Line:
    pieces: list[list[tuple[float, float]]] = [[]]
    for n, value in enumerate(values):
        if value is None:
            pieces.append([])
        else:
            pieces[-1].append((_x(n, len(values)), _y(max(value, 0.0), top)))
    return Line(
        name=name,
        shade=number % SHADES,
        pieces=[" ".join(f"{x:g},{y:g}" for x, y in piece) for piece in pieces if len(piece) > 1],
        dots=[piece[0] for piece in pieces if len(piece) == 1],
        last=values[-1] if values else None,
    )


def _finite(value: float | None) -> float | None:
    return value if value is not None and isfinite(value) else None


def _x(at: int, among: int) -> float:
    return round(LEFT + at * (WIDTH - LEFT - 8) / max(1, among - 1), 1)


def _y(value: float, top: float) -> float:
    return round(ABOVE + (HEIGHT - ABOVE - BELOW) * (1 - value / top), 1)


def _top(most: float) -> float:
    """The least round number that is not below ``most``."""
    if most < LEAST:
        return 1.0
    scale = 1.0
    while scale * 10 <= most:
        scale *= 10
    while scale > most:
        scale /= 10
    return next((step * scale for step in STEPS if step * scale >= most), 10 * scale)
