"""Plays recorded exchanges back over HTTPS, so that the client reads them as it reads Azure."""

import re
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import unquote

import msgspec
from starlette.types import Receive, Scope, Send

from quarterdeck.providers.azure.cassette import Exchange
from quarterdeck.providers.simulator.serving import ca_file, serving
from quarterdeck.providers.simulator.tls import loopback_tls

UNTRUE = {"content-length", "content-encoding", "transfer-encoding", "connection", "date"}
"""Headers of the recorded connection, not of the one that plays it back."""

NO_BODY = {204, 304}
NOT_FOUND = 404


SUBSCRIPTION = re.compile(r"(?<=/subscriptions/)[0-9a-fA-F-]{36}")

Tapes = Mapping[str, Sequence[Exchange]]
"""Recorded exchanges by the name of their cassette."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Playback:
    """A server that plays; stands for every host that was recorded."""

    base: str
    ca_file: Path

    def local(self, cassette: str, url: str) -> str:
        """Where the recorded address ``url`` is played: ``base/cassette/host/path?query``."""
        return f"{self.base}/{cassette}/{url.partition('://')[2]}"


@contextmanager
def playing(tapes: Tapes, folder: Path, now: datetime) -> Iterator[Playback]:
    """Play exchanges; the certificate authority to trust stands in ``folder``.

    The same request asked again gets the next answer that was recorded for it, and the last
    one ever after. A request that was not recorded gets 404.
    """
    tls = loopback_tls(now)
    file = ca_file(folder, tls.ca_pem)
    with serving(Player(tapes), tls.context) as base:
        yield Playback(base=base, ca_file=file)


class Player:
    """An application that answers from recordings."""

    def __init__(self, tapes: Tapes) -> None:
        self._tapes = {name: Tape(exchanges) for name, exchanges in tapes.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; its body is not looked at."""
        while (await receive()).get("more_body"):
            pass
        cassette, _, asked = scope["path"].removeprefix("/").partition("/")
        if query := scope["query_string"].decode():
            asked += f"?{unquote(query)}"
        tape = self._tapes.get(cassette)
        exchange = tape.next(scope["method"], asked) if tape else not_recorded(asked)
        host = dict(scope["headers"]).get(b"host", b"").decode()
        await play(exchange, relinked(exchange.body, f"https://{host}/{cassette}/"), send)


class Tape:
    """The answers of one cassette, in the order of each request's recording."""

    def __init__(self, exchanges: Sequence[Exchange]) -> None:
        self._answers: dict[tuple[str, str], deque[Exchange]] = {}
        for exchange in exchanges:
            asked = unquote(exchange.url.partition("://")[2])
            self._answers.setdefault((exchange.method, asked), deque()).append(exchange)
        self._masked = {(method, masked(asked)): (method, asked) for method, asked in self._answers}

    def next(self, method: str, asked: str) -> Exchange:
        """The answer to a request: ``asked`` is host, path and query, with nothing quoted.

        Recorders replace subscription ids in addresses and forget those in links, so one
        that differs in nothing else is taken for the same.
        """
        key = (method, asked)
        if key not in self._answers:
            key = self._masked.get((method, masked(asked)), key)
        answers = self._answers.get(key)
        if answers is None:
            return not_recorded(asked)
        return answers.popleft() if len(answers) > 1 else answers[0]


async def play(exchange: Exchange, body: bytes, send: Send) -> None:
    """Send an answer."""
    headers = [(n.encode(), v.encode()) for n, v in exchange.headers.items() if n not in UNTRUE]
    if exchange.status not in NO_BODY:
        headers.append((b"content-length", str(len(body)).encode()))
    start = {"type": "http.response.start", "status": exchange.status, "headers": headers}
    await send(start)
    await send({"type": "http.response.body", "body": body})


def masked(asked: str) -> str:
    """An address without its subscription id."""
    return SUBSCRIPTION.sub("*", asked)


def not_recorded(asked: str) -> Exchange:
    """The answer to a request that no tape has."""
    words = msgspec.json.encode({"error": {"code": "NotRecorded", "message": asked}})
    return Exchange(method="", url=asked, status=NOT_FOUND, headers={}, body=words)


def relinked(body: bytes, base: str) -> bytes:
    """``body`` whose ``nextLink`` leads to where it is played; all else to the byte as it was."""
    try:
        fields = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
        link = msgspec.json.decode(fields["nextLink"], type=str)
    except (msgspec.DecodeError, KeyError):
        return body
    fields["nextLink"] = msgspec.Raw(msgspec.json.encode(base + link.partition("://")[2]))
    return msgspec.json.encode(fields)
