"""Routes as this house makes them."""

from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute
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


Router = partial(APIRouter, route_class=HouseRoute)
"""``APIRouter`` with the routes of this house."""
