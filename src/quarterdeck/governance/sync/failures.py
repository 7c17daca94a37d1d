"""What a failure class means: whether to try again, when, and what a person should do.

Runbook 000, section 3.1, as the rulings settle it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from quarterdeck.governance.connections.model import Connection
from quarterdeck.governance.sync.ports import CloudFailure, FailureClass

RATE_LIMIT_PAUSE = timedelta(minutes=15)
LONGEST_PAUSE = timedelta(hours=6)
BACKOFF_BASE = timedelta(minutes=1)
BACKOFF_FACTOR = 2.0
BACKOFF_CAP = timedelta(minutes=15)

ATTEMPTS = {
    FailureClass.AUTHENTICATION: 1,
    FailureClass.RATE_LIMIT: 5,
    FailureClass.TIMEOUT: 5,
    FailureClass.DATA: 1,
    FailureClass.UNKNOWN: 2,
}
"""Runs in a row, the first included, before the failure is left to the next schedule."""

STOPS_THE_RUN = frozenset({FailureClass.AUTHENTICATION, FailureClass.RATE_LIMIT})
"""What one subscription suffers, all would: asking further makes it worse."""

FAILURES_IN_A_ROW = 3
"""Subscriptions that may fail one after another; then it is the cloud, not they."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A failure, and what follows from it.

    Attributes:
        action: for a person.
        again: pause before the run is repeated; None: it is not.
    """

    kind: FailureClass
    error: str
    request: str
    action: str
    again: timedelta | None


def worst(failures: Sequence[CloudFailure]) -> CloudFailure:
    """The failure that a run with several ends with: the one a person is needed for most."""
    return min(failures, key=lambda failure: list(FailureClass).index(failure.kind))


def judged(failure: CloudFailure, connection: Connection, attempt: int) -> Failure:
    """What follows from ``failure`` in the ``attempt``-th run in a row (1 is the first)."""
    again = _pause(failure, attempt) if attempt < ATTEMPTS[failure.kind] else None
    return Failure(
        kind=failure.kind,
        error=str(failure),
        request=failure.request_id,
        action=_action(failure.kind, connection, attempt),
        again=again,
    )


def _pause(failure: CloudFailure, attempt: int) -> timedelta:
    if failure.kind is FailureClass.RATE_LIMIT:
        if failure.retry_after_s is None:
            return RATE_LIMIT_PAUSE
        return min(timedelta(seconds=max(failure.retry_after_s, 0)), LONGEST_PAUSE)
    grown: float = BACKOFF_FACTOR ** (attempt - 1)
    return min(BACKOFF_BASE * grown, BACKOFF_CAP)


def _action(kind: FailureClass, connection: Connection, attempt: int) -> str:
    return {
        FailureClass.AUTHENTICATION: f"Rotate the credential of connection {connection.name}: "
        f"{_credential(connection)}; then sync again.",
        FailureClass.RATE_LIMIT: "Nothing to do: it is repeated when the cloud allows. "
        "If it recurs, sync less often.",
        FailureClass.TIMEOUT: "Look at the cloud's status page. If it is healthy, check the "
        "network from here to it; the run is repeated with growing pauses.",
        FailureClass.DATA: "The cloud's answer has changed its form. Look at the quarantined "
        "pages of this run, and update Quarterdeck.",
        FailureClass.UNKNOWN: "Set LOG_LEVEL=DEBUG and watch whether it happens again."
        if attempt < ATTEMPTS[kind]
        else "It can be reproduced: report it, with the run's id, error and request id.",
    }[kind]


def _credential(connection: Connection) -> str:
    client = f"client {connection.client}" if connection.client else "the platform's client"
    secret = connection.secret or "the platform's own secret (AZURE_CLIENT_SECRET)"
    return f"{client} in directory {connection.directory}, secret {secret}"
