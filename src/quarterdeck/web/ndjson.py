"""Lists as NDJSON: one JSON object a line, as many as there are."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from fastapi import Request
from fastapi.responses import StreamingResponse

from quarterdeck.web.paging import Key
from quarterdeck.web.streaming import PAGE_ROWS, Rows, pages

MEDIA_TYPE = "application/x-ndjson"

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing(Generic[Row]):
    """A list that can be streamed.

    Attributes:
        key: of a row.
        line: a row as JSON, without a line's end.
        page_rows: rows held at once; ``SMALL_ROWS`` where each is small.
    """

    rows: Rows[Row]
    key: Callable[[Row], Key]
    line: Callable[[Row], bytes]
    page_rows: int = PAGE_ROWS


def asked_for(request: Request) -> bool:
    """Whether the client wants the list as NDJSON."""
    return MEDIA_TYPE in request.headers.get("accept", "")


def streamed(
    request: Request, listing: Listing[Row], after: Key | None = None
) -> StreamingResponse:
    """The whole list from ``after`` on; refused, or cut short, as ``pages`` says."""
    found = pages(request, listing.rows, listing.key, after, listing.page_rows)
    return StreamingResponse(_lines(listing, found), media_type=MEDIA_TYPE)


def _lines(listing: Listing[Row], found: Iterator[Sequence[Row]]) -> Iterator[bytes]:
    for page in found:
        yield b"".join(listing.line(row) + b"\n" for row in page)
