"""Kinds of job: what runs a job of one name."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from quarterdeck.kernel.jobs.run import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class JobKind:
    """What runs jobs of one name.

    Attributes:
        version: the newest body it understands; a job with a newer one waits.
        max_attempts: claims after which a failing job stays failed.
        batch: how many a thread may take at once; more than 1 only for jobs that end within
            milliseconds, for those behind one that does not would wait for it.
        backoff: pause before the second attempt; doubles with each, up to ``MAX_BACKOFF``.
    """

    name: str
    run: Callable[[Run], None]
    version: int = 1
    max_attempts: int = 5
    batch: int = 1
    backoff: timedelta = timedelta(seconds=2)


MAX_BACKOFF = timedelta(minutes=15)
MOST = 20
DOUBLINGS = [1 << n for n in range(MOST)]


def pause(kind: JobKind, attempts: int) -> timedelta:
    """How long to wait after the ``attempts``-th attempt failed (1 is the first)."""
    return min(kind.backoff * DOUBLINGS[min(attempts, MOST) - 1], MAX_BACKOFF)
