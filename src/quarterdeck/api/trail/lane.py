"""The fast lane of ingest: raw ASGI, for programs that show a token.

It does for its few paths what the layers below do for all: it checks the Host, bounds the body,
counts and times, and answers failures as problem documents. A log line it writes only for what
failed. Requests without a token (a demo's, a browser's) take the usual way, to the same desk.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from time import perf_counter

import structlog
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from quarterdeck.access.authentication.service import Authenticator
from quarterdeck.access.refusals import service as refusals
from quarterdeck.api.trail.desk import Answer, Asked, Desk
from quarterdeck.kernel.errors import QuarterdeckError
from quarterdeck.kernel.work import Actor, MissingPermission, TenantNotFound
from quarterdeck.runtime import Runtime
from quarterdeck.web import faults, problems
from quarterdeck.web.guards import Guards
from quarterdeck.web.headers import A_YEAR, STANDARD
from quarterdeck.web.observe import OPEN, count, request_id_of
from quarterdeck.web.protocol import ANSWER, WHOLE

EVENTS, LOGS = "/api/v1/audit/events", "/v1/logs"
PATH = re.compile(r"/t/([^/]+)(/api/v1/audit/events|/v1/logs)")
MAX_BODY_BYTES = 8 << 20
BEARER = b"bearer "
HEADERS = [(name.lower().encode(), value.encode()) for name, value in STANDARD.items()]

HEAD = b"content-type: %%b\r\ncontent-length: %%d\r\nx-request-id: %%b\r\n%b" % b"".join(
    b"%b: %b\r\n" % header for header in HEADERS
).replace(b"%", b"%%")


class Gone(Exception):
    """Nobody waits for the answer."""


class Gate:
    """Who sends: asked once for all requests that came together, or while the last question
    was out; never before a request was there.
    """

    def __init__(self, access: Authenticator) -> None:
        self._access = access
        self._quick = access.engine.dialect.name == "sqlite"
        self._waiting: list[tuple[str, asyncio.Future[tuple[Actor, int]]]] = []
        self._asking: asyncio.Task[None] | None = None
        self._arrived = self._asked_after = self._epoch = 0

    async def admit(self, secret: str) -> tuple[Actor, int]:
        """The actor, and the epoch that vouches for it; raise Unauthenticated."""
        if self._quick:
            epoch = await self._epoch_after_all()
            return self._access.actor_at(secret, epoch), epoch
        future: asyncio.Future[tuple[Actor, int]] = asyncio.get_running_loop().create_future()
        self._waiting.append((secret, future))
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask())
        return await future

    async def _epoch_after_all(self) -> int:
        """An epoch asked for after this request came, and all that were read in this turn."""
        number = self._arrived = self._arrived + 1
        await asyncio.sleep(0)
        if self._asked_after < number:
            # Where this raises, the next of them asks for itself.
            self._epoch, self._asked_after = self._access.epoch(), self._arrived
        return self._epoch

    async def _ask(self) -> None:
        while self._waiting:
            group, self._waiting = self._waiting, []
            told = await asyncio.to_thread(self._told, [secret for secret, _ in group])
            for (_, future), answer in zip(group, told, strict=True):
                if future.done():
                    continue
                if isinstance(answer, QuarterdeckError):
                    future.set_exception(answer)
                else:
                    future.set_result(answer)

    def _told(self, secrets: list[str]) -> list[tuple[Actor, int] | QuarterdeckError]:
        try:
            epoch = self._access.epoch()
        except QuarterdeckError as error:
            return [error] * len(secrets)
        return [self._one(secret, epoch) for secret in secrets]

    def _one(self, secret: str, epoch: int) -> tuple[Actor, int] | QuarterdeckError:
        try:
            return self._access.actor_at(secret, epoch), epoch
        except QuarterdeckError as error:
            return error


class IngestLane:
    """Answers ingest's requests that show a token; hands all others on."""

    def __init__(self, app: ASGIApp, guards: Callable[[ASGIApp], Guards]) -> None:
        self.app = app
        self._guards = guards(app)
        self._gate: Gate | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST":
            await self.app(scope, receive, send)
            return
        found = _place(scope["path"])
        headers = _by_name(scope) if found else {}
        secret = headers.get("authorization", "")
        if found is None or secret[:7].lower().encode() != BEARER:
            await self.app(scope, receive, send)
            return
        began = perf_counter()
        with OPEN:
            status = await self._served(scope, receive, send, (*found, headers))
        template = f"/t/{{tenant}}{found[0]}" if found[1] else found[0]
        count("POST", template, status, perf_counter() - began)

    async def _served(
        self, scope: Scope, receive: Receive, send: Send, what: tuple[str, str, Mapping[str, str]]
    ) -> int:
        path, tenant, headers = what
        runtime: Runtime = scope["app"].state.runtime
        request_id = request_id_of(headers.get("x-request-id", ""))
        scope.setdefault("state", {})["request_id"] = request_id
        try:
            hosts = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
            self._guards.check_host(hosts, path)
            answer = await self._answer(scope, runtime, receive, (path, tenant, headers))
        except Gone:
            return 499
        except QuarterdeckError as error:
            return await self._refuse(scope, send, error)
        except Exception:  # noqa: BLE001  the lane has no layer above that would answer
            structlog.get_logger("web").exception("unexpected error", request_id=request_id)
            broken = faults.InternalError("something broke here; the log has it by this request id")
            return await self._refuse(scope, send, broken)
        await _send(scope, send, answer, request_id)
        return answer.status

    async def _answer(
        self,
        scope: Scope,
        runtime: Runtime,
        receive: Receive,
        what: tuple[str, str, Mapping[str, str]],
    ) -> Answer:
        path, tenant, headers = what
        if self._gate is None:
            self._gate = Gate(runtime.access)
        actor, epoch = await self._gate.admit(headers["authorization"][7:].strip())
        _check_length(headers)
        body = await _read(receive)
        desk: Desk = scope["app"].state.desk
        answer: Callable[[Asked], Awaitable[Answer]] = desk.events if path == EVENTS else desk.logs
        asked = Asked(
            tenant=tenant,
            actor=actor,
            epoch=epoch,
            headers=headers,
            body=body,
            max_bytes=MAX_BODY_BYTES,
            scope=scope,
        )
        try:
            return await answer(asked)
        except (MissingPermission, TenantNotFound) as refused:
            told = (runtime.engine, runtime.clock, actor, refused.permission, refused.tenant)
            await asyncio.to_thread(refusals.note, *told)
            raise

    async def _refuse(self, scope: Scope, send: Send, error: QuarterdeckError) -> int:
        response = problems.answer(Request(scope), error)
        request_id = scope["state"]["request_id"]
        structlog.get_logger("web").info(
            "request",
            method="POST",
            path=scope["path"],
            status=response.status_code,
            why=str(error)[:200],
            request_id=request_id,
        )
        extra = [(k, v) for k, v in response.raw_headers if k != b"content-length"]
        answer = Answer(response.status_code, "", bytes(response.body))
        start = _start(scope, answer, request_id)
        start["headers"] = [h for h in start["headers"] if h[0] != b"content-type"] + extra
        await send(start)
        await send({"type": "http.response.body", "body": answer.body})
        return response.status_code


def _place(path: str) -> tuple[str, str] | None:
    """Which of ingest's paths it is, and the tenant that it names."""
    if path in (EVENTS, LOGS):
        return path, ""
    found = PATH.fullmatch(path) if path.startswith("/t/") else None
    return (found[2], found[1]) if found else None


def _by_name(scope: Scope) -> dict[str, str]:
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}


def _check_length(headers: Mapping[str, str]) -> None:
    length = headers.get("content-length", "0")
    if length.isdecimal() and int(length[:19]) > MAX_BODY_BYTES:
        raise faults.TooLarge(f"the body has more than {MAX_BODY_BYTES} bytes; send it in parts")


async def _read(receive: Receive) -> bytes:
    message = await receive()
    body: bytes = message.get("body", b"")
    if message["type"] == "http.request" and not message.get("more_body", False):
        return body
    parts, size = [body], len(body)
    while message["type"] == "http.request" and message.get("more_body", False):
        message = await receive()
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > MAX_BODY_BYTES:
            raise faults.TooLarge(
                f"the body has more than {MAX_BODY_BYTES} bytes; send it in parts"
            )
    if message["type"] != "http.request":
        raise Gone
    return b"".join(parts)


async def _send(scope: Scope, send: Send, answer: Answer, request_id: str) -> None:
    if not _sent_whole(scope, answer, request_id):
        await send(_start(scope, answer, request_id))
        await send({"type": "http.response.body", "body": answer.body})


def _sent_whole(scope: Scope, answer: Answer, request_id: str) -> bool:
    whole = scope.get("extensions", {}).get(WHOLE, {})
    at_once: Callable[[int, bytes, bytes], bool] | None = whole.get(ANSWER)
    if at_once is None or answer.headers:
        return False
    # No value can end its line: of an id only some letters are taken, and media types are ours.
    head = HEAD % (answer.media_type.encode(), len(answer.body), request_id.encode())
    if scope.get("scheme") == "https":
        head += b"strict-transport-security: %b\r\n" % A_YEAR.encode()
    return at_once(answer.status, head, answer.body)


def _start(scope: Scope, answer: Answer, request_id: str) -> Message:
    headers = [
        (b"content-type", answer.media_type.encode()),
        (b"content-length", str(len(answer.body)).encode()),
        (b"x-request-id", request_id.encode()),
        *HEADERS,
        *((name.lower().encode(), value.encode()) for name, value in answer.headers),
    ]
    if scope.get("scheme") == "https":
        headers.append((b"strict-transport-security", A_YEAR.encode()))
    return {"type": "http.response.start", "status": answer.status, "headers": headers}
