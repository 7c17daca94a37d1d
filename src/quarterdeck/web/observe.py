"""What every request leaves behind: an id, a line in the log, a count and a time."""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from time import perf_counter
from uuid import uuid4

import structlog
from fastapi import FastAPI
from fastapi.routing import RouteContext, iter_route_contexts
from prometheus_client import Counter, Gauge, Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from quarterdeck.kernel.telemetry import SERVICE_REQUESTS, SERVICE_SECONDS
from quarterdeck.web.services import UNKNOWN, outcome_of, role_of, service_of

REQUESTS = Counter(
    "quarterdeck_http_requests_total",
    "Requests answered.",
    ["service", "method", "route", "status"],
)
LATENCY = Histogram(
    "quarterdeck_http_request_seconds",
    "Time until an answer was sent whole; of a stream, until it began.",
    ["service", "method", "route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)

# An id from outside stands in logs and leaves: short, and without anything to inject.
VALID_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}")
ENDLESS = frozenset({"/api/v1/stream"})  # how long one watches is no time to answer
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Open:
    """How many requests are being answered. The loop's thread counts, any may read.

    A Gauge that counts by itself takes two locks for each, and an object that remembers it.
    """

    many = 0

    def __enter__(self) -> None:
        self.many += 1

    def __exit__(self, *_: object) -> None:
        self.many -= 1


OPEN = Open()
Gauge("quarterdeck_http_requests_open", "Requests being answered now.").set_function(
    lambda: OPEN.many
)


class Observe:
    """Give each request its id, and report how it went.

    The id is the client's ``X-Request-Id`` if that is fit for one, else a new one; it is
    in ``request.state.request_id``, the response, every log line and every problem.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = request_id_of(Headers(scope=scope).get("x-request-id", ""))
        scope.setdefault("state", {})["request_id"] = request_id
        with (
            structlog.contextvars.bound_contextvars(request_id=request_id),
            OPEN,
        ):
            await self._observed(scope, receive, send, request_id)

    async def _observed(self, scope: Scope, receive: Receive, send: Send, request_id: str) -> None:
        started, status = perf_counter(), 0

        async def answered(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-Id"] = request_id
            await send(message)

        try:
            await self.app(scope, receive, answered)
        finally:
            _report(scope, status, perf_counter() - started)


def template_of(scope: Scope) -> str:
    """The path of the route that answered, with its parameters' names: a label of few values."""
    app, endpoint = scope.get("app"), scope.get("endpoint")
    if endpoint is None or not isinstance(app, FastAPI):
        return UNKNOWN
    found = _by_endpoint(app).get(endpoint, ())
    matching = (c.path for c in found if c.path and c.path_regex.match(scope["path"]))
    return next(matching, UNKNOWN)


def _by_endpoint(app: FastAPI) -> Mapping[object, Sequence[RouteContext]]:
    """Every route with its whole path, by what answers. Kept: an application's routes stand."""
    known: dict[object, list[RouteContext]] | None = getattr(app.state, "routes_answering", None)
    if known is None:
        known = app.state.routes_answering = {}
        for context in iter_route_contexts(app.routes):
            known.setdefault(context.endpoint, []).append(context)
    return known


def request_id_of(offered: str) -> str:
    """What was offered if that is fit for an id, else a new one."""
    return offered if VALID_ID.fullmatch(offered) else str(uuid4())


def count(method: str, route: str, status: int, took_s: float) -> None:
    """Count an answered request, by route and by service."""
    requests, latency, answered, seconds = _counters(method, route, status)
    requests.inc()
    latency.observe(took_s)
    answered.inc()
    if route not in ENDLESS:
        seconds.observe(took_s)


@cache
def _counters(
    method: str, route: str, status: int
) -> tuple[Counter, Histogram, Counter, Histogram]:
    # To find each by its labels takes longer than to count.
    service = service_of(method, route)
    role = role_of(service)
    return (
        REQUESTS.labels(service, method, route, str(status)),
        LATENCY.labels(service, method, route),
        SERVICE_REQUESTS.labels(role, outcome_of(status)),
        SERVICE_SECONDS.labels(role),
    )


def _report(scope: Scope, status: int, took_s: float) -> None:
    method = scope["method"] if scope["method"] in METHODS else "OTHER"
    route = template_of(scope)
    count(method, route, status, took_s)
    if route not in ENDLESS and isinstance(app := scope.get("app"), FastAPI):
        app.state.runtime.requests.record(f"{method} {route}", took_s * 1000)
    log = structlog.get_logger("web")
    # The query stays out: people paste secrets into it.
    log.info(
        "request",
        method=scope["method"],
        path=scope["path"],
        status=status,
        duration_ms=round(took_s * 1000, 1),
        client=(scope.get("client") or ("",))[0],
    )
