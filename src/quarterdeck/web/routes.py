"""Routes as this house makes them."""

from collections.abc import Awaitable, Callable, Coroutine, Iterable
from enum import Enum
from functools import partial
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute
from typing_extensions import override

Answer = Callable[[Request], Coroutine[Any, Any, Response]]


class HouseRoute(APIRoute):
    """A route whose answer stands in ``request.state.answer`` before its transaction commits.

    So an answer under an Idempotency-Key is kept by the transaction of the write itself.
    """

    @override
    def get_route_handler(self) -> Answer:
        handler: Callable[[Request], Awaitable[Response]] = super().get_route_handler()

        async def answered(request: Request) -> Response:
            response = await handler(request)
            request.state.answer = response
            return response

        return answered


def by_name(route: APIRoute) -> str:
    """The name of the function behind a route: as stable as the code that programs call."""
    return route.name


Router = partial(APIRouter, route_class=HouseRoute, generate_unique_id_function=by_name)
"""``APIRouter`` with the routes of this house."""


def api_router(prefix: str = "", *, tags: list[str | Enum]) -> APIRouter:
    """A ``Router`` of paths under /api/v1.

    The whole path from the beginning: a router that is included into another works each of its
    routes out twice, and all of them together took a start a second longer.
    """
    return Router(prefix=f"/api/v1{prefix}", tags=tags)


def routes_of(routers: Iterable[APIRouter]) -> list[BaseRoute]:
    """The routes of all, in their order."""
    return [route for router in routers for route in router.routes]
