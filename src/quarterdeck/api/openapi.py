"""The OpenAPI document: what FastAPI derives, and what holds for every operation here."""

from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from quarterdeck.api.examples import illustrate
from quarterdeck.web.permissions import PERMISSION
from quarterdeck.web.problems import MEDIA_TYPE, WORDED, Problem

PROBLEM = {"$ref": "#/components/schemas/Problem"}
SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "A token."},
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "__Host-quarterdeck",
        "description": "The console's session; a write needs X-CSRF-Token too.",
    },
}
ABOUT = (
    "Know a cloud estate, watch it, act on it by runbook, and prove what was done. "
    "docs/reference/http.md says what holds for every path."
)

Operation = dict[str, Any]


def document(app: FastAPI) -> dict[str, Any]:
    """The document of ``app`` as assembled."""
    found = get_openapi(
        title="Quarterdeck", version=app.version, description=ABOUT, routes=app.routes
    )
    components = found.setdefault("components", {})
    components["securitySchemes"] = SCHEMES
    schemas = components.setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)  # FastAPI's own shape, which nothing here answers with
    schemas |= _problem_schemas()
    for path, operation in _operations(found):
        _complete(operation, _worded if WORDED.match(path) else _problem)
        illustrate(operation)
    return found


def _operations(found: dict[str, Any]) -> Iterator[tuple[str, Operation]]:
    for path, operations in found["paths"].items():
        for operation in operations.values():
            yield path, operation


def _problem_schemas() -> dict[str, Any]:
    schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    return {**schema.pop("$defs", {}), "Problem": schema}


def _complete(operation: Operation, refusal: Callable[[int], dict[str, Any]]) -> None:
    secured = PERMISSION in operation
    operation["security"] = [{"bearer": []}, {"session": []}] if secured else []
    responses = operation["responses"]
    for status in sorted(_possible(operation, secured=secured)):
        responses.setdefault(str(status), refusal(status))
    for status, response in responses.items():
        content = response.get("content", {})
        if _is_problem(content.get("application/json", {}).get("schema", {})):
            responses[status] = refusal(int(status))


def _possible(operation: Operation, *, secured: bool) -> set[int]:
    named = {parameter["name"] for parameter in operation.get("parameters", ())}
    where = {parameter["in"] for parameter in operation.get("parameters", ())}
    found = {400, 500, 503}
    if secured:
        found |= {401, 403, 429}
    if where:
        found |= {422}
    if "path" in where:
        found |= {404}
    if "requestBody" in operation:
        found |= {413, 415, 422}
    if "Idempotency-Key" in named:
        found |= {409, 413, 415}
    if "If-Match" in named:
        found |= {412}
    return found


def _is_problem(schema: dict[str, Any]) -> bool:
    return schema == PROBLEM or schema.get("$ref", "").endswith("/HTTPValidationError")


def _problem(status: int) -> dict[str, Any]:
    return {
        "description": HTTPStatus(status).phrase,
        "content": {MEDIA_TYPE: {"schema": PROBLEM}},
    }


def _worded(status: int) -> dict[str, Any]:
    return {
        "description": f"{HTTPStatus(status).phrase}, in words.",
        "content": {"application/json": {"schema": {}}},
    }
