"""Bars by day, stacked by what they are made of: where each stands in a drawing. Pure."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from quarterdeck.governance.costs.calendar import DAY, Span

WIDTH, HEIGHT, LEFT, BELOW, ABOVE = 960, 240, 64, 24, 8
SHOWN = 5
TICKS = 4
STEPS = (Decimal(1), Decimal(2), Decimal("2.5"), Decimal(5), Decimal(10))
OTHERS = "others"
LABELS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A part of a day's bar; ``shade`` counts from 0."""

    x: float
    y: float
    width: float
    height: float
    shade: int
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """A day of the drawing, over its full height: what is pointed at, and what it says.

    Attributes:
        words: the day's sum and its parts, credits too; that nothing is known, where it is not.
    """

    x: float
    width: float
    day: date
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """A drawing of ``WIDTH`` by ``HEIGHT``.

    Attributes:
        ticks: height and words of lines across.
        labels: place and words below.
        gaps: place and width of days that nothing is known of.
        names: what each shade stands for.
        days: every day, known or not.
    """

    pieces: Sequence[Piece]
    ticks: Sequence[tuple[float, str]]
    labels: Sequence[tuple[float, str]]
    gaps: Sequence[tuple[float, float]]
    names: Sequence[str]
    days: Sequence[Whole]


Amounts = Sequence[tuple[date, str, Decimal]]
"""Day, key and amount, all in one currency."""


def bars(span: Span, amounts: Amounts) -> Bars:
    """Each day's amounts, the largest ``SHOWN`` keys apart and the others together.

    What is below zero (a credit) is not drawn; the table behind has it.
    """
    names = _names(amounts)
    days: dict[date, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for day, key, amount in amounts:
        days[day][key if key in names else OTHERS] += amount
    top = _top(max((_above(parts) for parts in days.values()), default=Decimal(0)))
    step = (WIDTH - LEFT) / span.days
    every = [span.first + DAY * n for n in range(span.days)]
    pieces = [
        piece
        for n, day in enumerate(every)
        for piece in _stack(LEFT + n * step, step * 0.82, day, days.get(day, {}), names, top)
    ]
    rare = max(1, -(-span.days // LABELS))
    return Bars(
        pieces=pieces,
        ticks=[(_y(top * n / TICKS, top), f"{top * n / TICKS:,.6g}") for n in range(TICKS + 1)],
        labels=[(LEFT + n * step, f"{d:%b} {d.day}") for n, d in enumerate(every) if n % rare == 0],
        gaps=[(LEFT + n * step, step) for n, day in enumerate(every) if day not in days],
        names=names,
        days=[
            Whole(
                x=round(LEFT + n * step, 2),
                width=round(step, 2),
                day=day,
                words=_told(day, days.get(day), names),
            )
            for n, day in enumerate(every)
        ],
    )


def _told(day: date, parts: dict[str, Decimal] | None, names: Sequence[str]) -> str:
    if parts is None:
        return f"{day}: nothing is known"
    each = [f"{name} {parts[name]:,.2f}" for name in names if parts.get(name)]
    return f"{day}: {sum(parts.values(), Decimal(0)):,.2f} = {' + '.join(each) or 'nothing'}"


def _names(amounts: Amounts) -> list[str]:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for _, key, amount in amounts:
        sums[key] += amount
    ranked = sorted(sums, key=lambda key: (-sums[key], key))
    return ranked if len(ranked) <= SHOWN + 1 else [*ranked[:SHOWN], OTHERS]


def _above(parts: dict[str, Decimal]) -> Decimal:
    return sum((amount for amount in parts.values() if amount > 0), Decimal(0))


def _top(highest: Decimal) -> Decimal:
    if highest <= 0:
        return Decimal(1)
    power = Decimal(10) ** highest.adjusted()
    return next(power * step for step in STEPS if power * step >= highest)


def _stack(
    x: float,
    width: float,
    day: date,
    parts: dict[str, Decimal],
    names: Sequence[str],
    top: Decimal,
) -> list[Piece]:
    under, found = Decimal(0), []
    for shade, name in enumerate(names):
        amount = parts.get(name, Decimal(0))
        if amount <= 0:
            continue
        y = _y(under + amount, top)
        found.append(
            Piece(
                x=round(x, 2),
                y=y,
                width=round(width, 2),
                height=round(_y(under, top) - y, 2),
                shade=shade,
                words=f"{day} {name} {amount:,.2f}",
            )
        )
        under += amount
    return found


def _y(amount: Decimal, top: Decimal) -> float:
    room = HEIGHT - BELOW - ABOVE
    return round(HEIGHT - BELOW - float(amount / top) * room, 2)
