"""How a simulated cloud answers: Azure's error bodies, and pages with a fault in them."""

from collections.abc import Mapping
from uuid import uuid4

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from quarterdeck.providers.simulator.faults import Fault, FaultKind

JSON = "application/json; charset=utf-8"


class Refused(Exception):
    """An answer that is an error of Azure Resource Manager."""

    def __init__(
        self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.headers = headers or {}


def refused(_request: Request, error: Exception) -> Response:
    """The error body of Azure Resource Manager."""
    if not isinstance(error, Refused):
        raise error
    body = {"error": {"code": error.code, "message": str(error)}}
    return json(body, status=error.status, headers=error.headers)


def json(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON answer."""
    return Response(
        msgspec.json.encode(body), status_code=status, headers=dict(headers or {}), media_type=JSON
    )


def page(items: list[bytes], next_link: str) -> bytes:
    """The body of a listing."""
    tail = b',"nextLink":' + msgspec.json.encode(next_link) if next_link else b""
    return b'{"value":[' + b",".join(items) + b"]" + tail + b"}"


def refusal(fault: Fault) -> Refused | None:
    """The error that a fault answers with; None for one that lets the answer through."""
    if fault.kind not in REFUSALS:
        return None
    status, code, message = REFUSALS[fault.kind]
    headers = fault.headers() if fault.kind is FaultKind.THROTTLE else {}
    return Refused(status, code, message, headers)


def damaged(body: bytes, fault: Fault | None, url: str) -> Response:
    """The answer with ``body``, as the fault leaves it."""
    if fault is None or fault.kind is FaultKind.SLOW:
        return Response(body, media_type=JSON)
    if fault.kind is FaultKind.TRUNCATED:
        return cut_short(body)
    if fault.kind is FaultKind.GARBLED:
        return Response(body[: len(body) // 2], media_type=JSON)
    whole = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    if fault.kind is FaultKind.RENAMED:
        whole["items"] = whole.pop("value")
    if fault.kind in (FaultKind.LOOP, FaultKind.ASTRAY):
        target = url if fault.kind is FaultKind.LOOP else "https://elsewhere.invalid/page"
        whole["nextLink"] = msgspec.Raw(msgspec.json.encode(target))
    return json(whole)


def cut_short(body: bytes) -> Response:
    """Promises a whole body and sends half of it; the server then breaks the connection."""
    promised = {"content-length": str(len(body))}
    return StreamingResponse(iter([body[: len(body) // 2]]), headers=promised, media_type=JSON)


def request_ids() -> list[tuple[bytes, bytes]]:
    """Headers that identify an exchange, as every answer of Azure has them."""
    return [
        (b"x-ms-request-id", str(uuid4()).encode()),
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
