"""The gate of ingest's fast lane: one question for many, and none that is answered too early."""

import asyncio
import gc
import json
from contextlib import closing
from dataclasses import dataclass, field, replace
from http.client import HTTPConnection
from types import SimpleNamespace
from typing import cast

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from api.conftest import BASE, Headers, Issue
from api.serving import served
from api.trail.test_ingest import EVENTS, event
from quarterdeck.access.authentication.service import Authenticator
from quarterdeck.api.app import build_app
from quarterdeck.api.trail.lane import Gate
from quarterdeck.kernel.errors import Unavailable
from quarterdeck.kernel.work import Actor
from quarterdeck.runtime import Runtime

JSON = {"Content-Type": "application/json"}
DATED = {"date"}
"""What a server adds."""


@dataclass
class Counting:
    """Access whose epoch moves each time it is asked for; where ``broken``, it cannot be."""

    asked: int = 0
    broken: int = 0
    engine: object = field(
        default_factory=lambda: SimpleNamespace(dialect=SimpleNamespace(name="sqlite"))
    )

    def epoch(self) -> int:
        self.asked += 1
        if self.asked <= self.broken:
            raise Unavailable("away")
        return self.asked

    def actor_at(self, secret: str, epoch: int) -> Actor:
        return Actor(f"{secret}@{epoch}", frozenset())


def test_requests_that_came_together_share_one_question_and_later_ones_ask_anew() -> None:
    access = Counting()
    gate = Gate(cast("Authenticator", access))

    async def together(count: int) -> set[int]:
        return {
            epoch for _, epoch in await asyncio.gather(*(gate.admit("s") for _ in range(count)))
        }

    async def turns() -> list[set[int]]:
        return [await together(20), await together(1), await together(5)]

    assert asyncio.run(turns()) == [{1}, {2}, {3}]


def test_a_question_that_failed_is_asked_again_by_the_next() -> None:
    gate = Gate(cast("Authenticator", Counting(broken=1)))

    async def together() -> list[tuple[Actor, int] | BaseException]:
        return await asyncio.gather(*(gate.admit("s") for _ in range(3)), return_exceptions=True)

    first, *others = asyncio.run(together())
    assert isinstance(first, Unavailable)
    assert [told[1] for told in others if isinstance(told, tuple)] == [2, 2]


def test_an_answer_written_at_once_is_the_one_that_goes_through_all_layers(
    app: FastAPI, runtime: Runtime, issue: Issue
) -> None:
    producer: Headers = issue("producer", "acme", home="acme")
    asked = {**producer, "Content-Type": "application/json", "X-Request-Id": "r-1"}
    with TestClient(app, base_url=BASE) as client:
        usual = client.post(EVENTS, headers=asked, json=event())
    with served(app, runtime) as found, closing(HTTPConnection("127.0.0.1", found.port)) as kept:
        for number, more in enumerate(({}, {}, {"Connection": "close"}), 1):
            kept.request("POST", EVENTS, json.dumps(event()), asked | more)
            answer = kept.getresponse()
            told = {name.lower(): value for name, value in answer.getheaders()}
            body = json.loads(answer.read())
            assert (answer.status, body["index"]) == (200, number)
            assert told.keys() - DATED - {"connection"} == set(usual.headers) - DATED
            same = told.keys() - DATED - {"connection", "content-length"}
            assert {name: told[name] for name in same} == {
                name: usual.headers[name] for name in same
            }


def test_an_answered_request_goes_at_once(app: FastAPI, runtime: Runtime, issue: Issue) -> None:
    producer: Headers = issue("producer", "acme", home="acme")
    with served(app, runtime) as found, closing(HTTPConnection("127.0.0.1", found.port)) as kept:
        gc.collect()
        gc.disable()
        try:
            for _ in range(20):
                kept.request("POST", EVENTS, json.dumps(event()), producer | JSON)
                assert kept.getresponse().read()
            standing = sum(isinstance(one, RequestResponseCycle) for one in gc.get_objects())
        finally:
            gc.enable()
    assert standing <= 2  # the connection's last one, and one that ends just now


@pytest.mark.parametrize(("trusted", "said"), [("127.0.0.0/8", True), ("", False)])
def test_a_trusted_proxy_says_that_a_request_came_over_tls(
    runtime: Runtime, issue: Issue, trusted: str, *, said: bool
) -> None:
    producer: Headers = issue("producer", "acme", home="acme")
    behind = replace(runtime, settings=replace(runtime.settings, behind_proxy=trusted))
    asked = producer | JSON | {"X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "https"}
    with TestClient(build_app(behind), base_url=BASE, client=("127.0.0.1", 5)) as client:
        told = client.post(EVENTS, headers=asked, json=event())
    assert told.status_code == 200
    assert ("strict-transport-security" in told.headers) == said
