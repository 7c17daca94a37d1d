"""Uptime, worked out from spans of time in which it was known how a component is. Pure.

Days are those of UTC: each has 24 hours. What is not known counts for nothing, neither for
nor against; nor does maintenance that was announced. A partial outage counts for three
tenths of its time, a major one for all of it, as on Atlassian's pages.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from quarterdeck.operations.statuspage.model.component import Status, worst

SHOWN_DAYS = 90
DAY = timedelta(days=1)
TENTHS = {Status.PARTIAL: 3, Status.MAJOR: 10}
"""How many tenths of such time are lost."""

MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A component was so since then, until then; ``until`` None: it still is."""

    since: datetime
    until: datetime | None
    status: Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Lasted:
    """How long a component was in which state; what is missing was not known."""

    by: Mapping[Status, timedelta] = field(default_factory=dict)

    @property
    def worst(self) -> Status | None:
        """The worst that it was; None: nothing is known."""
        return worst(self.by)

    @property
    def known(self) -> timedelta:
        """For how long it is known how it was."""
        return sum(self.by.values(), timedelta(0))

    @property
    def percent(self) -> Decimal | None:
        """Of the time that counts, how much it was up: 0.00 to 100.00, never rounded up."""
        counted = (self.known - self.by.get(Status.MAINTENANCE, timedelta(0))) // MICROSECOND
        if not counted:
            return None
        lost = sum(self.by.get(s, timedelta(0)) // MICROSECOND * n for s, n in TENTHS.items())
        return Decimal((10 * counted - lost) * 1000 // counted).scaleb(-2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One day (UTC) of a component."""

    date: date
    lasted: Lasted


def days(spans: Iterable[Span], now: datetime, many: int = SHOWN_DAYS) -> list[Day]:
    """The last ``many`` days, today the last; today ends now."""
    first = now.astimezone(UTC).date() - timedelta(days=many - 1)
    found: dict[date, dict[Status, timedelta]] = {
        first + timedelta(days=n): {} for n in range(many)
    }
    for span in spans:
        for on, length in _by_day(span, _midnight(first), now):
            by = found[on]
            by[span.status] = by.get(span.status, timedelta(0)) + length
    return [Day(date=on, lasted=Lasted(by=by)) for on, by in found.items()]


def together(lasted: Sequence[Lasted]) -> Lasted:
    """Several times as one."""
    by: dict[Status, timedelta] = {}
    for one in lasted:
        for status, length in one.by.items():
            by[status] = by.get(status, timedelta(0)) + length
    return Lasted(by=by)


def _by_day(span: Span, begin: datetime, now: datetime) -> Iterator[tuple[date, timedelta]]:
    at, end = max(span.since, begin), min(span.until or now, now)
    while at < end:
        on = at.astimezone(UTC).date()
        until = min(_midnight(on) + DAY, end)
        yield on, until - at
        at = until


def _midnight(on: date) -> datetime:
    return datetime(on.year, on.month, on.day, tzinfo=UTC)
