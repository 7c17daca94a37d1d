"""What applications use without a call of their own: the log handler and the middleware."""

import asyncio
import logging
from collections.abc import Callable

import httpx2
from fastapi import FastAPI, HTTPException

from client.conftest import ADA, ORDER, ordered
from client.trail import Trail
from quarterdeck.client import AsyncClient, AuditHandler, AuditMiddleware, Client

Open = Callable[..., Client]


def test_a_log_line_with_an_actor_is_an_event_and_no_other_is(
    trail: Trail, open_client: Open
) -> None:
    client = open_client(trail.url)
    logger = logging.getLogger("test.audit")
    handler = AuditHandler(client)
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        logger.info("orders:create", extra={"actor": ADA, "resource": ORDER, "payload": {"a": 1}})
        logger.info("no event")
        logger.info("orders:list", extra={"actor": ADA})
    finally:
        logger.removeHandler(handler)
    assert client.flush(10)
    assert [event["action"] for event in trail.taken] == ["orders:create", "orders:list"]
    assert trail.taken[0]["payload"] == {"a": 1}
    assert trail.taken[1]["resource"] == {"type": "logger", "id": "test.audit"}


async def requested(app: FastAPI, method: str, path: str) -> None:
    transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://app") as http:
        await http.request(method, path, headers={"traceparent": "00-abc-def-01"})


def application(client: Client) -> FastAPI:
    app = FastAPI()

    @app.post("/orders/{number}")
    def make(number: int) -> int:
        return number

    @app.post("/closed")
    def refuse() -> None:
        raise HTTPException(403)

    @app.post("/broken")
    def crash() -> None:
        raise ZeroDivisionError

    app.add_middleware(AuditMiddleware, client=client, who=lambda _scope: ADA)
    return app


def test_each_request_that_may_change_something_is_an_event(
    trail: Trail, open_client: Open
) -> None:
    client = open_client(trail.url)
    app = application(client)
    for method, path in [
        ("POST", "/orders/7"),
        ("GET", "/orders/7"),
        ("POST", "/closed"),
        ("POST", "/broken"),
    ]:
        asyncio.run(requested(app, method, path))
    assert client.flush(10)
    found = [(e["resource"]["id"], e["outcome"], e["payload"]["status"]) for e in trail.taken]
    assert found == [
        ("/orders/{number}", "success", 200),
        ("/closed", "denied", 403),
        ("/broken", "failure", 500),
    ]
    assert trail.taken[0]["correlation"]["trace"] == "abc"
    assert trail.taken[0]["actor"] == {"type": "user", "id": "u-1"}


def test_the_asynchronous_client_shares_the_spool(trail: Trail, open_client: Open) -> None:
    client = open_client(trail.url)

    async def record() -> bool:
        async with AsyncClient(client) as asynchronous:
            await asynchronous.record(ordered())
            return await asynchronous.flush(10)

    assert asyncio.run(record())
    assert trail.numbers == [1]
