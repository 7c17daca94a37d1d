"""What a failure class means: whether to try again, when, and what a person should do.

Runbook 000, section 3.1, as the rulings settle it.
"""

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from quarterdeck.governance.cloud.ports import (
    CloudCondition,
    CloudFailure,
    CloudStatus,
    Denied,
    FailureClass,
)
from quarterdeck.governance.connections.model import Connection
from quarterdeck.governance.sync.model import Backoff

RATE_LIMIT_PAUSE = timedelta(minutes=15)
LONGEST_PAUSE = timedelta(hours=6)
HOLD_PAUSE = timedelta(minutes=1)
"""After which a cloud that said that it is degraded is asked again how it does."""

ATTEMPTS = {
    FailureClass.AUTHENTICATION: 1,
    FailureClass.RATE_LIMIT: 5,
    FailureClass.TIMEOUT: 5,
    FailureClass.DATA: 3,
    FailureClass.UNKNOWN: 2,
}
"""Runs in a row, the first included, before the failure is left to the next schedule."""

STOPS_THE_RUN = frozenset({FailureClass.AUTHENTICATION, FailureClass.RATE_LIMIT})
"""What one subscription suffers, all would: asking further makes it worse."""

FAILURES_IN_A_ROW = 3
"""Subscriptions that may fail one after another; then it is the cloud, not they."""


class Doubted(CloudFailure):
    """The cloud says that nothing is left where something was: believed when it says so again.

    Attributes:
        where: the listing, as its repetition is told.
        gone: items that were known.
        subscription: whose they are; empty where that is not told.
    """

    def __init__(
        self, where: str, gone: int, *, said: str = "was answered with nothing", of: str = ""
    ) -> None:
        """``said``: what the cloud says of ``where``; ``of``: the subscription."""
        words = f"{where} {said}".rstrip() + f"; {gone} items were known"
        super().__init__(FailureClass.DATA, f"{words}. They are kept until it is said again")
        self.where = where
        self.gone = gone
        self.subscription = of


def believe(
    doubted: Collection[str], gone: int, seen: int, where: str, subscription: str = ""
) -> None:
    """Raise Doubted where an answer has nothing of the ``gone`` items that were known.

    ``doubted`` are the listings of which the run before was told the same: a run that is
    repeated for anything else has not asked twice yet.
    """
    if gone and not seen and where not in doubted:
        raise Doubted(where, gone, of=subscription)


def vanished(
    doubted: Collection[str], subscription: str, gone: int, name: str = ""
) -> Doubted | None:
    """The doubt that a subscription is gone, because the list of them lacks it.

    None where nothing was known of it, or where ``doubted`` says that it was lacking before.
    """
    where = f"the list of subscriptions lacks {name or subscription} ({subscription})"
    if not gone or where in doubted:
        return None
    return Doubted(where, gone, said="", of=subscription)


def doubts(failures: Iterable[CloudFailure]) -> tuple[str, ...]:
    """The listings that are believed if they are empty again."""
    return tuple(failure.where for failure in failures if isinstance(failure, Doubted))


class Unread(CloudFailure):
    """Single items of a listing that came to its end could not be read; all others were.

    Attributes:
        items: how many.
        seen: how many the listing had; 0 where that is not known.
    """

    def __init__(self, items: int, seen: int, where: str, kept: int = 0) -> None:
        """``kept``: items that the listing lacks, and that may be among the unreadable."""
        of = f"{items} of {seen}" if seen else f"{items}"
        words = f"{of} items of {where} could not be read; they are in quarantine"
        words += f". {kept} that it lacks are kept: they may be among these" if kept else ""
        super().__init__(FailureClass.DATA, words)
        self.items = items
        self.seen = seen


def mostly(unread: int, seen: int) -> bool:
    """Whether ``unread`` of ``seen`` items are too many to be single ones.

    Where more than half cannot be read, it is the cloud's form that has changed, and what
    is left of the data is no picture of what there is.
    """
    return unread * 2 > seen


class Unseen(Denied):
    """The credential sees no subscription at all: the cloud does not say whether there are any.

    However often it is said: who lost their last role gets the same answer.

    Attributes:
        gone: items that were known.
    """

    def __init__(self, gone: int) -> None:
        super().__init__("the cloud shows no subscription to this credential", missing="Reader")
        self.gone = gone


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A failure, and what follows from it.

    Attributes:
        action: for a person.
        again: pause before the run is repeated; None: it is not.
        held: the cloud's words, where it says that it is degraded: the run waits for it.
        reproducible: nobody knows what it is, and it happened again.
        doubted: listings whose emptiness the repetition believes.
    """

    kind: FailureClass
    error: str
    request: str
    action: str
    again: timedelta | None
    held: str = ""
    reproducible: bool = False
    doubted: Sequence[str] = ()


def stops(failure: CloudFailure) -> bool:
    """Whether to ask no further parts. What one part is denied says nothing of the others."""
    return failure.kind in STOPS_THE_RUN and not isinstance(failure, Denied)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parted:
    """What kept a reading from all there is: what may not be read, what cannot, what broke."""

    denied: Sequence[Denied]
    unread: Sequence[Unread]
    broken: Sequence[CloudFailure]


def parted(failures: Sequence[CloudFailure]) -> Parted:
    """``failures`` by what they mean for the data."""
    return Parted(
        denied=[one for one in failures if isinstance(one, Denied)],
        unread=[one for one in failures if isinstance(one, Unread)],
        broken=[one for one in failures if not isinstance(one, Denied | Unread)],
    )


def worst(failures: Sequence[CloudFailure]) -> CloudFailure:
    """The failure that a run with several ends with: the one a person is needed for most."""
    return min(failures, key=lambda failure: list(FailureClass).index(failure.kind))


def temporary(failure: CloudFailure) -> bool:
    """Whether an answer that could not be read was no JSON at all: cut short, or a page of HTML.

    JSON of another form than known is not temporary: the cloud has changed it. An answer
    with nothing in it may be.
    """
    if isinstance(failure, Doubted):
        return True
    if failure.kind is not FailureClass.DATA or not failure.page:
        return False
    try:
        json.loads(failure.page)
    except RecursionError:
        return False
    except ValueError:
        return True
    return False


def granting(denied: Sequence[Denied]) -> str:
    """What a person should do to know what is not known now."""
    wanted = ", ".join(sorted({failure.missing for failure in denied}))
    return f"What these would tell is not known: {wanted}. Grant them to know it too."


def judged(
    failure: CloudFailure,
    connection: Connection,
    attempt: int,
    backoff: Backoff | None = None,
    status: CloudStatus | None = None,
) -> Failure:
    """What follows from ``failure`` in the ``attempt``-th run in a row (1 is the first).

    ``status`` is the cloud's own word, asked after a timeout.
    """
    held = _held(failure, status)
    goes_on = attempt < _attempts(failure)
    again = HOLD_PAUSE if held else _pause(failure, attempt, backoff or Backoff())
    return Failure(
        kind=failure.kind,
        error=str(failure),
        request=failure.request_id,
        action=_held_action(held) if held else _action(failure, connection, again=goes_on),
        again=again if held or goes_on else None,
        held=held,
        reproducible=failure.kind is FailureClass.UNKNOWN and not goes_on,
    )


def _held(failure: CloudFailure, status: CloudStatus | None) -> str:
    if failure.kind is not FailureClass.TIMEOUT or status is None:
        return ""
    if status.condition is not CloudCondition.DEGRADED:
        return ""
    return status.detail or "the cloud says that it is degraded"


def _attempts(failure: CloudFailure) -> int:
    if isinstance(failure, Doubted):  # may come late, behind other failures, and is asked again
        return max(ATTEMPTS.values())
    if failure.kind is FailureClass.DATA and not temporary(failure):
        return 1
    return ATTEMPTS[failure.kind]


def _pause(failure: CloudFailure, attempt: int, backoff: Backoff) -> timedelta:
    if failure.kind is FailureClass.RATE_LIMIT:
        return _limited(failure.retry_after_s, attempt, backoff)
    return backoff.pause(attempt)


def _limited(told_s: float | None, attempt: int, backoff: Backoff) -> timedelta:
    if told_s is None:
        return RATE_LIMIT_PAUSE
    told = timedelta(seconds=min(max(told_s, 0), LONGEST_PAUSE.total_seconds()))
    # Whoever says "in a second" again and again is taken at their word once.
    return told if attempt == 1 else max(told, backoff.pause(attempt - 1))


def _action(failure: CloudFailure, connection: Connection, *, again: bool) -> str:
    return {
        FailureClass.AUTHENTICATION: f"Rotate the credential of connection {connection.name}: "
        f"{_credential(connection)}; then sync again.",
        FailureClass.RATE_LIMIT: "Nothing to do: it is repeated when the cloud allows. "
        "If it recurs, sync less often.",
        FailureClass.TIMEOUT: "Look at the cloud's status page. If it is healthy, check the "
        "network from here to it; the run is repeated with growing pauses.",
        FailureClass.DATA: _data_action(failure),
        FailureClass.UNKNOWN: "Set LOG_LEVEL=DEBUG and watch whether it happens again: the run "
        "is repeated once, and all that the cloud answers to it is written down."
        if again
        else "It can be reproduced: send the report that was prepared of this run "
        "(quarterdeck sync report).",
    }[failure.kind]


def _data_action(failure: CloudFailure) -> str:
    if isinstance(failure, Doubted):
        return "Nothing yet: it is asked again, and believed if it says the same."
    if temporary(failure):
        return (
            "Nothing yet: the answer was cut short or was no JSON, and the run is repeated. "
            "If it recurs, look at the quarantined pages of this run."
        )
    return (
        "The cloud's answer has changed its form (schema changed). Look at the quarantined "
        "pages of this run, and update Quarterdeck."
    )


def _held_action(words: str) -> str:
    return f"Nothing to do: held until the cloud is healthy. It says: {words}"


def _credential(connection: Connection) -> str:
    client = f"client {connection.client}" if connection.client else "the platform's client"
    secret = connection.secret or "the platform's own secret (AZURE_CLIENT_SECRET)"
    return f"{client} in directory {connection.directory}, secret {secret}"
