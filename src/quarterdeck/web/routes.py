"""Routes as this house makes them."""

from collections.abc import Awaitable, Callable, Coroutine, Iterable
from enum import Enum
from functools import partial
from threading import RLock
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, compile_path, get_name
from typing_extensions import override

Answer = Callable[[Request], Coroutine[Any, Any, Response]]


_WORKING_OUT = RLock()


class LateRoute(APIRoute):
    """A route that knows what it matches; all else is worked out when it is first asked for.

    For hundreds of routes that would be a third of the time that a start takes.
    """

    @override
    def __init__(
        self,
        path: str,
        endpoint: Callable[..., Any],
        **said: Any,
    ) -> None:
        self._later = (path, endpoint, said)
        self.path, self.endpoint = path, endpoint
        self.name = said.get("name") or get_name(endpoint)
        self.methods = {method.upper() for method in said.get("methods") or ("GET",)}
        self.path_regex, self.path_format, self.param_convertors = compile_path(path)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  any attribute of a route
        """What is missing yet: everything but what it matches."""
        with _WORKING_OUT:
            later = self.__dict__.pop("_later", None)
            if later is not None:
                path, endpoint, said = later
                super().__init__(path, endpoint, **said)
            return object.__getattribute__(self, name)


class HouseRoute(LateRoute):
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


def page_router() -> APIRouter:
    """A router of pages and forms, of which the API's document tells nothing."""
    return APIRouter(include_in_schema=False, route_class=LateRoute)


def routes_of(routers: Iterable[APIRouter]) -> list[BaseRoute]:
    """The routes of all, in their order."""
    return [route for router in routers for route in router.routes]
