"""How routes of API v2 are declared: once for the token's tenant, once for one that is named."""

import json
from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, Request, Response

from quarterdeck.web import tenancy
from quarterdeck.web.deps import By
from quarterdeck.web.permissions import needs
from quarterdeck.web.problems import problems

NAMED = {"name": "tenant", "in": "path", "required": True, "schema": {"type": "string"}}
JSON_TYPE = "application/json"

Route = TypeVar("Route", bound=Callable[..., Any])


def both(
    router: APIRouter,
    method: str,
    path: str,
    permission: str,
    *,
    body: bool = False,
    silent: bool = False,
) -> Callable[[Route], Route]:
    """Serve a function at ``/api/v2{path}`` and at ``/t/{tenant}/api/v2{path}``.

    Args:
        router: what it becomes a route of.
        method: of HTTP.
        path: within the API.
        permission: what it needs.
        body: whether it takes one.
        silent: whether its success is an answer without a body.
    """
    extra = needs(permission)["openapi_extra"]
    if body:
        extra |= {"requestBody": {"required": True, "content": {JSON_TYPE: {"schema": {}}}}}
    told: dict[int | str, Any] = problems(400, 401, 403, 404, 415, 422, 429)
    told[200] = {"description": "Taken."} if silent else {"content": {JSON_TYPE: {"schema": {}}}}

    def declared(function: Route) -> Route:
        for prefix, suffix, more in (("", "", []), ("/t/{tenant}", "_of", [NAMED])):
            router.add_api_route(
                f"{prefix}/api/v2{path}",
                function,
                methods=[method],
                name=function.__name__ + suffix,
                responses=told,
                openapi_extra={**extra, "parameters": more},
                response_class=Response,
            )
        return function

    return declared


def meant(permission: str) -> Any:  # noqa: ANN401  FastAPI's marker
    """What a route asks for to know its tenant."""

    def tenant(request: Request, actor: By) -> str:
        return tenancy.meant(actor, permission, request.path_params.get("tenant", ""))

    return Depends(tenant)


async def raw_body(request: Request) -> bytes:
    """The body as it came; read before any transaction begins."""
    return await request.body()


Raw = Annotated[bytes, Depends(raw_body)]


def refused(status: int, why: object) -> Response:
    """A refusal as Alertmanager words it: a JSON string, or what its own layer below says."""
    return Response(json.dumps(why), status, media_type=JSON_TYPE)


def schema_fault(why: str) -> Response:
    """What go-openapi answers to a body of the wrong form."""
    return refused(422, {"code": 602, "message": why})


def unreadable(why: str) -> Response:
    """What go-openapi answers to a body that is no JSON."""
    return refused(400, {"code": 400, "message": f"parsing body failed, because {why}"})
