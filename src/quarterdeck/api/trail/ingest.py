"""POST /api/v1/audit/events and /v1/logs: events in, for who shows no token.

Who shows one is answered by the fast lane (``lane``), at the same desk.
"""

import asyncio
from typing import Any

from fastapi import Request, Response

from quarterdeck.api.trail.desk import PROTOBUF, Answer, Asked, Desk
from quarterdeck.web.deps import By, Installation
from quarterdeck.web.permissions import needs
from quarterdeck.web.problems import problems
from quarterdeck.web.routes import Router

router = Router(tags=["ingest"])

EVENT = {
    "occurred_at": "2026-02-28T12:00:00Z",
    "actor": {"type": "user", "id": "u-1"},
    "action": "orders:create",
    "resource": {"type": "order", "id": "o-1"},
    "payload": {"amount": "12.50"},
}
LOG: dict[str, Any] = {"resourceLogs": []}
BYTES = {"type": "string", "format": "binary"}
RESULT = {
    "description": "What became of each event, in order: its place in the log, or its problem.",
    "content": {"application/json": {}, "application/x-ndjson": {}},
}
EXPORTED = {
    "description": "An ExportLogsServiceResponse, in the form of the request.",
    "content": {"application/json": {}, PROTOBUF: {"schema": BYTES}},
}
REFUSALS = problems(400, 401, 403, 404, 409, 413, 415, 422, 429)


def _taking(example: dict[str, Any], *more: str) -> dict[str, Any]:
    """What the document says of the body, which the desk reads itself."""
    told = {kind: {"schema": BYTES if kind == PROTOBUF else {}} for kind in more}
    schema: dict[str, Any] = {"type": "object", "examples": [example]}
    content = {"application/json": {"schema": schema, "example": example}, **told}
    extra = needs("audit:ingest")["openapi_extra"]
    return {"openapi_extra": extra | {"requestBody": {"required": True, "content": content}}}


EVENTS = _taking(
    EVENT,
    "application/x-ndjson",
    "application/cloudevents+json",
    "application/cloudevents-batch+json",
)


@router.post("/api/v1/audit/events", responses={200: RESULT, **REFUSALS}, **EVENTS)
async def ingest_events(request: Request, actor: By, runtime: Installation) -> Response:
    """Append events to the log of the token's tenant; answered once they are durable.

    One event, an array, or one a line (NDJSON); CloudEvents too. 400 only where none was taken.
    """
    return await _answered(request, actor, runtime, "", logs=False)


@router.post("/t/{tenant}/api/v1/audit/events", responses={200: RESULT, **REFUSALS}, **EVENTS)
async def ingest_events_of(
    tenant: str, request: Request, actor: By, runtime: Installation
) -> Response:
    """Append events to a tenant's log, for who may to several."""
    return await _answered(request, actor, runtime, tenant, logs=False)


@router.post("/v1/logs", responses={200: EXPORTED, **REFUSALS}, **_taking(LOG, PROTOBUF))
async def ingest_logs(request: Request, actor: By, runtime: Installation) -> Response:
    """Append OpenTelemetry log records (OTLP over HTTP, JSON or protobuf) as events."""
    return await _answered(request, actor, runtime, "", logs=True)


@router.post("/t/{tenant}/v1/logs", responses={200: EXPORTED, **REFUSALS}, **_taking(LOG, PROTOBUF))
async def ingest_logs_of(
    tenant: str, request: Request, actor: By, runtime: Installation
) -> Response:
    """Append OpenTelemetry log records to a tenant's log."""
    return await _answered(request, actor, runtime, tenant, logs=True)


async def _answered(
    request: Request, actor: By, runtime: Installation, tenant: str, *, logs: bool
) -> Response:
    desk: Desk = request.app.state.desk
    asked = Asked(
        tenant=tenant,
        actor=actor,
        epoch=await asyncio.to_thread(runtime.access.epoch),
        headers=dict(request.headers),
        body=await request.body(),
        max_bytes=runtime.settings.max_body_bytes,
        scope=request.scope,
    )
    answer: Answer = await (desk.logs(asked) if logs else desk.events(asked))
    return Response(answer.body, answer.status, dict(answer.headers), answer.media_type)
