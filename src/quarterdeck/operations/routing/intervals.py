"""Time intervals: when a route is silent, or speaks. As timeinterval.go has them. Pure."""

import re
from calendar import monthrange
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

from quarterdeck.kernel.errors import Invalid

WEEKDAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
CLOCK = re.compile(r"((?:[01][0-9])|(?:2[0-3])):([0-5][0-9])|(24):(00)")
MOST_DAYS = 31
LATEST_YEAR = 9999

Range = tuple[int, int]
"""From and to, both of them in it; of times of day, the end is not."""


class BadInterval(Invalid):
    """A time interval cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeInterval:
    """A pattern in time; what is left out is any. Times are minutes of the day."""

    times: tuple[Range, ...] = ()
    weekdays: tuple[Range, ...] = ()
    days: tuple[Range, ...] = ()
    months: tuple[Range, ...] = ()
    years: tuple[Range, ...] = ()
    zone: tzinfo = UTC

    def contains(self, moment: datetime) -> bool:
        """Whether ``moment`` is in it."""
        local = moment.astimezone(self.zone)
        minute = local.hour * 60 + local.minute
        if self.times and not any(first <= minute < end for first, end in self.times):
            return False
        return (
            _in(self.weekdays, local.isoweekday() % 7)
            and _in(self.months, local.month)
            and _in(self.years, local.year)
            and self._has_day(local)
        )

    def _has_day(self, local: datetime) -> bool:
        last = monthrange(local.year, local.month)[1]
        found = []
        for first, end in self.days:
            begin = first if first > 0 else last + first + 1
            until = end if end > 0 else last + end + 1
            if begin <= last:
                found.append((max(begin, 1), min(until, last)))
        return not self.days or (bool(found) and _in(tuple(found), local.day))


def time_range(start: str, end: str) -> Range:
    """``09:00`` and ``17:30`` as minutes; raise BadInterval."""
    first, last = _minutes(start), _minutes(end)
    if first >= last:
        raise BadInterval(f"start time {start} must be before end time {end}")
    return first, last


def weekday_range(text: str) -> Range:
    """``monday:friday``, or one day."""
    return _range(text, lambda word: _named(word, WEEKDAYS, 0), "weekday")


def month_range(text: str) -> Range:
    """``january:march``, ``1:3``, or one month."""

    def month(word: str) -> int:
        number = _number(word) if word.isdecimal() else _named(word, MONTHS, 1)
        return _bounded(number, 1, len(MONTHS), word)

    return _range(text, month, "month")


def year_range(text: str) -> Range:
    """``2026:2028``, or one year."""
    return _range(text, lambda word: _bounded(_number(word), 1, LATEST_YEAR, word), "year")


def day_range(text: str) -> Range:
    """``1:5``, ``-3:-1`` (from the month's end), or one day."""
    first, _, end = text.partition(":")
    found = _day(first), _day(end or first)
    if found[0] < 0 < found[1]:
        raise BadInterval(f"end day must be negative if start day is negative: {text}")
    if (found[0] < 0) == (found[1] < 0) and found[0] > found[1]:
        raise BadInterval(f"start day is after end day: {text}")
    return found


def zone(name: str) -> tzinfo:
    """The time zone of that name."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise BadInterval(f"no time zone {name[:80]!r}") from error


def _in(ranges: Sequence[Range], value: int) -> bool:
    return not ranges or any(first <= value <= end for first, end in ranges)


def _minutes(text: str) -> int:
    found = CLOCK.fullmatch(text)
    if found is None:
        raise BadInterval(f"couldn't parse timestamp {text[:40]!r}, invalid format")
    hour, minute = found[1] or found[3], found[2] or found[4]
    return int(hour) * 60 + int(minute)


def _range(text: str, read: Callable[[str], int], what: str) -> Range:
    first, _, end = text.strip().lower().partition(":")
    found = read(first), read(end or first)
    if found[0] > found[1]:
        raise BadInterval(f"start {what} is after end {what}: {text[:40]}")
    return found


def _named(word: str, names: Sequence[str], base: int) -> int:
    if word not in names:
        raise BadInterval(f"{word[:40]!r} is none of {', '.join(names)}")
    return names.index(word) + base


def _day(word: str) -> int:
    number = _number(word)
    if number == 0:
        raise BadInterval("0 is not a valid day of the month")
    return _bounded(number, -MOST_DAYS, MOST_DAYS, word)


def _number(word: str) -> int:
    if not re.fullmatch(r"-?[0-9]{1,6}", word):
        raise BadInterval(f"{word[:40]!r} is no number")
    return int(word)


def _bounded(number: int, least: int, most: int, word: str) -> int:
    if not least <= number <= most:
        raise BadInterval(f"{word[:40]} is not between {least} and {most}")
    return number
