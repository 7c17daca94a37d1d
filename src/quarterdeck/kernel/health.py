"""Health: named checks and what they answer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from time import perf_counter


class Health(StrEnum):
    """How a thing is; worse is later."""

    HEALTHY = "healthy"
    DEGRADED = "degraded"
    UNHEALTHY = "unhealthy"


class CheckFailed(Exception):
    """A check found its subject unhealthy; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What one check found.

    Attributes:
        description: for people, with live numbers: "pool 1 of 10, schema 4".
        duration_s: how long the check took; set by ``run``.
        failure: the kind and words of what went wrong; empty unless unhealthy.
    """

    status: Health
    description: str
    duration_s: float = 0.0
    failure: str = ""


def healthy(words: str) -> Entry:
    """A healthy entry."""
    return Entry(status=Health.HEALTHY, description=words)


def degraded_if(impaired: bool, words: str) -> Entry:  # noqa: FBT001  the words stand beside it
    """An entry that is degraded, or healthy."""
    return Entry(status=Health.DEGRADED if impaired else Health.HEALTHY, description=words)


Check = Callable[[], Entry]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All entries by name; the whole is as healthy as the worst of them."""

    entries: Mapping[str, Entry]
    duration_s: float

    @property
    def status(self) -> Health:
        order = list(Health)
        return max((e.status for e in self.entries.values()), key=order.index, default=order[0])


def run(
    checks: Mapping[str, Check], expected: type[Exception] | tuple[type[Exception], ...]
) -> Report:
    """Run every check; an ``expected`` exception is an unhealthy entry, any other a bug."""
    started = perf_counter()
    entries = {name: _timed(check, expected) for name, check in checks.items()}
    return Report(entries=entries, duration_s=perf_counter() - started)


def _timed(check: Check, expected: type[Exception] | tuple[type[Exception], ...]) -> Entry:
    started = perf_counter()
    try:
        found = check()
    except expected as error:
        found = Entry(
            status=Health.UNHEALTHY,
            description=str(error),
            failure=f"{type(error).__name__}: {error}",
        )
    return Entry(
        status=found.status,
        description=found.description,
        duration_s=perf_counter() - started,
        failure=found.failure,
    )
