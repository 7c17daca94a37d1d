"""The live stream, over a real connection."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import Engine, delete

from api.conftest import Headers, Issue
from api.serving import Served, served
from quarterdeck.access.principals.model import installation
from quarterdeck.access.tenants import service as tenants
from quarterdeck.access.tenants.model import Change
from quarterdeck.access.tokens import service as tokens
from quarterdeck.kernel.clock import utc_now
from quarterdeck.kernel.db import writing
from quarterdeck.kernel.outbox import outbox
from quarterdeck.kernel.work import begin
from quarterdeck.runtime import Runtime
from waiting import until

PATH = "/api/v1/stream"
Events = Iterator[dict[str, Any]]


@pytest.fixture
def server(app: FastAPI, runtime: Runtime) -> Iterator[Served]:
    with served(app, runtime) as running:
        yield running


@contextmanager
def watching(server: Served, headers: Headers, *watched: str) -> Iterator[Events]:
    params = {"tenant": list(watched or ["acme"])}
    with (
        httpx2.Client(timeout=10, headers=headers) as client,
        client.stream("GET", server.url + PATH, params=params) as answer,
    ):
        assert answer.status_code == 200, answer.read()
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield parsed(answer.iter_lines())


def parsed(lines: Iterator[str]) -> Events:
    event: dict[str, Any] = {}
    for line in lines:
        if not line:
            yield event
            event = {}
            continue
        name, _, value = line.partition(": ")
        event[name] = json.loads(value) if name == "data" else value


def next_of(kind: str, events: Events) -> dict[str, Any]:
    return next(event for event in events if event["event"] == kind)


def rename(engine: Engine, tenant: str, name: str) -> None:
    with begin(engine, installation(), utc_now) as work:
        tenants.change(work, tenant, Change(name=name))


def test_what_happens_is_told_at_once_and_in_order(
    server: Served, ada: Headers, database: Engine
) -> None:
    with watching(server, ada) as events:
        assert next(events)["event"] == "begin"
        rename(database, "acme", "First")
        rename(database, "acme", "Second")
        told = [next_of("fact", events)["data"] for _ in range(2)]
    assert [fact["event"] for fact in told] == ["TenantRenamed", "TenantRenamed"]
    assert told[1]["sequence"] == told[0]["sequence"] + 1
    assert told[0]["tenant"] == "acme"


def test_only_fields_that_the_log_shows_in_clear_are_told(
    server: Served, ada: Headers, database: Engine
) -> None:
    with watching(server, ada) as events:
        next(events)
        rename(database, "acme", "Hush-Hush")
        assert "Hush" not in json.dumps(next_of("fact", events))


def test_a_stream_resumes_where_it_broke_off(
    server: Served, ada: Headers, database: Engine
) -> None:
    with watching(server, ada, "acme", "other") as events:
        last = next(events)["id"]
    rename(database, "acme", "A")
    rename(database, "other", "B")
    with watching(server, ada | {"Last-Event-ID": last}, "acme", "other") as events:
        told = {next_of("fact", events)["data"]["tenant"] for _ in range(2)}
    assert told == {"acme", "other"}


def test_whoever_was_away_too_long_is_told_of_the_gap(
    server: Served, ada: Headers, database: Engine
) -> None:
    for name in "abc":
        rename(database, "acme", name)
    with writing(database) as db:
        db.execute(delete(outbox).where(outbox.c.tenant == "acme", outbox.c.sequence <= 3))
    with watching(server, ada | {"Last-Event-ID": "acme:1"}) as events:
        assert next_of("gap", events)["data"] == {"tenant": "acme", "missing": 2}
        assert next(events)["data"]["sequence"] == 4


def test_other_tenants_are_not_heard(server: Served, database: Engine, eve: Headers) -> None:
    with watching(server, eve, "other") as events:
        next(events)
        rename(database, "acme", "A")
        rename(database, "other", "B")
        assert next_of("fact", events)["data"]["tenant"] == "other"
    assert httpx2.get(server.url + PATH, params={"tenant": "acme"}, headers=eve).status_code == 404


def test_a_heartbeat_comes_while_nothing_happens(server: Served, ada: Headers) -> None:
    with watching(server, ada) as events:
        assert [next(events)["event"] for _ in range(3)] == ["begin", "heartbeat", "heartbeat"]


def test_a_revoked_token_ends_the_stream_at_the_next_heartbeat(
    server: Served, issue: Issue, database: Engine
) -> None:
    headers = issue("sre", "acme")
    with watching(server, headers) as events:
        assert next(events)["event"] == "begin"
        revoke_all(database)
        assert next_of("end", events)["data"] == {"reason": "refused"}
        assert next(events, None) is None


def test_a_stopping_server_ends_its_streams(server: Served, ada: Headers) -> None:
    with watching(server, ada) as events:
        next(events)
        server.stop()
        assert next_of("end", events)["data"] == {"reason": "stopping"}


def test_there_are_only_so_many_seats_and_each_is_given_back(
    app: FastAPI, server: Served, ada: Headers
) -> None:
    app.state.stream_seats = BoundedSemaphore(1)
    params = {"tenant": "acme"}
    with watching(server, ada) as events:
        next(events)
        refused = httpx2.get(server.url + PATH, params=params, headers=ada)
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "10")

    def seated() -> bool:
        url = server.url + PATH
        with httpx2.stream("GET", url, params=params, headers=ada) as answer:
            return answer.status_code == 200

    assert until(seated)


@pytest.mark.parametrize("position", ["acme", "acme:x", "acme:" + "9" * 19, "{}"])
def test_a_position_that_is_none_is_refused(server: Served, ada: Headers, position: str) -> None:
    headers = ada | {"Last-Event-ID": position}
    answer = httpx2.get(server.url + PATH, params={"tenant": "acme"}, headers=headers)
    assert answer.status_code == 422


def revoke_all(engine: Engine) -> None:
    with begin(engine, installation(), utc_now) as work:
        for token in tokens.tokens(work):
            tokens.revoke(work, token.id)


def test_asking_for_the_head_of_the_stream_opens_none(server: Served, ada: Headers) -> None:
    with httpx2.Client(timeout=10, headers=ada) as client:
        answer = client.head(server.url + PATH, params={"tenant": "acme"})
        assert answer.headers["content-type"].startswith("text/event-stream")
        # Over the same connection, which a stream would keep to itself.
        assert client.get(server.url + "/health/live").status_code == 200
