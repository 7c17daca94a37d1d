"""The time of a request as a whole, however slowly its answer drips; and what may fail in it."""

from threading import local
from time import monotonic

import httpcore2

from quarterdeck.providers.webhook.reach import Unreachable

FAILURES = (
    httpcore2.NetworkError,
    httpcore2.TimeoutException,
    httpcore2.ProtocolError,
    httpcore2.UnsupportedProtocol,
    Unreachable,
    OSError,
)
"""Of a request that nobody answers."""


class WholeTime:
    """When the request of each thread must have ended."""

    def __init__(self) -> None:
        self._until = local()

    def begin(self, whole_s: float) -> dict[str, dict[str, float]]:
        """Begin a request of this thread; what its ``extensions`` must say."""
        self._until.whole_s, self._until.at = whole_s, monotonic() + whole_s
        return {"timeout": dict.fromkeys(("connect", "read", "write", "pool"), whole_s)}

    def left(self) -> float:
        """Seconds that the request of this thread may still take."""
        left: float = self._until.at - monotonic()
        if left <= 0:
            raise httpcore2.ReadTimeout(f"no whole answer within {self._until.whole_s:g} s")
        return left
