"""Lengths of time as OpenSLO writes them (``30d``, ``1M``), and windows made of them. Pure."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from typing_extensions import override

from quarterdeck.kernel.errors import Invalid

WRITTEN = re.compile(r"([1-9][0-9]{0,3})([mhdwMQY])")
LONGEST = timedelta(days=366)


class UnusableLength(Invalid):
    """No length of time, or one of which no window is made."""


class Unit(StrEnum):
    """What lengths are counted in."""

    MINUTE = "m"
    HOUR = "h"
    DAY = "d"
    WEEK = "w"
    MONTH = "M"
    QUARTER = "Q"
    YEAR = "Y"


LENGTHS = {
    Unit.MINUTE: timedelta(minutes=1),
    Unit.HOUR: timedelta(hours=1),
    Unit.DAY: timedelta(days=1),
    Unit.WEEK: timedelta(weeks=1),
    # Of a rolling window: 43.2 minutes a month, as runbook 004 has it, hold for 30 days.
    Unit.MONTH: timedelta(days=30),
    Unit.QUARTER: timedelta(days=90),
    Unit.YEAR: timedelta(days=365),
}
MONTHS = {Unit.MONTH: 1, Unit.QUARTER: 3, Unit.YEAR: 12}
DAYS = {Unit.DAY: 1, Unit.WEEK: 7}


@dataclass(frozen=True, slots=True)
class Span:
    """A number of units."""

    count: int
    unit: Unit

    @property
    def length(self) -> timedelta:
        """How long it is where no calendar says: a month is 30 days."""
        return self.count * LENGTHS[self.unit]

    @override
    def __str__(self) -> str:
        return f"{self.count}{self.unit}"


def span(words: str) -> Span:
    """Read ``30d``.

    Raises:
        UnusableLength: says what was expected.
    """
    found = WRITTEN.fullmatch(words)
    if found is None:
        raise UnusableLength(f"expected a length such as 5m, 1h, 30d or 1M, got {words[:40]!r}")
    return Span(int(found[1]), Unit(found[2]))


@dataclass(frozen=True, slots=True)
class Calendar:
    """Where windows are counted from: as a clock in ``zone`` shows it."""

    start: datetime
    zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The time over which an objective is judged; without a calendar it rolls along."""

    span: Span
    calendar: Calendar | None = None

    def __post_init__(self) -> None:
        if self.span.length > LONGEST:
            raise UnusableLength(f"a window is at most {LONGEST.days} days long")
        if self.rolling and self.span.length < timedelta(hours=1):
            raise UnusableLength("a window is at least an hour long")
        if self.calendar is not None and self.span.unit in (Unit.MINUTE, Unit.HOUR):
            raise UnusableLength("a calendar counts days, weeks, months, quarters or years")

    @property
    def rolling(self) -> bool:
        """Whether it ends now, whenever that is."""
        return self.calendar is None

    def around(self, now: datetime) -> tuple[datetime, datetime]:
        """The window that ``now`` lies in, from and to (UTC); of a rolling one, to ``now``."""
        if self.calendar is None:
            return now - self.span.length, now
        number = _number(self.calendar, self.span, now)
        return _edge(self.calendar, self.span, number), _edge(self.calendar, self.span, number + 1)


def _number(by: Calendar, length: Span, now: datetime) -> int:
    """How many whole windows lie between the start and ``now``; below 0 before it."""
    here = now.astimezone(ZoneInfo(by.zone)).replace(tzinfo=None)
    if length.unit in MONTHS:
        months = (here.year - by.start.year) * 12 + here.month - by.start.month
        guess = months // (MONTHS[length.unit] * length.count)
    else:
        guess = (here - by.start) // timedelta(days=DAYS[length.unit] * length.count)
    # By the calendar the guess is off by one where the clock was changed, or late in a month.
    while _edge(by, length, guess) > now:
        guess -= 1
    while _edge(by, length, guess + 1) <= now:
        guess += 1
    return guess


def _edge(by: Calendar, length: Span, number: int) -> datetime:
    many = number * length.count
    if length.unit in MONTHS:
        local = _months_on(by.start, many * MONTHS[length.unit])
    else:
        local = by.start + timedelta(days=many * DAYS[length.unit])
    return local.replace(tzinfo=ZoneInfo(by.zone)).astimezone(UTC)


def _months_on(start: datetime, months: int) -> datetime:
    """So many months later; on the last day of a month that is too short."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    day = min(start.day, monthrange(year, month + 1)[1])
    return start.replace(year=year, month=month + 1, day=day)
