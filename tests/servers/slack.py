"""A small Slack that keeps channels, as its Web API would, and refuses what it would."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

from typing_extensions import override

TOKEN, ME = "xoxb-1-abc", "U0BOT"
NAME = re.compile(r"[a-z0-9_-]{1,80}")
MOST_TOPIC, MOST_LIMIT = 250, 999
ARGUMENTS: dict[str, tuple[set[str], set[str]]] = {
    "auth.test": (set(), set()),
    "conversations.create": ({"name"}, {"is_private", "team_id"}),
    "conversations.setTopic": ({"channel", "topic"}, set()),
    "conversations.archive": ({"channel"}, set()),
    "chat.postMessage": ({"channel"}, {"text", "blocks", "unfurl_links"}),
    "users.conversations": (set(), {"types", "limit", "cursor", "exclude_archived", "user"}),
}
"""What each method must be given, and may be; https://docs.slack.dev/reference/methods."""

Answer = dict[str, Any]
Heard = tuple[int, Answer, dict[str, str]]


@dataclass
class Slack:
    """What it keeps.

    Attributes:
        fail: errors of the next answers of a method; a number: 429 with that Retry-After.
        lost: methods whose next answer the asker does not get, though all was done.
        page: how many channels one page shows, at most.
    """

    url: str = ""
    channels: list[dict[str, Any]] = field(default_factory=list)
    posts: list[dict[str, Any]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    fail: dict[str, list[str | int]] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)
    page: int = MOST_LIMIT

    def hear(self, method: str, token: str, said: dict[str, Any]) -> Heard | None:
        """What is answered: a status, a body, headers; None: nothing, though all was done."""
        self.asked.append(method)
        waits = self.fail.get(method)
        fault = waits.pop(0) if waits else None
        if isinstance(fault, int):
            return 429, _no("ratelimited"), {"Retry-After": str(fault)}
        answer = _no(fault) if fault else self.answer(method, token, said)
        if method in self.lost:
            self.lost.remove(method)
            return None
        return 200, answer, {}

    def answer(self, method: str, token: str, said: dict[str, Any]) -> Answer:
        must, may = ARGUMENTS[method]
        if token != f"Bearer {TOKEN}":
            return _no("invalid_auth" if token else "not_authed")
        if not must <= said.keys() <= must | may:
            return _no("invalid_arguments")
        if method == "auth.test":
            return {"ok": True, "url": "https://acme.slack.com/", "team": "Acme", "user_id": ME}
        if method == "users.conversations":
            return self._mine(said)
        if method == "conversations.create":
            return self._create(said["name"])
        return self._about(method, said)

    def add(self, name: str, creator: str = "U0ADA") -> dict[str, Any]:
        made = {
            "id": f"C{len(self.channels) + 1:03}",
            "name": name,
            "creator": creator,
            "is_archived": False,
            "topic": {"value": "", "creator": "", "last_set": 0},
        }
        self.channels.append(made)
        return made

    def _create(self, name: object) -> Answer:
        if not isinstance(name, str) or not name:
            return _no("invalid_name_required")
        if len(name) > 80:
            return _no("invalid_name_maxlength")
        if not NAME.fullmatch(name):
            return _no("invalid_name_specials")
        if any(one["name"] == name for one in self.channels):
            return _no("name_taken")
        return {"ok": True, "channel": self.add(name, ME)}

    def _mine(self, said: dict[str, Any]) -> Answer:
        limit = int(said.get("limit", 100))
        if not 1 <= limit <= MOST_LIMIT:
            return _no("invalid_limit")
        begin, many = int(said.get("cursor") or 0), min(limit, self.page)
        mine = [one for one in self.channels if one["creator"] == ME]
        if said.get("exclude_archived") == "true":
            mine = [one for one in mine if not one["is_archived"]]
        more = str(begin + many) if begin + many < len(mine) else ""
        shown = mine[begin : begin + many]
        return {"ok": True, "channels": shown, "response_metadata": {"next_cursor": more}}

    def _about(self, method: str, said: dict[str, Any]) -> Answer:
        one = next((one for one in self.channels if one["id"] == said["channel"]), None)
        if one is None:
            return _no("channel_not_found")
        if one["is_archived"]:
            return _no("already_archived" if method == "conversations.archive" else "is_archived")
        if method == "conversations.archive":
            one["is_archived"] = True
        elif method == "conversations.setTopic":
            if len(said["topic"]) > MOST_TOPIC:
                return _no("too_long")
            one["topic"]["value"] = said["topic"]
        elif not said.get("text") and not said.get("blocks"):
            return _no("no_text")
        else:
            self.posts.append(said)
            return {"ok": True, "channel": one["id"], "ts": f"{len(self.posts)}.000100"}
        return {"ok": True}


def _no(error: str) -> Answer:
    needs = {"needed": "channels:manage", "provided": "chat:write"}
    return {"ok": False, "error": error} | (needs if error == "missing_scope" else {})


class _Handler(BaseHTTPRequestHandler):
    """Hears questions for the Slack of its server."""

    protocol_version = "HTTP/1.1"
    server: "_Server"

    def do_GET(self) -> None:
        query = parse_qs(urlsplit(self.path).query)
        self._answer({word: values[0] for word, values in query.items()})

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.headers.get("Content-Type") == "application/json; charset=utf-8":
            self._answer(json.loads(raw))
        else:
            self._send(200, _no("invalid_post_type"), {})

    def _answer(self, said: dict[str, Any]) -> None:
        method = urlsplit(self.path).path.removeprefix("/api/")
        heard = self.server.slack.hear(method, self.headers.get("Authorization", ""), said)
        if heard is None:
            self.close_connection = True
        else:
            self._send(*heard)

    def _send(self, status: int, answer: Answer, headers: dict[str, str]) -> None:
        content = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    @override
    def log_message(self, format: str, *args: object) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    slack: Slack


@contextmanager
def running() -> Iterator[Slack]:
    """One on a free port."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.slack = Slack(url=f"http://127.0.0.1:{server.server_port}/api")
    thread = Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield server.slack
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
