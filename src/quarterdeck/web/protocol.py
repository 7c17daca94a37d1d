"""HTTP/1.1 as uvicorn speaks it, with bounds on what comes before an application is asked.

uvicorn bounds neither the size of a request's head nor the time a client takes over one, and
its parser copies a long header again with each part of it: one connection without credential
held the whole server for a minute (measured, 200 MB).
"""

from asyncio import TimerHandle, Transport
from collections.abc import Callable
from functools import partial
from weakref import ReferenceType, ref

import structlog
from starlette.requests import Request
from typing_extensions import override
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from quarterdeck.kernel.errors import QuarterdeckError
from quarterdeck.web import faults, problems
from quarterdeck.web.observe import request_id_of

MAX_HEAD_BYTES = 64 * 1024
HEAD_S, BODY_S = 15.0, 60.0  # until all of it is here
WHOLE, ANSWER = "quarterdeck.whole", "answer"
"""A scope's extension, and what of it answers at once: by a status, the lines of a head that
need no check, and a body. It says whether it did; else the answer goes the usual way. Of uvicorn's
work for one it leaves out reading each header again, and the second call to the system."""

UNREAD = "/"  # stands in a problem for the address that nobody has read


class BoundedProtocol(HttpToolsProtocol):
    """Refuses a request whose head is too long or unreadable, or that takes too long to come."""

    _alarm: TimerHandle | None = None
    _rings_at = 0.0
    _until: float | None = None
    _late: Callable[[], None]
    _asked = False
    _in_head = True
    _head_bytes = 0

    @override
    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]  # as uvicorn does
        super().connection_made(transport)
        self._await(HEAD_S, self._too_late)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        super().connection_lost(exc)

    @override
    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        # After the parser: the part that ends the head may hold a whole body too.
        if self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES:
                self._refuse(faults.HeadTooLarge(f"address and headers exceed {MAX_HEAD_BYTES} B"))

    @override
    def on_message_begin(self) -> None:
        self._in_head, self._head_bytes = True, 0
        self._await(HEAD_S, self._too_late)
        super().on_message_begin()

    @override
    def on_headers_complete(self) -> None:
        self._in_head = False
        self._await(BODY_S, self._too_late)
        super().on_headers_complete()
        # Weak: a scope that held what holds it would stay until somebody looks for such rings,
        # and to look through all that waited for it took a tenth of a small request's time.
        self.scope["extensions"] = {WHOLE: {ANSWER: partial(_answer_whole, ref(self.cycle))}}
        self._asked = True

    @override
    def on_message_complete(self) -> None:
        self._until = None
        super().on_message_complete()
        if self.cycle.response_complete:
            self._await_another()

    @override
    def on_response_complete(self) -> None:
        if self.pipeline or self.transport.is_closing():
            super().on_response_complete()
            return
        # As uvicorn does, but for its timer. What is half here keeps the time that it has.
        self.server_state.total_requests += 1
        self.flow.resume_reading()
        if not self._in_head and not self.cycle.more_body:
            self._await_another()

    @override
    def send_400_response(self, msg: str) -> None:
        self._refuse(faults.Malformed("this is no HTTP/1.1 request that can be read"))

    def _await_another(self) -> None:
        self._await(self.timeout_keep_alive, self.timeout_keep_alive_handler)

    def _await(self, seconds: float, late: Callable[[], None]) -> None:
        """Wait for more, instead of what was waited for; ``late`` is called if it does not come.

        A connection has one timer, which mostly rings too early and is set again: three for each
        request took a thirtieth of a small one's time.
        """
        self._until, self._late = self.loop.time() + seconds, late
        if self._alarm is None or self._until < self._rings_at:
            self._set_alarm(self._until)

    def _set_alarm(self, at: float) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        self._rings_at, self._alarm = at, self.loop.call_at(at, self._rung)

    def _rung(self) -> None:
        self._alarm = None
        if self._until is None:
            return
        if self.loop.time() < self._until:
            self._set_alarm(self._until)
        else:
            self._late()

    def _too_late(self) -> None:
        self._refuse(
            faults.TooSlow(f"a request has {HEAD_S:.0f} s for its head, {BODY_S:.0f} more")
        )

    def _refuse(self, error: QuarterdeckError) -> None:
        if self.transport.is_closing():
            return
        if self._may_answer():
            self.transport.write(_written(error))
        self.transport.close()

    def _may_answer(self) -> bool:
        """Whether an answer can stand here: not amid another, nor after this request's own."""
        if not self._asked:
            return True
        return self.cycle.response_complete if self._in_head else not self.cycle.response_started


def _answer_whole(
    of: "ReferenceType[RequestResponseCycle]", status: int, head: bytes, body: bytes
) -> bool:
    cycle = of()
    if cycle is None or cycle.disconnected or cycle.flow.write_paused or not cycle.keep_alive:
        return False
    fixed = [b"%b: %b\r\n" % pair for pair in cycle.default_headers]
    cycle.transport.write(b"".join((STATUS_LINE[status], *fixed, head, b"\r\n", body)))
    cycle.response_started = cycle.response_complete = True
    cycle.waiting_for_100_continue = False
    cycle.message_event.set()
    cycle.on_response()
    return True


def _written(error: QuarterdeckError) -> bytes:
    request_id = request_id_of("")
    structlog.get_logger("web").warning("refused", why=str(error), request_id=request_id)
    scope = {"type": "http", "path": UNREAD, "state": {"request_id": request_id}, "headers": []}
    problem = problems.problem_of(Request(scope), error)
    body = problem.model_dump_json(exclude_none=True).encode()
    head = (
        f"content-type: {problems.MEDIA_TYPE}\r\ncontent-length: {len(body)}\r\n"
        f"x-request-id: {request_id}\r\nconnection: close\r\n\r\n"
    )
    return STATUS_LINE[problem.status] + head.encode() + body
