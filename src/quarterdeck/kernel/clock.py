"""The time. The one module that may ask the machine for it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """Now, in UTC."""
    return datetime.now(UTC)


def since(now: datetime, moment: datetime) -> timedelta:
    """How long ago ``moment`` was; 0 where it lies ahead, for clocks differ and step back."""
    return max(now - moment, timedelta(0))


def micros(instant: datetime) -> int:
    """Microseconds since 1970 (UTC): how instants are stored. ``instant`` must be aware."""
    return (instant - EPOCH) // MICROSECOND


def instant(micros: int) -> datetime:
    """The instant, in UTC, that is stored as ``micros``."""
    return EPOCH + micros * MICROSECOND


def rfc3339(instant: datetime) -> str:
    """``instant`` as RFC 3339 in UTC, 2026-02-28T12:00:00Z; with microseconds if it has any."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")
