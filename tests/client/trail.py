"""A trail that answers as it is told: what the SDK's tests talk to over real HTTP."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from typing_extensions import override

PROBLEM = "application/problem+json"
NO_LOG = b'{"type": "/problems/LogNotFound", "title": "Not found", "status": 404}'

Answer = tuple[int, dict[str, str], bytes]
Event = dict[str, Any]


@dataclass
class Trail:
    """What it was sent, and how it answers; by default it takes every line once.

    ``answer`` may return an answer of its own for a batch, or None for the usual one;
    ``judge`` a problem for a line, or None. ``show`` is what stands at a path, or None.
    """

    url: str = ""
    port: int = 0
    batches: list[list[Event]] = field(default_factory=list)
    taken: list[Event] = field(default_factory=list)
    answer: Callable[[list[Event]], Answer | None] = lambda _events: None
    judge: Callable[[Event], dict[str, Any] | None] = lambda _event: None
    show: Callable[[str], bytes | None] = lambda _path: None

    @property
    def numbers(self) -> list[int]:
        """Of the events that it took, in the order that they came."""
        return [event["source_seq"] for event in self.taken]

    def respond(self, events: list[Event]) -> Answer:
        """Take the events, and say what became of each."""
        self.batches.append(events)
        told = self.answer(events)
        if told is not None:
            return told
        results = [self._result(event) for event in events]
        return 200, {}, b"".join(json.dumps(result).encode() + b"\n" for result in results)

    def _result(self, event: Event) -> dict[str, Any]:
        problem = self.judge(event)
        if problem is not None:
            return {"status": "refused", "problem": problem}
        if event["id"] not in [known["id"] for known in self.taken]:
            self.taken.append(event)
        return {"status": "appended", "log": "acme", "index": len(self.taken) - 1}


@contextmanager
def listening(trail: Trail) -> Iterator[Trail]:
    """The trail answers, at ``trail.port`` (0: a free one)."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            events = [json.loads(line) for line in body.splitlines()]
            status, headers, answer = trail.respond(events)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def do_GET(self) -> None:
            found = trail.show(self.path)
            self.send_response(404 if found is None else 200)
            body = NO_LOG if found is None else found
            self.send_header("content-type", PROBLEM if found is None else "text/plain")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        @override
        def log_message(self, *_arguments: object) -> None:
            """Nothing to the terminal."""

    server = ThreadingHTTPServer(("127.0.0.1", trail.port), Handler)
    server.daemon_threads = True
    trail.port = server.server_port
    trail.url = f"http://127.0.0.1:{trail.port}"
    thread = Thread(target=server.serve_forever, args=[0.01])
    thread.start()
    try:
        yield trail
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
