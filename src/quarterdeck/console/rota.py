"""Shifts over some days: where each stands in a drawing, a row a layer and one of all. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from quarterdeck.operations.oncall.model.hours import Span
from quarterdeck.operations.oncall.model.person import People
from quarterdeck.operations.oncall.model.rotation import DAY
from quarterdeck.operations.oncall.model.shifts import Shift
from quarterdeck.operations.oncall.model.wall import instant_of, wall_of, zone_of

WIDTH, LEFT, ABOVE, ROW, BAR = 960, 132, 22, 34, 24
SHADES = 6
LETTER = 7.2
"""How wide a letter of the drawing is at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A shift in the drawing; ``shade`` -1 is a hole, and ``label`` fits into it.

    Attributes:
        start, end: by the wall clock, as a field of date and time has them.
        person: as the schedule has them; empty: nobody.
    """

    x: float
    width: float
    shade: int
    label: str
    words: str
    start: str
    end: str
    person: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A layer, or what all of them come to."""

    name: str
    y: int
    pieces: Sequence[Piece]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rota:
    """A drawing of ``WIDTH`` by ``height``.

    Attributes:
        days: where each begins by the wall clock, what it is called, and its date.
        until: the date after the last.
        now: where this instant is; None: outside.
        shades: of everybody who is in it.
    """

    rows: Sequence[Row]
    height: int
    days: Sequence[tuple[float, str, str]]
    until: str
    now: float | None
    shades: Mapping[str, int]


def rota(
    rows: Mapping[str, Sequence[Shift]], span: Span, zone: str, who: People, now: datetime
) -> Rota:
    """Draw rows of shifts, the last of them the final one, by the wall clock of ``zone``."""
    words = [one.duty.person for shifts in rows.values() for one in shifts if one.duty.person]
    shades = {word: n % SHADES for n, word in enumerate(dict.fromkeys(words))}
    drawn = [
        Row(
            name=name,
            y=ABOVE + n * ROW,
            pieces=[_piece(one, span, zone, who, shades) for one in shifts],
        )
        for n, (name, shifts) in enumerate(rows.items())
    ]
    return Rota(
        rows=drawn,
        height=ABOVE + len(drawn) * ROW,
        days=_days(span, zone),
        until=wall_of(span.end, zone_of(zone)).date().isoformat(),
        now=_x(now, span) if span.start <= now < span.end else None,
        shades=shades,
    )


def midnight(at: datetime, zone: str) -> datetime:
    """When the day of ``at`` begins by the wall clock."""
    day = wall_of(at, zone_of(zone)).date()
    return instant_of(datetime.combine(day, time(0)), zone_of(zone))


def wall_word(at: datetime, zone: str) -> str:
    """An instant by the wall clock, as a field of date and time has it."""
    return f"{wall_of(at, zone_of(zone)):%Y-%m-%dT%H:%M}"


def begin(span: Span, zone: str, now: datetime) -> dict[str, str]:
    """What a form of an override begins with for a span: what of it is still to come."""
    return {"start": wall_word(max(span.start, now), zone), "end": wall_word(span.end, zone)}


def _piece(one: Shift, span: Span, zone: str, who: People, shades: Mapping[str, int]) -> Piece:
    x, end = _x(one.span.start, span), _x(one.span.end, span)
    name = who.of(one.duty.person).name
    start, until = (f"{wall_of(at, zone_of(zone)):%a %d %b %H:%M}" for at in _ends(one))
    fits = len(name) * LETTER < end - x
    return Piece(
        x=x,
        width=round(end - x, 2),
        shade=shades.get(one.duty.person, -1),
        label=name if fits else "",
        start=wall_word(one.span.start, zone),
        end=wall_word(one.span.end, zone),
        person=one.duty.person,
        words=f"{name}, {start} to {until}, by {one.duty.source.value} {one.duty.name}".strip(),
    )


def _ends(one: Shift) -> tuple[datetime, datetime]:
    return one.span.start, one.span.end


def _days(span: Span, zone: str) -> list[tuple[float, str, str]]:
    found, at = [], midnight(span.start, zone)
    while at < span.end:
        if at >= span.start:
            day = wall_of(at, zone_of(zone))
            found.append((_x(at, span), f"{day:%a %d}", day.date().isoformat()))
        at = midnight(at + DAY + timedelta(hours=3), zone)
    return found


def _x(at: datetime, span: Span) -> float:
    return round(LEFT + (at - span.start) / span.length * (WIDTH - LEFT), 2)
