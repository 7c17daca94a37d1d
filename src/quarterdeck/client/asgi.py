"""An ASGI middleware: each request to an application becomes an event."""

import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from quarterdeck.client.client import AsyncClient, Client
from quarterdeck.client.event import Event, Outcome, Party

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Who = Callable[[Scope], Party]

ANONYMOUS = Party("anonymous", "anonymous")
READS = frozenset({"GET", "HEAD", "OPTIONS"})
DENIED, FAILED, CRASHED = (401, 403), 400, 500


def nobody(_scope: Scope) -> Party:
    """Who acts where the application does not say."""
    return ANONYMOUS


class AuditMiddleware:
    """Records each request that may change something, with its outcome.

    Args:
        who: tells who acts from the scope, once the request was answered, so that what
            the application's own authentication left there is seen.
        reads: record GET, HEAD and OPTIONS too.
    """

    def __init__(self, app: App, client: Client, who: Who = nobody, *, reads: bool = False) -> None:
        self._app = app
        self._client = AsyncClient(client)
        self._who = who
        self._reads = reads

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer by the application, then record."""
        if scope["type"] != "http" or (scope["method"] in READS and not self._reads):
            await self._app(scope, receive, send)
            return
        began, status = time.monotonic(), CRASHED  # an application that raises answers nothing

        async def seen(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, seen)
        finally:
            millis = round((time.monotonic() - began) * 1000)
            await self._client.record(_event(scope, self._who(scope), status, millis))


def _event(scope: Scope, who: Party, status: int, millis: int) -> Event:
    headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
    route = getattr(scope.get("route"), "path", None) or scope["path"]
    return Event(
        action=f"http:{scope['method'].lower()}",
        actor=who,
        resource=Party("route", route),
        outcome=_outcome(status),
        request=headers.get(b"x-request-id"),
        trace=_trace(headers.get(b"traceparent", "")),
        payload={"path": scope["path"], "status": status, "duration_ms": millis},
    )


def _outcome(status: int) -> Outcome:
    if status in DENIED:
        return "denied"
    return "failure" if status >= FAILED else "success"


def _trace(parent: str) -> str | None:
    # https://www.w3.org/TR/trace-context/#traceparent-header
    parts = parent.split("-")
    return parts[1] if len(parts) > 1 and parts[1] else None
