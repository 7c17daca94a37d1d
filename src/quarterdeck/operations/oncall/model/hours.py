"""Hours of the week in which somebody answers, by a wall clock: for follow-the-sun. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from quarterdeck.operations.oncall.model.rotation import DAY, WEEKDAYS
from quarterdeck.operations.oncall.model.wall import instant_of, wall_of

EVERY_DAY = frozenset(range(7))
MIDNIGHT = time(0)


@dataclass(frozen=True, slots=True)
class Span:
    """From an instant on, until just before another."""

    start: datetime
    end: datetime

    @property
    def length(self) -> timedelta:
        """How long it is."""
        return max(self.end - self.start, timedelta(0))

    def cut(self, since: datetime, until: datetime) -> "Span":
        """What of it is within [since, until)."""
        return Span(max(self.start, since), min(self.end, until))


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """Times of some days of the week.

    Attributes:
        days: 0 is Monday; on which they begin.
        since, until: by the wall clock; until the next day where ``until`` is not later.
    """

    days: frozenset[int] = EVERY_DAY
    since: time = MIDNIGHT
    until: time = MIDNIGHT

    @property
    def always(self) -> bool:
        """Whether they leave nothing out."""
        return self.days == EVERY_DAY and self.since == self.until

    @property
    def words(self) -> str:
        """For people."""
        days = "every day" if self.days == EVERY_DAY else ", ".join(_names(self.days))
        return f"{days} {self.since:%H:%M} to {self.until:%H:%M}"


NIGHTS = (Hours(since=time(22), until=time(6)),)
WEEKENDS = (Hours(days=frozenset({5, 6})),)


def windows(hours: Sequence[Hours], zone: ZoneInfo, since: datetime, until: datetime) -> list[Span]:
    """The spans of ``hours`` that touch [since, until), in order; those that touch are one."""
    found: list[Span] = []
    for one in sorted(_windows(hours, zone, since, until), key=lambda span: span.start):
        if one.start >= one.end:
            continue
        if found and one.start <= found[-1].end:
            found[-1] = Span(found[-1].start, max(found[-1].end, one.end))
        else:
            found.append(one)
    return [one for one in found if one.end > since and one.start < until]


def _windows(
    hours: Sequence[Hours], zone: ZoneInfo, since: datetime, until: datetime
) -> Iterator[Span]:
    day, last = wall_of(since, zone).date() - 2 * DAY, wall_of(until, zone).date()
    while day <= last:
        for one in hours:
            if day.weekday() in one.days:
                end = day + DAY if one.until <= one.since else day
                yield Span(
                    instant_of(datetime.combine(day, one.since), zone),
                    instant_of(datetime.combine(end, one.until), zone),
                )
        day += DAY


def _names(days: frozenset[int]) -> list[str]:
    return [WEEKDAYS[day] for day in sorted(days)]
