"""Durations as ISO 8601 (``PT1H``, ``P1D``) and as Prometheus (``1h30m``) writes them. Pure."""

import re
from datetime import datetime, timedelta

from quarterdeck.kernel.clock import EPOCH
from quarterdeck.kernel.errors import Invalid

WRITTEN = re.compile(
    r"P(?=[\dT])(?:(\d{1,4})D)?(?:T(?=\d)(?:(\d{1,5})H)?(?:(\d{1,6})M)?(?:(\d{1,7})S)?)?"
)
PROMETHEUS = re.compile(
    "".join(f"(?:([0-9]{{1,15}}){unit})?" for unit in ("y", "w", "d", "h", "m", "s", "ms"))
)
WRITTEN_MS = (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1))
UNITS_MS = (31_536_000_000, 604_800_000, 86_400_000, 3_600_000, 60_000, 1000, 1)
LONGEST = timedelta(days=3650)
MOST_STEPS = 11_000
"""Of one answer, as Prometheus has it."""


class UnusableSpan(Invalid):
    """No duration, or one that is of no use here."""


def span(words: str) -> timedelta:
    """Read a duration longer than nothing.

    Raises:
        UnusableSpan: says what was expected.
    """
    found = WRITTEN.fullmatch(words)
    if found is None:
        raise UnusableSpan(f"expected a duration as PT1H, PT5M or P1D, got {words[:40]!r}")
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    total = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    if not total:
        raise UnusableSpan("a duration must be longer than nothing")
    return total


def prometheus(words: str) -> timedelta:
    """Read ``1h30m`` as Prometheus does, nothing too; ten years at most.

    Raises:
        UnusableSpan: in Prometheus' words.
    """
    found = PROMETHEUS.fullmatch(words)
    if words != "0" and (not words or found is None):
        raise UnusableSpan(f"not a valid duration string: {words[:40]!r}")
    numbers = found.groups() if found else ()
    total_ms = sum(int(n or 0) * unit for n, unit in zip(numbers, UNITS_MS, strict=False))
    if total_ms > LONGEST // timedelta(milliseconds=1):
        raise UnusableSpan(f"{words[:40]} is longer than ten years")
    return timedelta(milliseconds=total_ms)


def written_prometheus(length: timedelta) -> str:
    """As ``prometheus`` reads it, to the millisecond; of nothing empty."""
    left, words = length // timedelta(milliseconds=1), ""
    for unit, ms in WRITTEN_MS:
        number, left = divmod(left, ms)
        words += f"{number}{unit}" if number else ""
    return words


def steps(start: datetime, end: datetime, every: timedelta) -> list[datetime]:
    """The instants in (start, end] that are whole multiples of ``every`` since 1970.

    Raises:
        UnusableSpan: it would be more than ``MOST_STEPS``.
    """
    first = start - (start - EPOCH) % every + every
    count = max(0, (end - first) // every + 1)
    if count > MOST_STEPS:
        raise UnusableSpan(f"{count} points a series, at most {MOST_STEPS}: take a longer interval")
    return [first + every * n for n in range(count)]
