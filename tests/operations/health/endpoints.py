"""Endpoints to look at: real servers of this machine, well, ill or silent as one says."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import ClassVar

from typing_extensions import override


@dataclass
class Endpoint:
    """An HTTP server.

    Attributes:
        says: status, media type and body of every answer; by path, where that is told.
        silent: while set, it takes requests and never answers them.
        gate: while closed, answers wait for it.
    """

    port: int = 0
    status: int = 200
    kind: str = "application/json"
    body: bytes = b'{"status": "healthy"}'
    asked: list[str] = field(default_factory=list)
    silent: Event = field(default_factory=Event)
    end: Event = field(default_factory=Event)
    gate: Event = field(default_factory=Event)

    def __post_init__(self) -> None:
        self.gate.set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def endpoint() -> Iterator[Endpoint]:
    """A server on a free port, until the block ends."""
    told = Endpoint()

    class Handler(BaseHTTPRequestHandler):
        told: ClassVar[Endpoint]

        def do_GET(self) -> None:
            told.asked.append(self.path)
            if told.silent.is_set():
                told.end.wait(30)
                return
            told.gate.wait(30)
            self.send_response(told.status)
            self.send_header("Content-Type", told.kind)
            self.send_header("Content-Length", str(len(told.body)))
            self.end_headers()
            self.wfile.write(told.body)

        @override
        def log_message(self, *_: object) -> None:
            """Nothing: the tests look at what was asked."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    told.port = server.server_address[1]
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield told
    finally:
        told.end.set()
        server.shutdown()
        thread.join()
        server.server_close()
