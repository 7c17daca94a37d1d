"""Which days of costs may still change, and how a range of days is cut. Pure."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from quarterdeck.kernel.errors import Invalid

RESTATED_UNTIL = 5
"""Day of the next month until which a month's charges are restated (Cost Management,
"Understand cost management data": usage can change until five days after the period)."""

DAY = timedelta(days=1)
LONGEST = timedelta(days=366 * 10)
LAST_DAY = date(9998, 12, 31)
"""None after this can be asked for: each day has a month after its own."""

LAST_MONTH = 999_912
"""Periods of months are YYYYMM, none after this; those of days, YYYYMMDD, are all greater."""


class InvalidSpan(Invalid):
    """A range of days that ends before it begins, is longer than ten years, or past all years."""


@dataclass(frozen=True, slots=True)
class Span:
    """Days from ``first`` to ``last``, both in it."""

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise InvalidSpan(f"end_date {self.last} is before start_date {self.first}")
        if self.last > LAST_DAY:
            raise InvalidSpan(f"end_date {self.last} is after {LAST_DAY}, the last that there is")
        if self.last - self.first > LONGEST:
            raise InvalidSpan("a range of days may be ten years long at most")

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.last - self.first).days + 1


@dataclass(frozen=True, slots=True)
class Periods:
    """Periods from ``first`` to ``last`` as the roll-ups number them: all days, or all months."""

    first: int
    last: int


def month_of(day: date) -> date:
    """The first day of its month."""
    return day.replace(day=1)


def end_of_month(day: date) -> date:
    """The last day of its month."""
    return (month_of(day) + timedelta(days=31)).replace(day=1) - DAY


def open_since(day: date) -> date:
    """The first day of the oldest month whose charges may still be restated on ``day``."""
    return month_of(day) if day.day > RESTATED_UNTIL else month_of(month_of(day) - DAY)


def wanted(today: date, read: date | None, days_back: int) -> list[Span]:
    """The days to ask for, a month or a part of one each, oldest first.

    What was still open when it was ``read`` last is read again; before the first reading,
    the ``days_back`` days before ``today``.
    """
    first = today - timedelta(days=days_back) if read is None else open_since(min(read, today))
    return list(months(Span(min(first, open_since(today)), today)))


def filled(spans: Sequence[Span], missing: Collection[int], since: date | None) -> list[Span]:
    """``spans``, a month or a part of one each, and the ``missing`` months (YYYYMM) among them.

    Of those, no day before ``since``; ``missing`` are over.
    """
    there = {month_of(span.first) for span in spans}
    firsts = {day_of(month) for month in missing} - there
    more = [
        Span(max(first, since or first), end_of_month(first))
        for first in firsts
        if since is None or since <= end_of_month(first)
    ]
    return sorted([*spans, *more], key=lambda span: span.first)


def months(span: Span) -> Iterator[Span]:
    """``span`` cut at the ends of months."""
    first = span.first
    while first <= span.last:
        last = min(end_of_month(first), span.last)
        yield Span(first, last)
        first = last + DAY


def periods(span: Span) -> list[Periods]:
    """``span`` as whole months where it has them, and days around them; each day once."""
    whole = [m for m in months(span) if m.first.day == 1 and m.last == end_of_month(m.first)]
    if not whole:
        return [days(span)]
    first, last = whole[0].first, whole[-1].last
    found = [Periods(_month(first), _month(last))]
    if span.first < first:
        found.append(days(Span(span.first, first - DAY)))
    if last < span.last:
        found.append(days(Span(last + DAY, span.last)))
    return found


def days(span: Span) -> Periods:
    """``span`` as days."""
    return Periods(day_period(span.first), day_period(span.last))


def day_period(day: date) -> int:
    """A day as a number: 20260228."""
    return day.year * 10_000 + day.month * 100 + day.day


def month_period(day: int) -> int:
    """The month of a day's number: 202602."""
    return day // 100


def day_of(period: int) -> date:
    """The first day of a period, be it a day or a month."""
    if period <= LAST_MONTH:
        period = period * 100 + 1
    return date(period // 10_000, period // 100 % 100, period % 100)


def _month(day: date) -> int:
    return month_period(day_period(day))
