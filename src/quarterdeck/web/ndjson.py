"""Lists as NDJSON: one JSON object a line, as many as there are.

The connection may stay open for minutes; no transaction does. Each page is read by its own
short one, if the credential still stands for what began the list.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from fastapi import Request
from fastapi.responses import StreamingResponse

from quarterdeck.kernel.work import Actor, Work, read
from quarterdeck.runtime import Runtime
from quarterdeck.web.paging import Key
from quarterdeck.web.signin import recheck

MEDIA_TYPE = "application/x-ndjson"
PAGE_ROWS = 500

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing(Generic[Row]):
    """A list that can be streamed.

    Attributes:
        rows: at most so many rows after a key (None: from the start), in the key's order;
            a use case, so it requires its permission for every page.
        key: of a row.
        line: a row as JSON, without a line's end.
    """

    rows: Callable[[Work, Key | None, int], Sequence[Row]]
    key: Callable[[Row], Key]
    line: Callable[[Row], bytes]


def asked_for(request: Request) -> bool:
    """Whether the client wants the list as NDJSON."""
    return MEDIA_TYPE in request.headers.get("accept", "")


def streamed(
    request: Request, listing: Listing[Row], after: Key | None = None
) -> StreamingResponse:
    """The whole list from ``after`` on.

    The first page is read before the answer begins, so that a refusal is one. An error in a
    later page breaks the connection: a client can tell a list cut short from a whole one.
    """
    first = _page(request, listing, after)
    return StreamingResponse(_lines(request, listing, first), media_type=MEDIA_TYPE)


def _lines(request: Request, listing: Listing[Row], first: Sequence[Row]) -> Iterator[bytes]:
    rows = first
    while rows:
        yield b"".join(listing.line(row) + b"\n" for row in rows)
        recheck(request.app.state.runtime, request, request.state.actor)
        rows = _page(request, listing, listing.key(rows[-1]))


def _page(request: Request, listing: Listing[Row], after: Key | None) -> Sequence[Row]:
    runtime: Runtime = request.app.state.runtime
    actor: Actor = request.state.actor
    with read(runtime.engine, actor, runtime.clock, request.state.request_id) as work:
        return listing.rows(work, after, PAGE_ROWS)
