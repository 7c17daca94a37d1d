"""The targets of runbook 000, section 11.2: what is measured, and its advice where it is missed.

Pure: whoever asks brings the numbers.
"""

from collections.abc import Iterator
from dataclasses import dataclass

CACHE_PERCENT, ANSWER_MS, SYNC_S = 80, 500, 1800
GIB = 1 << 30
FEWEST = 10  # questions to the caches: before so many, their rate says nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One target.

    Attributes:
        value: as measured; None: not known, for ``reason``.
        met: None where it is not known.
    """

    metric: str
    target: str
    unit: str
    value: float | None
    met: bool | None
    advice: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """The numbers. None is not known.

    Attributes:
        asked: questions to the caches that the rate is of.
        api_ms: so long took 95 of 100 of the last requests, at most.
        longest_sync_s: the longest of the last runs.
    """

    hit_rate_percent: float
    asked: int
    api_ms: float | None
    longest_sync_s: float | None
    database_bytes: int | None


def targets(found: Measured) -> Iterator[Target]:
    """The four targets. Equal to a limit is over it."""
    enough = found.asked >= FEWEST
    yield _target(
        ("cache_hit_rate", f"> {CACHE_PERCENT}", "percent"),
        found.hit_rate_percent if enough else None,
        met=found.hit_rate_percent > CACHE_PERCENT,
        advice="Enable caching, or increase the time to live.",
        reason=f"{found.asked} questions so far; a rate is of {FEWEST} or more",
    )
    yield _target(
        ("api_response_time", f"< {ANSWER_MS}", "milliseconds, p95"),
        found.api_ms,
        met=(found.api_ms or 0) < ANSWER_MS,
        advice="Add indexes, or optimize the slow queries: GET /monitoring/queries?slow_only=true.",
        reason="this process has answered nothing yet",
    )
    yield _target(
        ("sync_duration", f"< {SYNC_S}", "seconds"),
        found.longest_sync_s,
        met=(found.longest_sync_s or 0) < SYNC_S,
        advice="Scale the plan up, or give the worker more threads (worker_threads).",
        reason="no sync has ended, or you need sync:read to know",
    )
    yield _target(
        ("database_size", f"< {GIB}", "bytes"),
        found.database_bytes,
        met=(found.database_bytes or 0) < GIB,
        advice="Archive old data.",
        reason="the database does not say",
    )


def _target(
    what: tuple[str, str, str], value: float | None, *, met: bool, advice: str, reason: str
) -> Target:
    metric, target, unit = what
    known = value is not None
    return Target(
        metric=metric,
        target=target,
        unit=unit,
        value=value,
        met=met if known else None,
        advice=advice if known and not met else "",
        reason="" if known else reason,
    )
