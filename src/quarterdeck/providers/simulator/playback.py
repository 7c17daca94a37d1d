"""Plays recorded exchanges back over HTTPS, so that the client reads them as it reads Azure."""

from collections import deque
from collections.abc import Iterator, Sequence
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Playback:
    """A server that plays; stands for every host that was recorded."""

    base: str
    ca_file: Path

    def local(self, url: str) -> str:
        """Where the recorded address ``url`` is played: ``base/host/path?query``."""
        return f"{self.base}/{url.partition('://')[2]}"


@contextmanager
def playing(exchanges: Sequence[Exchange], folder: Path, now: datetime) -> Iterator[Playback]:
    """Play exchanges; the certificate authority to trust stands in ``folder``.

    The same request asked again gets the next answer that was recorded for it, and the last
    one ever after. A request that was not recorded gets 404.
    """
    tls = loopback_tls(now)
    file = ca_file(folder, tls.ca_pem)
    tape = Tape(exchanges)
    with serving(tape, tls.context) as base:
        yield Playback(base=base, ca_file=file)


class Tape:
    """An application that answers from a recording."""

    def __init__(self, exchanges: Sequence[Exchange]) -> None:
        self._answers: dict[tuple[str, str], deque[Exchange]] = {}
        for exchange in exchanges:
            asked = (exchange.method, unquote(exchange.url.partition("://")[2]))
            self._answers.setdefault(asked, deque()).append(exchange)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; its body is not looked at."""
        query = scope["query_string"].decode()
        asked = scope["path"].removeprefix("/") + (f"?{unquote(query)}" if query else "")
        while (await receive()).get("more_body"):
            pass
        exchange = self._next(scope["method"], asked)
        host = dict(scope["headers"]).get(b"host", b"").decode()
        body = relinked(exchange.body, f"https://{host}/")
        headers = [(n.encode(), v.encode()) for n, v in exchange.headers.items() if n not in UNTRUE]
        if exchange.status not in NO_BODY:
            headers.append((b"content-length", str(len(body)).encode()))
        start = {"type": "http.response.start", "status": exchange.status, "headers": headers}
        await send(start)
        await send({"type": "http.response.body", "body": body})

    def _next(self, method: str, asked: str) -> Exchange:
        answers = self._answers.get((method, asked))
        if answers is None:
            words = msgspec.json.encode({"error": {"code": "NotRecorded", "message": asked}})
            return Exchange(method=method, url=asked, status=NOT_FOUND, headers={}, body=words)
        return answers.popleft() if len(answers) > 1 else answers[0]


def relinked(body: bytes, base: str) -> bytes:
    """``body`` whose ``nextLink`` leads to where it is played; all else to the byte as it was."""
    try:
        fields = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
        link = msgspec.json.decode(fields["nextLink"], type=str)
    except (msgspec.DecodeError, KeyError):
        return body
    fields["nextLink"] = msgspec.Raw(msgspec.json.encode(base + link.partition("://")[2]))
    return msgspec.json.encode(fields)
