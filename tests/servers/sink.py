"""A real HTTP server that takes notifications, and misbehaves when told to."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from time import monotonic
from typing import Any

from typing_extensions import override


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """An answer in full."""

    status: int = 200
    body: str = "ok"
    headers: tuple[tuple[str, str], ...] = ()


Answer = int | str | Event | Said
"""A status; ``close`` ends amid the answer; an event holds the answer until it is set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Got:
    """One request."""

    path: str
    at: float
    headers: dict[str, str]
    body: dict[str, Any]  # of JSON
    status: int
    raw: bytes = b""


@dataclass
class Sink:
    """What came, and how the next ones are answered: by path, first to last; then 200."""

    url: str = ""
    got: list[Got] = field(default_factory=list)
    answers: dict[str, list[Answer]] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def of(self, path: str, status: int = 200) -> list[Got]:
        """What came to a path and was taken."""
        return [one for one in list(self.got) if one.path == path and one.status == status]

    def next_answer(self, path: str) -> Answer:
        with self.lock:
            left = self.answers.get(path)
            return left.pop(0) if left else 200

    def keep(self, one: Got) -> None:
        with self.lock:
            self.got.append(one)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    @override
    def handle_error(self, request: object, client_address: object) -> None:
        """Who was asked too long has gone away."""


@contextmanager
def running() -> Iterator[Sink]:
    """A sink on a free port."""
    sink = Sink()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            answer = sink.next_answer(self.path)
            said = answer if isinstance(answer, Said) else Said()
            status = answer if isinstance(answer, int) else said.status
            if isinstance(answer, Event):
                answer.wait(20)
            body = json.loads(raw) if raw.startswith(b"{") else {}
            headers = {name.lower(): value for name, value in self.headers.items()}
            one = Got(
                path=self.path,
                at=monotonic(),
                headers=headers,
                body=body,
                status=status,
                raw=raw,
            )
            if answer != "close":
                sink.keep(one)
            self.send_response(status)
            self.send_header("Content-Length", str(len(said.body.encode())))
            for name, value in said.headers:
                self.send_header(name, value)
            self.end_headers()
            if answer == "close":
                self.close_connection = True
                self.wfile.flush()
                return
            self.wfile.write(said.body.encode())

        @override
        def log_message(self, format: str, *args: object) -> None:
            pass

    server = _Server(("127.0.0.1", 0), Handler)
    sink.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield sink
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
