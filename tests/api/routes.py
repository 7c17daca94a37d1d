"""The routes of an assembled application, and a request to each that its form allows."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts

from quarterdeck.web.permissions import PERMISSION

Schema = dict[str, Any]

# Bodies whose rules a schema cannot say.
BODIES: dict[str, dict[str, Any]] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request to one route: about tenant ``acme`` where it names one, and valid in form."""

    operation: str
    method: str
    template: str
    path: str
    permission: str
    route: APIRoute
    params: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None

    @property
    def names_something(self) -> bool:
        """Whether it asks for one thing, or for one tenant, rather than for all one may see."""
        return "{" in self.template or "tenant" in self.params

    @property
    def request(self) -> dict[str, Any]:
        """Keyword arguments for a client."""
        asked = {"method": self.method, "url": self.path, "params": self.params}
        return asked if self.body is None else asked | {"json": self.body}


def requests(app: FastAPI, tenant: str = "acme") -> Iterator[Asked]:
    """One request to each operation of ``app``."""
    document = app.openapi()
    for context in iter_route_contexts(app.routes):
        route = context.original_route
        assert isinstance(route, APIRoute), f"{context.path} is no route that states what it needs"
        for method in sorted(context.methods or ()):
            operation = document["paths"].get(_template(context), {}).get(method.lower(), {})
            yield _asked(document, context, method, operation, tenant)


def _template(context: RouteContext) -> str:
    return (context.path or "").replace(":path}", "}")  # as the document writes it


def _asked(
    document: Schema, context: RouteContext, method: str, operation: Schema, tenant: str
) -> Asked:
    route, template = context.original_route, _template(context)
    assert isinstance(route, APIRoute)
    path, params = template, {}
    for parameter in operation.get("parameters", ()):
        name = parameter["name"]
        value = tenant if name == "tenant" else sample(document, parameter["schema"], "nothing")
        path = path.replace(f"{{{name}}}", str(value))
        if parameter["in"] == "query" and (parameter["required"] or name == "tenant"):
            params[name] = value
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    body = sample(document, content["schema"]) if content else None
    extra = context.openapi_extra or {}
    return Asked(
        operation=operation.get("operationId", route.name),
        method=method,
        template=template,
        path=path,
        permission=extra.get(PERMISSION, ""),
        route=route,
        params=params,
        body=BODIES.get(operation.get("operationId", ""), body),
    )


def sample(document: Schema, schema: Schema, text: str = "sample") -> Any:  # noqa: ANN401  JSON
    """Something of ``schema``: its example if it has one, else the least that is allowed."""
    if "$ref" in schema:
        return sample(document, document["components"]["schemas"][schema["$ref"].split("/")[-1]])
    for told in ("const", "default"):
        if schema.get(told) is not None:
            return schema[told]
    for listed in ("examples", "enum"):
        if schema.get(listed):
            return schema[listed][0]
    for either in ("anyOf", "oneOf", "allOf"):
        if either in schema:
            return sample(document, schema[either][0], text)
    return _plain(document, schema, text)


def _plain(document: Schema, schema: Schema, text: str) -> Any:  # noqa: ANN401  JSON
    match schema.get("type"):
        case "object":
            required, known = schema.get("required", ()), schema.get("properties", {})
            return {name: sample(document, known[name], text) for name in required}
        case "array":
            return [sample(document, schema["items"], text)] * schema.get("minItems", 0)
        case "integer" | "number":
            return schema.get("minimum", 1)
        case "boolean":
            return False
        case _:
            moment = schema.get("format") == "date-time"
            return "2026-01-01T00:00:00Z" if moment else text
