"""What is refused before any route sees it: foreign hosts, bad encodings, wrong bodies.

And what no route foresaw: the one place where an unexpected error becomes an answer.
"""

from collections.abc import Collection
from urllib.parse import unquote_to_bytes

import structlog
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from quarterdeck.kernel.errors import QuarterdeckError
from quarterdeck.web import faults, problems
from quarterdeck.web.loopback import host_name, is_address

BODY_TYPES = frozenset(
    {
        "application/json",
        "text/csv",
        "application/x-ndjson",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "application/openmetrics-text",
        "application/x-protobuf",  # Prometheus' remote-write
    }
)
ANY_BODY = frozenset({"/witness/add-checkpoint"})
"""Whose specification names no kind of body: each client says another, or none."""

HEALTH_DOMAIN = ".atp.internal"  # runbook 004 asks each service by its own name there


class Faults:
    """Answer an error that no route foresaw: with its request id, without its trace."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = False

        async def noted(message: Message) -> None:
            nonlocal began
            began = True
            await send(message)

        try:
            await self.app(scope, receive, noted)
        except QuarterdeckError as error:
            fault = error
            if began:
                raise
        except Exception:
            structlog.get_logger("web").exception("unexpected error")
            # The client has half an answer: breaking the connection is how it can tell.
            if began or scope["type"] != "http":
                raise
            fault = faults.InternalError("something broke here; the log has it by this request id")
        else:
            return
        await problems.answer(Request(scope), fault)(scope, receive, send)


class Guards:
    """Refuse what no route should have to think of.

    Attributes:
        hosts: names that may stand in the Host header; others are refused, so that a name
            that somebody's DNS points here (DNS rebinding) opens nothing.
        any_address: whether an IP address may stand there too; no DNS can point one here.
        max_body_bytes: largest body, counted as it streams in.
    """

    def __init__(
        self, app: ASGIApp, hosts: Collection[str], *, any_address: bool, max_body_bytes: int
    ) -> None:
        self.app = app
        self.hosts = frozenset(hosts)
        self.any_address = any_address
        self.max_body_bytes = max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        self.check_host(headers.getlist("host"), scope["path"])
        _check_encoding(scope)
        if scope["path"] not in ANY_BODY:
            _check_media_type(headers)
        _check_length(headers, self.max_body_bytes)
        await self.app(scope, _bounded(receive, self.max_body_bytes), send)

    def check_host(self, given: list[str], path: str) -> None:
        """Refuse a request whose Host headers do not name this installation; raise ForeignHost."""
        name = host_name(given[0]) if len(given) == 1 else ""
        if name in self.hosts or (self.any_address and is_address(name)):
            return
        if name.endswith(HEALTH_DOMAIN) and f"{path}/".startswith("/health/"):
            return
        raise faults.ForeignHost(
            f"this installation is not {name[:80] or 'what Host says'}; if it is, set base_url"
        )


def _check_encoding(scope: Scope) -> None:
    for part in (scope.get("raw_path") or b"", scope["query_string"]):
        raw = unquote_to_bytes(part)
        try:
            raw.decode()
        except UnicodeDecodeError as error:
            raise faults.Malformed(f"the address is not UTF-8: {error.reason}") from error
        if b"\0" in raw:
            raise faults.Malformed("the address has a NUL character, which nothing here can hold")


def _check_media_type(headers: Headers) -> None:
    given = headers.get("content-type", "").split(";")[0].strip().lower()
    if not given or not _has_body(headers):
        return  # a bare POST is fine; a body of no declared kind is for its route to judge
    if given not in BODY_TYPES and not given.endswith("+json"):
        raise faults.UnsupportedMediaType(
            f"no path here reads {given}; send Content-Type: application/json"
        )


def _has_body(headers: Headers) -> bool:
    return "transfer-encoding" in headers or headers.get("content-length", "0") != "0"


def _check_length(headers: Headers, limit: int) -> None:
    length = headers.get("content-length", "0")
    if not length.isdecimal():
        raise faults.Malformed("Content-Length must be a number of bytes")
    if int(length[:19]) > limit:
        raise faults.TooLarge(f"the body has more than {limit} bytes; send it in parts")


def _bounded(receive: Receive, limit: int) -> Receive:
    left = limit

    async def counted() -> Message:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        if left < 0:
            # FastAPI lets an HTTPException through; anything else while it reads is a 400.
            raise HTTPException(413, f"the body has more than {limit} bytes; send it in parts")
        return message

    return counted
