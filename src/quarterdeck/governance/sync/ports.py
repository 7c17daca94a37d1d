"""What sync needs from a cloud."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from quarterdeck.governance.connections.model import Connection


class FailureClass(StrEnum):
    """Why a cloud did not answer as hoped; runbook 000, section 3.1."""

    AUTHENTICATION = "authentication"
    RATE_LIMIT = "rate_limit"
    TIMEOUT = "timeout"
    DATA = "data"
    UNKNOWN = "unknown"


class CloudFailure(Exception):
    """The cloud refused, was late, or answered what cannot be read.

    Attributes:
        kind: what to do about it depends on this.
        retry_after_s: what the cloud asked to wait; None where it did not say.
        request_id: the cloud's id of the failed exchange, for its support; may be empty.
        page: the bytes that could not be read, to be kept; empty where there are none.
    """

    def __init__(
        self,
        kind: FailureClass,
        message: str,
        *,
        retry_after_s: float | None = None,
        request_id: str = "",
        page: bytes = b"",
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.retry_after_s = retry_after_s
        self.request_id = request_id
        self.page = page


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A subscription as the cloud names it; ``id`` is the bare GUID."""

    id: str
    name: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of a listing.

    Attributes:
        items: each the exact JSON text of one resource, as the cloud sent it.
        request_id: the cloud's id of the exchange; may be empty.
    """

    items: tuple[bytes, ...]
    request_id: str


class Cloud(Protocol):
    """One connection's view of its cloud. Every call may raise CloudFailure.

    An iterator is complete when it ends: paging is followed to the last page, and a
    listing cut short raises. Retries that help have been made already.
    """

    def check(self) -> None:
        """Get a token; raise CloudFailure with why there is none."""
        ...

    def subscriptions(self) -> Iterator[Subscription]:
        """Every subscription that the connection may read."""
        ...

    def resources(self, subscription: str) -> Iterator[Page]:
        """Every resource of one subscription, page by page."""
        ...


OpenCloud = Callable[[Connection], Cloud]
"""Opens the cloud behind a connection; resolves its secret reference."""
