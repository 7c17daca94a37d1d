"""Paging by keyset: a page begins after the last row of the one before, whatever came between.

A cursor is the key of that row, signed together with the path and the filter it was made
for, so that nobody makes one up or carries it to another question.
"""

import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, TypeVar
from urllib.parse import urlencode

from fastapi import Depends, Query, Request, Response

from quarterdeck.runtime import Runtime
from quarterdeck.web.faults import InvalidRequest

DEFAULT_LIMIT, MAX_LIMIT = 50, 500
TAG_BYTES = 16
ABOUT_THE_PAGE = frozenset({"cursor", "limit"})

Key = tuple[str | int | None, ...]
Row = TypeVar("Row")

Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT, description="Rows on a page.")]
Cursor = Annotated[
    str, Query(max_length=2048, description="Where the page begins: from the Link before.")
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The page that a request asks for.

    Attributes:
        after: the key of the last row before it; None for the first page.
        question: what is asked, page apart: path and filter.
    """

    limit: int
    after: Key | None
    question: str
    secret: str

    @property
    def fetch(self) -> int:
        """Rows to read: one more than shown, to know whether another page follows."""
        return self.limit + 1

    def turn(self, response: Response, rows: Sequence[Row], key: Callable[[Row], Key]) -> list[Row]:
        """The rows to show of those read; ``Link: rel="next"`` in ``response`` if more follow."""
        shown = list(rows[: self.limit])
        if len(rows) > self.limit:
            response.headers["Link"] = f'<{self.next(key(shown[-1]))}>; rel="next"'
        return shown

    def next(self, last: Key) -> str:
        """The address of the page after the row whose key is ``last``."""
        joint = "&" if "?" in self.question else "?"
        about = {"limit": self.limit, "cursor": sealed(last, self.question, self.secret)}
        return f"{self.question}{joint}{urlencode(about)}"


def page_of(request: Request, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = "") -> Page:
    """The page that ``request`` asks for.

    Raises:
        InvalidRequest: the cursor was made for another question, or not by us.
    """
    runtime: Runtime = request.app.state.runtime
    question, secret = question_of(request), runtime.settings.secret
    after = opened(cursor, question, secret) if cursor else None
    return Page(limit=limit, after=after, question=question, secret=secret)


InPage = Annotated[Page, Depends(page_of)]


def question_of(request: Request) -> str:
    """Path and filter, the filter's parts in one order."""
    asked = sorted((k, v) for k, v in request.query_params.multi_items() if k not in ABOUT_THE_PAGE)
    return f"{request.url.path}?{urlencode(asked)}" if asked else request.url.path


def sealed(key: Key, question: str, secret: str) -> str:
    """``key`` as an opaque cursor, good for ``question`` alone."""
    payload = json.dumps(key, separators=(",", ":")).encode()
    return urlsafe_b64encode(_tag(payload, question, secret) + payload).decode().rstrip("=")


def opened(cursor: str, question: str, secret: str) -> Key:
    """The key in ``cursor``.

    Raises:
        InvalidRequest: it was not sealed with ``secret`` for ``question``.
    """
    try:
        raw = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    except (NotBase64, ValueError):
        raw = b""
    tag, payload = raw[:TAG_BYTES], raw[TAG_BYTES:]
    if not hmac.compare_digest(tag, _tag(payload, question, secret)):
        breach = {"detail": "not made for this question", "parameter": "cursor"}
        raise InvalidRequest(
            "the cursor belongs to another list or filter; begin again without it",
            ({**breach, "location": "query"},),
        )
    return tuple(json.loads(payload))


def _tag(payload: bytes, question: str, secret: str) -> bytes:
    message = b"cursor\0" + question.encode() + b"\0" + payload
    return hmac.digest(secret.encode(), message, sha256)[:TAG_BYTES]
