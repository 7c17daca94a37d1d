"""Starting again what is down: when, how often, and what came of it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from quarterdeck.operations.health.model.state import Standing, State

WITHIN = timedelta(hours=1)
APART = timedelta(minutes=2)
"""How long a service has to come up before it is started again once more."""


class Means(StrEnum):
    """Who starts it again."""

    SUPERVISOR = "supervisor"
    COMMAND = "command"


class Result(StrEnum):
    """What came of an attempt. Whether the service came back, its probes say."""

    UNDER_WAY = "under way"
    STARTED = "started"
    DONE = "done"
    FAILED = "failed"
    UNKNOWN = "not known"


@dataclass(frozen=True, slots=True, kw_only=True)
class Restart:
    """One attempt.

    Attributes:
        number: of the service's attempts, from 1.
        detail: for people: what the command said, with what the process had ended.
    """

    id: str
    tenant: str
    environment: str
    service: str
    by: Means
    number: int
    at: datetime
    result: Result
    detail: str = ""


def is_due(
    standing: Standing,
    because_of: Sequence[str],
    tried: Sequence[Restart],
    now: datetime,
    most: int,
) -> bool:
    """Whether to start a service again now, at most ``most`` times an hour.

    Not while something that it depends on explains it: that is what to start again.
    """
    if standing.state is not State.DOWN or because_of:
        return False
    recent = [one for one in tried if now - one.at < WITHIN]
    if any(one.result is Result.UNDER_WAY for one in tried):
        return False
    return len(recent) < most and all(now - one.at >= APART for one in recent)


def command_of(tenant: str, environment: str, service: str) -> str:
    """The name of the file that starts it again. Environment and service have no dot."""
    return f"{tenant}.{environment}.{service}"
