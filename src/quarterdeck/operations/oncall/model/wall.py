"""Wall clocks: the instants at which clocks somewhere show a time. Pure.

Clocks leap: some times are shown twice, some never. Whatever is said in wall time holds from one
instant, and a later time never from an earlier instant than an earlier time.
"""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from quarterdeck.operations.oncall.model.faults import UnusableSchedule

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)
"""Between these instants schedules are reckoned."""

SECOND = timedelta(seconds=1)
LONGEST_NAME = 64


@lru_cache(maxsize=1024)
def zone_of(name: str) -> ZoneInfo:
    """The zone of the IANA database; raise UnusableSchedule where there is none of that name."""
    plain = name.isascii() and name.isprintable() and len(name) <= LONGEST_NAME
    try:
        if plain and name[:1].isupper() and ".." not in name:
            return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        pass
    raise UnusableSchedule(f"expected a time zone such as Europe/Berlin, got {name[:80]!r}")


def instant_of(wall: datetime, zone: ZoneInfo) -> datetime:
    """From which instant (UTC) on clocks in ``zone`` show ``wall``, which is naive.

    Of a time that is shown twice it is the first; of one that is never shown it is the
    instant at which clocks leap over it.
    """
    found = wall.replace(tzinfo=zone).astimezone(UTC)
    return found if wall_of(found, zone) == wall else _leap(wall, zone)


def wall_of(instant: datetime, zone: ZoneInfo) -> datetime:
    """What clocks in ``zone`` show, naive."""
    return instant.astimezone(zone).replace(tzinfo=None)


def check_instant(at: datetime, what: str = "an instant") -> datetime:
    """``at`` in UTC; raise UnusableSchedule where it is beyond what schedules are reckoned for."""
    if not EARLIEST <= at <= LATEST:
        raise UnusableSchedule(
            f"{what} is from {EARLIEST.year} to {LATEST.year - 1}, got year {at.year}"
        )
    return at.astimezone(UTC)


@lru_cache(maxsize=4096)
def _leap(wall: datetime, zone: ZoneInfo) -> datetime:
    """When clocks leap over ``wall``: before, the offset is the one that fold 0 has (PEP 495)."""
    before = wall.replace(tzinfo=zone, fold=0).utcoffset() or timedelta(0)
    after = wall.replace(tzinfo=zone, fold=1).utcoffset() or timedelta(0)
    early, late = (wall - after).replace(tzinfo=UTC), (wall - before).replace(tzinfo=UTC)
    while late - early > SECOND:
        middle = early + (late - early) // SECOND // 2 * SECOND
        if middle.astimezone(zone).utcoffset() == before:
            early = middle
        else:
            late = middle
    return late
