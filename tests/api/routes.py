"""The routes of an assembled application, and a request to each that its form allows."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts

from quarterdeck.api.examples import BODIES as API
from quarterdeck.web.permissions import PERMISSION

Schema = dict[str, Any]

# Bodies whose rules a schema cannot say.
BODIES: dict[str, dict[str, Any]] = {
    "rehearse_replay": {"consumer": "projection-worker", "filter": "class=logic"},
    "replay_dead_letters": {
        "consumer": "projection-worker",
        "filter": "class=logic",
        "confirm": True,
    },
    "apply_alert_rule": {"rule": {}},
    "try_written_rule": {"rule": {}},
    "record_alert_rule_baseline": API["record_alert_rule_baseline"],
}

# Form fields and addresses of the console that must be of a kind to be read at all.
FORMS = {
    "alert": "1",
    "days": "7",
    "first": "2026-01-01",
    "last": "2026-01-31",
    "interval": "60",
    "limit": "60",
    "base": "1",
    "factor": "2",
    "cap": "15",
    "fewest": "3",
    "covers": "tenant",
    "state": "done",
    "item": "approval",
    "what": "resources",
    "version": "1",
}

PERIOD = {"from": "2026-01-01T00:00:00Z", "to": "2026-01-31T00:00:00Z"}


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
    form: dict[str, Any] = field(default_factory=dict)

    @property
    def names_something(self) -> bool:
        """Whether it asks for one thing, or for one tenant, rather than for all one may see."""
        return "{" in self.template or "tenant" in self.params

    @property
    def request(self) -> dict[str, Any]:
        """Keyword arguments for a client."""
        asked = {"method": self.method, "url": self.path, "params": self.params}
        if self.form:
            return asked | {"data": self.form}
        if isinstance(self.body, str):  # a file, of no declared kind
            return asked | {"content": self.body}
        return asked if self.body is None else asked | {"json": self.body}


def requests(
    app: FastAPI, tenant: str = "acme", known: Mapping[str, str] | None = None
) -> Iterator[Asked]:
    """One request to each operation of ``app``.

    ``known``: what to ask for, by the name of the parameter or the form's field.
    """
    known = {"tenant": tenant} | dict(known or {})
    document = app.openapi()
    for context in iter_route_contexts(app.routes):
        route = context.original_route
        assert isinstance(route, APIRoute), f"{context.path} is no route that states what it needs"
        for method in sorted(context.methods or ()):
            operation = document["paths"].get(_template(context), {}).get(method.lower())
            if operation is None:
                yield _undocumented(context, method, known)
            else:
                yield _asked(document, context, method, operation, known)


def _template(context: RouteContext) -> str:
    return (context.path or "").replace(":path}", "}")  # as the document writes it


def _undocumented(context: RouteContext, method: str, known: Mapping[str, str]) -> Asked:
    """A request to a page of the console: these stand in no document."""
    route, template = context.original_route, _template(context)
    assert isinstance(route, APIRoute)
    fields = {field.alias: field for field in route.dependant.body_params}
    return Asked(
        operation=route.name,
        method=method,
        template=template,
        path=re.sub(r"{(\w+)}", lambda found: known.get(found[1], _any(found[1])), template),
        permission=(context.openapi_extra or {}).get(PERMISSION, ""),
        route=route,
        form={
            name: FORMS.get(name) or known.get(name, "nothing")
            for name, field in fields.items()
            if name in known or field.field_info.is_required()
        },
    )


def _any(name: str) -> str:
    return FORMS.get(name, "nothing")


def _asked(
    document: Schema,
    context: RouteContext,
    method: str,
    operation: Schema,
    known: Mapping[str, str],
) -> Asked:
    route, template = context.original_route, _template(context)
    assert isinstance(route, APIRoute)
    path, params = template, {}
    for parameter in operation.get("parameters", ()):
        name = parameter["name"]
        value = known.get(name) or PERIOD.get(name)
        value = value or sample(document, parameter["schema"], "nothing")
        path = path.replace(f"{{{name}}}", str(value))
        if parameter["in"] == "query" and (parameter["required"] or name == "tenant"):
            params[name] = value
    kinds = operation.get("requestBody", {}).get("content", {})
    content = kinds.get("application/json", {})
    body = sample(document, content["schema"]) if content else None
    if "text/csv" in kinds:
        body = kinds["text/csv"]["example"]
    elif kinds and not content:
        body = "of another form"
    extra = context.openapi_extra or {}
    return Asked(
        operation=operation.get("operationId", route.name),
        method=method,
        template=template,
        path=path,
        permission=extra.get(PERMISSION, ""),
        route=route,
        params=params,
        body=BODIES.get(operation.get("operationId", ""), _named(body, known)),
    )


def _named(body: Any, known: Mapping[str, str]) -> Any:  # noqa: ANN401  JSON
    return {k: known.get(k, v) for k, v in body.items()} if isinstance(body, dict) else body


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
