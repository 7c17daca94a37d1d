"""A stream of server-sent events that ends when it should.

https://html.spec.whatwg.org/multipage/server-sent-events.html. The connection is held by
the event loop; every look at the database is a short read in a thread. Another process may
write what is streamed here, so the stream looks again every ``POLL_S``, and then sees too
whether the server stops.
"""

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from threading import BoundedSemaphore, Event
from time import monotonic

import anyio
from fastapi.responses import StreamingResponse
from prometheus_client import Gauge
from starlette.concurrency import run_in_threadpool
from starlette.types import Receive, Scope, Send
from typing_extensions import override

from quarterdeck.kernel.errors import Forbidden, NotFound, Unavailable
from quarterdeck.kernel.outbox import Fact
from quarterdeck.web import feed
from quarterdeck.web.feed import Position

POLL_S = 0.25
RETRY_MS = 2000
MAX_STREAMS = 256  # of a process; each costs a connection and a query every POLL_S
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}

STREAMS = Gauge("quarterdeck_http_streams_open", "Live streams open now.")


class TooManyStreams(Unavailable):
    """The process serves as many live streams as it can."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a stream's events come from.

    Attributes:
        read: facts after a position; runs in a thread.
        check: raises if the principal may watch no more; runs in a thread.
        stopping: set when the server stops.
    """

    start: Position
    read: Callable[[Position], list[Fact]]
    check: Callable[[], None]
    heartbeat_s: float
    stopping: Event


class Stream(StreamingResponse):
    """The answer; gives its seat back however it ends."""

    def __init__(self, source: Source, seats: BoundedSemaphore) -> None:
        super().__init__(events(source), media_type="text/event-stream", headers=HEADERS)
        self.seats = seats

    @override
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            with STREAMS.track_inprogress():
                await super().__call__(scope, receive, send)
        finally:
            self.seats.release()


def take_seat(seats: BoundedSemaphore) -> None:
    """Raise TooManyStreams if there is no seat left."""
    if not seats.acquire(blocking=False):
        raise TooManyStreams("too many live streams are open here; poll, or come back", 10)


async def events(source: Source) -> AsyncIterator[str]:
    """The stream: ``begin``, then facts and heartbeats, and at last ``end`` with the reason."""
    position = dict(source.start)
    yield f"retry: {RETRY_MS}\n" + _event("begin", {"tenants": sorted(position)}, position)
    due = monotonic() + source.heartbeat_s
    try:
        while not source.stopping.is_set():
            if monotonic() >= due:
                await run_in_threadpool(source.check)
                due = monotonic() + source.heartbeat_s
                yield _event("heartbeat", {}, position)
            facts = await run_in_threadpool(source.read, position)
            for fact in facts:
                yield _told(fact, position)
            if not facts:
                await anyio.sleep(POLL_S)
    except (Forbidden, NotFound):
        yield _event("end", {"reason": "refused"}, position)
    except Unavailable:
        yield _event("end", {"reason": "unavailable"}, position)
    else:
        yield _event("end", {"reason": "stopping"}, position)


def _told(fact: Fact, position: dict[str, int]) -> str:
    missing = fact.sequence - position[fact.tenant] - 1
    position[fact.tenant] = fact.sequence
    # Old facts are not kept for ever. Whoever was away for longer must look afresh.
    gap = _event("gap", {"tenant": fact.tenant, "missing": missing}, position) if missing else ""
    return gap + _event("fact", feed.shown(fact), position)


def _event(name: str, about: dict[str, object], position: Position) -> str:
    return f"id: {feed.written(position)}\nevent: {name}\ndata: {json.dumps(about)}\n\n"
