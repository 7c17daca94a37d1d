"""Who asks: by token, by session with its CSRF token, or from this machine in a demo."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from fastapi import FastAPI
from prometheus_client import REGISTRY
from sqlalchemy import Engine, select
from starlette.testclient import TestClient

from api.conftest import BASE, Headers, Issue
from api.samples import router
from quarterdeck.access.authentication.signin import sign_in, sign_out
from quarterdeck.access.refusals.store import refusals
from quarterdeck.access.roles.model import RESERVED
from quarterdeck.access.sessions.model import Opened
from quarterdeck.api.app import build_app
from quarterdeck.kernel.db import reading
from quarterdeck.kernel.work import ANY
from quarterdeck.runtime import Runtime
from quarterdeck.web.signin import DEMO, cookie_name

SAMPLES = "/api/v1/samples"
STATUS = "/api/v1/status"


@pytest.fixture
def app(runtime: Runtime) -> FastAPI:
    built = build_app(runtime)
    built.include_router(router, prefix="/api/v1")
    return built


@pytest.fixture
def opened(runtime: Runtime, ada: Headers) -> Opened:
    """A session of ada's."""
    return sign_in(runtime.access, ada["Authorization"].removeprefix("Bearer "))


@pytest.fixture
def browser(client: TestClient, opened: Opened) -> Iterator[TestClient]:
    """Ada's browser."""
    client.cookies.set("quarterdeck", opened.cookie)
    yield client
    client.cookies.clear()


def test_a_session_may_look_without_a_csrf_token(browser: TestClient) -> None:
    assert browser.get(STATUS).status_code == 200


@pytest.mark.parametrize("offered", [None, "", "wrong", "é"])
def test_a_session_may_not_write_without_the_token_of_its_pages(
    browser: TestClient, offered: str | None
) -> None:
    headers = [] if offered is None else [(b"x-csrf-token", offered.encode())]
    answer = browser.post(SAMPLES, json={"id": "a"}, headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/CsrfMismatch")


def test_a_session_writes_with_the_token_in_a_header(browser: TestClient, opened: Opened) -> None:
    headers = {"X-CSRF-Token": opened.session.csrf}
    assert browser.post(SAMPLES, json={"id": "a"}, headers=headers).status_code == 201


def test_a_session_writes_with_the_token_in_a_form(browser: TestClient, opened: Opened) -> None:
    right, wrong = {"csrf": opened.session.csrf}, {"csrf": "no"}
    assert browser.put(f"{SAMPLES}/acme", data=right).status_code == 200
    assert browser.put(f"{SAMPLES}/acme", data=wrong).status_code == 403
    assert browser.put(f"{SAMPLES}/acme", files={"csrf": (None, right["csrf"])}).status_code == 200


def test_a_session_that_was_ended_opens_nothing(
    browser: TestClient, runtime: Runtime, opened: Opened
) -> None:
    sign_out(runtime.access, opened.cookie)
    assert browser.get(STATUS).status_code == 401


def test_a_token_counts_before_a_session(browser: TestClient, nobody: Headers) -> None:
    assert browser.get(STATUS, headers=nobody).status_code == 403


def test_on_https_the_cookie_is_the_hosts_own() -> None:
    assert (cookie_name("https"), cookie_name("http")) == ("__Host-quarterdeck", "quarterdeck")


def demo(runtime: Runtime, peer: str = "127.0.0.1", *, on: bool = True) -> TestClient:
    settings = replace(runtime.settings, demo=on)
    app = build_app(replace(runtime, settings=settings))
    app.include_router(router, prefix="/api/v1")
    return TestClient(app, base_url=BASE, client=(peer, 5))


def test_a_demo_trusts_this_machine_and_nobody_else(runtime: Runtime) -> None:
    assert demo(runtime).get(STATUS).status_code == 200
    assert demo(runtime).post(SAMPLES, json={"id": "a"}).status_code == 201
    assert demo(runtime, "192.0.2.1").get(STATUS).status_code == 401
    assert demo(runtime, on=False).get(STATUS).status_code == 401


@pytest.mark.parametrize(
    "header",
    [
        {"Origin": "http://evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"X-Forwarded-For": "127.0.0.1"},
        {"Forwarded": "for=127.0.0.1"},
    ],
)
def test_a_demo_does_not_trust_what_another_site_or_a_proxy_sends(
    runtime: Runtime, header: Headers
) -> None:
    assert demo(runtime).post(SAMPLES, json={"id": "a"}, headers=header).status_code == 401


def test_a_cookie_of_yesterdays_demo_locks_nobody_out(runtime: Runtime) -> None:
    cookie = {"Cookie": "quarterdeck=of-another-database"}
    assert demo(runtime).get(STATUS, headers=cookie).status_code == 200


def test_the_demos_actor_never_holds_keys_erasure_or_the_release_of_holds() -> None:
    assert DEMO.id == "demo@loopback"
    assert not {permission for permission, _ in DEMO.grants} & RESERVED
    assert {tenant for _, tenant in DEMO.grants} == {ANY}


def test_refusals_of_somebody_known_are_noted(
    client: TestClient, database: Engine, issue: Issue
) -> None:
    sre = issue("sre", "acme")
    client.post(SAMPLES, json={"id": "a"}, headers=sre)
    client.get("/api/v1/stream?tenant=other", headers=sre)
    client.get(STATUS)
    with reading(database) as db:
        noted = db.execute(select(refusals.c.permission, refusals.c.tenant)).all()
    assert sorted(map(tuple, noted)) == [("events:read", "other"), ("tenants:create", "_platform")]


def test_refusals_of_nobody_are_counted(client: TestClient) -> None:
    def count() -> float:
        return REGISTRY.get_sample_value("quarterdeck_http_unauthenticated_total") or 0

    before = count()
    client.get(STATUS)
    client.get(STATUS, headers={"Authorization": "Bearer no"})
    assert count() == before + 2
