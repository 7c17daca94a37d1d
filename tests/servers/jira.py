"""A small Jira that keeps issues, as its REST API (version 2) would, and refuses what it would."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

from typing_extensions import override

OPEN, DONE = {"key": "indeterminate"}, {"key": "done"}


@dataclass
class Jira:
    """What it keeps.

    Attributes:
        cloud: whether it is one of Cloud, whose search has another path.
        priorities: that the project knows; none: issues have no such field.
        fail: statuses of the next answers, whatever is asked.
        lost: answers that the asker does not get, though all was done.
    """

    url: str = ""
    cloud: bool = True
    priorities: tuple[str, ...] = ("Highest", "High", "Medium", "Low", "Lowest")
    issues: list[dict[str, Any]] = field(default_factory=list)
    comments: dict[str, list[str]] = field(default_factory=dict)
    authorization: list[str] = field(default_factory=list)
    fail: list[int] = field(default_factory=list)
    lost: int = 0

    def answer(self, method: str, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        parts = urlsplit(path)
        name = parts.path.removeprefix("/rest/api/2/")
        if self.fail:
            return self.fail.pop(0), {"errorMessages": ["not now"]}
        if method == "GET" and name == ("search/jql" if self.cloud else "search"):
            return 200, {"issues": self._labelled(parse_qs(parts.query)["jql"][0])}
        if method == "POST" and name == "issue":
            return self._make(body["fields"])
        if name.startswith("issue/") and name.count("/") == 2:
            _, key, what = name.split("/")
            return self._about(method, key, what, body)
        return 404, {"errorMessages": ["no such thing"]}

    def _labelled(self, jql: str) -> list[dict[str, Any]]:
        label = jql.split('"')[1]
        found = [one for one in self.issues if label in one["labels"]]
        found = [one for one in found if one["status"] is not DONE or "!= Done" not in jql]
        return [{"key": one["key"]} for one in reversed(found)][:1]

    def _make(self, fields: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        priority = fields.get("priority", {}).get("name")
        if priority is not None and priority not in self.priorities:
            return 400, {"errorMessages": [], "errors": {"priority": "cannot be set"}}
        if "\n" in fields["summary"] or len(fields["summary"]) > 255:
            return 400, {"errors": {"summary": "one line of 255 characters"}}
        key = f"{fields['project']['key']}-{len(self.issues) + 1}"
        self.issues.append({"key": key, "status": OPEN, **fields})
        return 201, {"id": str(len(self.issues)), "key": key}

    def _about(
        self, method: str, key: str, what: str, body: dict[str, Any]
    ) -> tuple[int, dict[str, Any]]:
        issue = next((one for one in self.issues if one["key"] == key), None)
        if issue is None:
            return 404, {"errorMessages": ["Issue does not exist"]}
        if (method, what) == ("POST", "comment"):
            self.comments.setdefault(key, []).append(body["body"])
            return 201, {"id": "1"}
        ways = [] if issue["status"] is DONE else [("11", "Doing", OPEN), ("31", "Done", DONE)]
        if (method, what) == ("GET", "transitions"):
            said = [{"id": n, "name": t, "to": {"statusCategory": to}} for n, t, to in ways]
            return 200, {"transitions": said}
        [to] = [to for n, _, to in ways if n == body["transition"]["id"]]
        issue["status"] = to
        return 204, {}


@contextmanager
def running(**so: Any) -> Iterator[Jira]:  # noqa: ANN401  fields of ``Jira``
    """One on a free port."""
    jira = Jira(**so)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _handle(self) -> None:
            jira.authorization.append(self.headers.get("Authorization", ""))
            said = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, body = jira.answer(self.command, self.path, json.loads(said or b"{}"))
            if jira.lost and self.command == "POST":
                jira.lost -= 1
                self.close_connection = True
                return
            content = b"" if status == 204 else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = _handle  # noqa: N815  http.server's names

        @override
        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    jira.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield jira
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
