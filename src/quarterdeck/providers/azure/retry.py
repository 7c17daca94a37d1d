"""Trying again: which failures pass by themselves, and how long to wait for them."""

import random
from collections.abc import Callable, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from itertools import count
from time import monotonic
from typing import TypeVar

from quarterdeck.governance.cloud.ports import CloudFailure, FailureClass
from quarterdeck.kernel.clock import Clock
from quarterdeck.providers.azure.options import Patience

Outcome = TypeVar("Outcome")

MILLISECONDS = ("retry-after-ms", "x-ms-retry-after-ms")
"""Azure's headers in milliseconds; https://learn.microsoft.com/rest/api/storageservices."""

SECONDS = "retry-after"
"""Ends ``Retry-After`` and the four of Cost Management, which name the quota that ran out
(qpu, entity, tenant, client); https://learn.microsoft.com/rest/api/cost-management/query/usage."""


class Passing(CloudFailure):
    """A failure that may pass by itself: the same call may succeed in a moment."""


def keep_trying(
    attempt: Callable[[], Outcome], patience: Patience, pause: Callable[[float], None]
) -> Outcome:
    """What ``attempt`` returns, tried again while it raises Passing and patience lasts.

    Raises the last failure, as it was raised; and whatever ``pause`` does, which waits the
    given seconds or says that nobody wants the outcome any more.
    """
    began = monotonic()
    for turn in count(1):
        try:
            return attempt()
        except Passing as failure:
            wait_s = next_wait_s(failure, patience, turn)
            late = monotonic() - began + wait_s > patience.total_s
            if turn >= patience.attempts or wait_s > patience.longest_asked_s or late:
                raise
        pause(wait_s)
    raise AssertionError  # count() has no end


def next_wait_s(failure: CloudFailure, patience: Patience, turn: int) -> float:
    """What the cloud asked for, else twice the last wait, with jitter so that many spread out."""
    if failure.retry_after_s is not None:
        return failure.retry_after_s
    usual: float = min(patience.first_wait_s * 2.0 ** (turn - 1), patience.longest_wait_s)
    return usual + random.uniform(0, patience.first_wait_s)  # noqa: S311  no secret


def failure(
    kind: FailureClass,
    message: str,
    *,
    passing: bool = False,
    retry_after_s: float | None = None,
    request_id: str = "",
    page: bytes = b"",
) -> CloudFailure:
    """A failure of a class, passing by itself or not."""
    shape = Passing if passing else CloudFailure
    return shape(kind, message, retry_after_s=retry_after_s, request_id=request_id, page=page)


def asked_wait_s(headers: Mapping[str, str], clock: Clock) -> float | None:
    """The longest wait that any of Azure's headers asks for; None where none does.

    ``headers`` has lower-case names. A header that cannot be read asks for nothing.
    """
    waits = [seconds(name, value, clock) for name, value in headers.items() if asks(name)]
    return max((wait for wait in waits if wait is not None), default=None)


def asks(header: str) -> bool:
    """Whether a header's value is a wait."""
    return header in MILLISECONDS or header.endswith(SECONDS)


def seconds(header: str, value: str, clock: Clock) -> float | None:
    """A header's wait, from now; never below zero."""
    try:
        wait = float(value) / (1000 if header in MILLISECONDS else 1)
    except ValueError:
        return until(value, clock())
    return max(wait, 0.0) if wait < float("inf") else None


def until(date: str, now: datetime) -> float | None:
    """Seconds from ``now`` to an HTTP date (RFC 9110, 10.2.3); None if it is not one."""
    try:
        moment = parsedate_to_datetime(date)
        return max((moment - now).total_seconds(), 0.0)
    except (ValueError, TypeError):
        return None
