"""PagerDuty as a server: its Events API, and as much of its REST API as acknowledging takes."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

from typing_extensions import override

TRIGGERED, ACKNOWLEDGED, RESOLVED = "triggered", "acknowledged", "resolved"
ACTIONS = {"acknowledge": ACKNOWLEDGED, "resolve": RESOLVED}


@dataclass
class PagerDuty:
    """What it keeps: incidents by their key; and who asked for what by the REST API."""

    url: str = ""
    incidents: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, str, dict[str, str], Any]] = field(default_factory=list)
    fail: list[int] = field(default_factory=list)

    def event(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        key, action = body["dedup_key"], body["event_action"]
        self.incidents[key] = ACTIONS.get(action, self.incidents.get(key, TRIGGERED))
        return 202, {"status": "success", "dedup_key": key}

    def rest(self, method: str, path: str, headers: dict[str, str], body: Any) -> tuple[int, Any]:  # noqa: ANN401  JSON
        self.asked.append((method, path, headers, body))
        if self.fail:
            return self.fail.pop(0), {"error": {"message": "not now"}}
        parts = urlsplit(path)
        if method == "GET" and parts.path == "/incidents":
            asked = parse_qs(parts.query)
            [key] = asked["incident_key"]
            there = self.incidents.get(key) in asked["statuses[]"]
            return 200, {"incidents": [{"id": _id(key)}] if there else []}
        for key in self.incidents:
            if (method, parts.path) == ("PUT", f"/incidents/{_id(key)}"):
                self.incidents[key] = body["incident"]["status"]
                return 200, {"incident": {"id": _id(key)}}
        return 404, {"error": {"message": "Not Found"}}


def _id(key: str) -> str:
    return f"Q{key.encode().hex().upper()}"


@contextmanager
def running() -> Iterator[PagerDuty]:
    """One on a free port."""
    there = PagerDuty()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _handle(self) -> None:
            said = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            body = json.loads(said or b"{}")
            if self.path == "/v2/enqueue":
                status, answer = there.event(body)
            else:
                status, answer = there.rest(self.command, self.path, {**self.headers}, body)
            content = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = _handle  # noqa: N815  http.server's names

        @override
        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    there.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield there
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
