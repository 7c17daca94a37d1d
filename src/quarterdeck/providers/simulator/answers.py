"""How a simulated cloud answers: error bodies, and pages with a fault in them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import uuid4

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from quarterdeck.providers.simulator.faults import Fault, FaultKind

JSON = "application/json; charset=utf-8"
GRAPH = "/v1.0/"
"""Begins the addresses of Microsoft Graph, which has a host of its own in the true cloud."""


class Refused(Exception):
    """An answer that is an error, of Azure Resource Manager or of Microsoft Graph."""

    def __init__(
        self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.headers = headers or {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How an API writes a page.

    Attributes:
        wrap: the body from encoded items and the link to the next page, empty at the end.
        items: the name of the field that holds the items, or holds what does.
        lost: what a link that leads elsewhere looks like.
    """

    wrap: Callable[[list[bytes], str], bytes]
    items: str = "value"
    lost: str = "https://elsewhere.invalid/page"


def refused(request: Request, error: Exception) -> Response:
    """The error body of the API that was asked."""
    if not isinstance(error, Refused):
        raise error
    said: dict[str, object] = {"code": error.code, "message": str(error)}
    if request.url.path.startswith(GRAPH):
        said["innerError"] = inner(request)
    return json({"error": said}, status=error.status, headers=error.headers)


def inner(request: Request) -> Mapping[str, str]:
    """What Microsoft Graph adds to an error, for its support."""
    asked = str(uuid4())
    return {
        "date": f"{request.app.state.now():%Y-%m-%dT%H:%M:%S}",
        "request-id": asked,
        "client-request-id": request.headers.get("client-request-id", asked),
    }


def json(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON answer."""
    return Response(
        msgspec.json.encode(body), status_code=status, headers=dict(headers or {}), media_type=JSON
    )


def page(items: list[bytes], next_link: str) -> bytes:
    """The body of a listing of Azure Resource Manager."""
    tail = b',"nextLink":' + msgspec.json.encode(next_link) if next_link else b""
    return b'{"value":[' + b",".join(items) + b"]" + tail + b"}"


ARM = Form(wrap=page)


def refusal(fault: Fault, path: str) -> Refused | None:
    """The error that a fault answers with; None for one that lets the answer through."""
    known = GRAPH_REFUSALS if path.startswith(GRAPH) else {}
    if fault.kind not in REFUSALS:
        return None
    status, code, message = known.get(fault.kind, REFUSALS[fault.kind])
    headers = fault.headers() if fault.kind is FaultKind.THROTTLE else {}
    return Refused(status, code, message, headers)


def answered(
    form: Form, items: list[bytes], following: str, fault: Fault | None, here: str
) -> Response:
    """A page as the fault leaves it; ``here`` is the link that leads to this very page."""
    kind = fault.kind if fault else None
    links = {FaultKind.LOOP: here, FaultKind.ASTRAY: form.lost, FaultKind.EMPTY: ""}
    if kind in links:
        following = links[kind]
    body = form.wrap([] if kind is FaultKind.EMPTY else items, following)
    if kind is FaultKind.TRUNCATED:
        return cut_short(body)
    if kind is FaultKind.GARBLED:
        body = body[: len(body) // 2]
    if kind is FaultKind.RENAMED:
        whole = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
        whole["items"] = whole.pop(form.items)
        body = msgspec.json.encode(whole)
    return Response(body, media_type=JSON)


def cut_short(body: bytes) -> Response:
    """Promises a whole body and sends half of it; the server then breaks the connection."""
    promised = {"content-length": str(len(body))}
    return StreamingResponse(iter([body[: len(body) // 2]]), headers=promised, media_type=JSON)


def request_ids() -> list[tuple[bytes, bytes]]:
    """Headers that identify an exchange, as every answer of Azure has them."""
    asked = str(uuid4()).encode()
    return [
        (b"x-ms-request-id", asked),
        (b"request-id", asked),
        (b"x-ms-correlation-request-id", str(uuid4()).encode()),
    ]


REFUSALS = {
    FaultKind.THROTTLE: (
        429,
        "TooManyRequests",
        "The request is being throttled as the limit of reads has been reached.",
    ),
    FaultKind.UNAUTHORIZED: (401, "InvalidAuthenticationToken", "The access token is invalid."),
    FaultKind.FORBIDDEN: (
        403,
        "AuthorizationFailed",
        "The client does not have authorization to perform the action over the scope.",
    ),
    FaultKind.MISSING: (404, "SubscriptionNotFound", "The subscription could not be found."),
    FaultKind.BROKEN: (500, "InternalServerError", "The server met an unexpected condition."),
    FaultKind.UNAVAILABLE: (503, "ServerBusy", "The service is not available at the moment."),
}
GRAPH_REFUSALS = {
    FaultKind.FORBIDDEN: (
        403,
        "Authorization_RequestDenied",
        "Insufficient privileges to complete the operation.",
    ),
    FaultKind.MISSING: (404, "Request_ResourceNotFound", "The resource does not exist."),
    FaultKind.UNAVAILABLE: (503, "serviceNotAvailable", "The service is not available."),
}
