"""Every failure has one shape, whoever notices it."""

import json
import logging
from collections.abc import Iterator
from dataclasses import replace

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import Engine, text
from starlette.responses import HTMLResponse
from starlette.testclient import TestClient

from api.samples import router
from quarterdeck.api.app import build_app
from quarterdeck.kernel.db import open_engine
from quarterdeck.kernel.settings import Settings
from quarterdeck.runtime import Runtime

BASE = "http://127.0.0.1:8080"
JSON = {"Content-Type": "application/json"}
POST = "/api/v1/samples"
OK = {"id": "new"}

Headers = dict[str, str]


@pytest.fixture
def app(runtime: Runtime) -> FastAPI:
    built = build_app(replace(runtime, settings=replace(runtime.settings, max_body_bytes=10_000)))
    built.include_router(router, prefix="/api/v1")
    return built


def check_shape(answer: httpx2.Response, status: int, name: str) -> dict[str, object]:
    body: dict[str, object] = answer.json()
    headers = answer.headers
    assert headers["content-type"] == "application/problem+json"
    assert (body["status"], body["type"]) == (status, f"/problems/{name}")
    assert answer.status_code == status
    assert body.keys() - {"errors"} == {
        "type",
        "title",
        "status",
        "detail",
        "instance",
        "request_id",
    }
    assert body["request_id"] == headers["x-request-id"]
    assert all(body[word] for word in ("title", "detail", "instance"))
    return body


@pytest.mark.parametrize(
    ("content", "headers", "status", "name"),
    [
        (b"{", JSON, 400, "Malformed"),
        (b'{"id": "\xff"}', JSON, 400, "Malformed"),
        (b"[" * 9_000, JSON, 400, "Malformed"),
        (b'{"id": ' + b"9" * 5_000 + b"}", JSON, 400, "Malformed"),
        (b"<id/>", {"Content-Type": "text/xml"}, 415, "UnsupportedMediaType"),
        (b"id=a", {"Content-Type": "application/x-www-form-urlencoded"}, 415, None),
        (b'{"id": "a"}', {"Content-Type": ""}, 415, "UnsupportedMediaType"),
        (b" " * 10_001, JSON, 413, "TooLarge"),
        (b'{"id": 1}', JSON, 422, "InvalidRequest"),
        (b'{"id": "a", "nick": 1}', JSON, 422, "InvalidRequest"),
        (b'{"id": "a\\u0000"}', JSON, 422, "InvalidRequest"),
        (b'{"id": "\\ud800"}', JSON, 422, "InvalidRequest"),
        (b'{"id": "a", "ratio": NaN}', JSON, 422, "InvalidRequest"),
        (b"", JSON, 422, "InvalidRequest"),
        (b"null", JSON, 422, "InvalidRequest"),
        (b'{"id": "Not An Id!"}', JSON, 422, None),
        (b'{"id": "acme"}', JSON, 409, "TenantExists"),
        (b'{"id": "a", "fail": "conflict"}', JSON, 409, "Conflict"),
        (b'{"id": "a", "fail": "unavailable"}', JSON, 503, "Unavailable"),
        (b'{"id": "a", "fail": "bug"}', JSON, 500, "InternalError"),
    ],
)
def test_a_body_that_is_wrong_gets_a_problem(
    client: TestClient, ada: Headers, content: bytes, headers: Headers, status: int, name: str
) -> None:
    answer = client.post(POST, content=content, headers=ada | headers)
    check_shape(answer, status, name or answer.json()["type"].removeprefix("/problems/"))


@pytest.mark.parametrize(
    ("method", "path", "headers", "status", "name"),
    [
        ("GET", "/nowhere", {}, 404, "RouteNotFound"),
        ("GET", "/api/v1/nowhere", {}, 404, "RouteNotFound"),
        ("GET", "/health/", {}, 404, "RouteNotFound"),
        ("DELETE", "/health", {}, 405, "MethodNotAllowed"),
        ("BREW", "/health", {}, 405, "MethodNotAllowed"),
        ("GET", "/%ff", {}, 400, "Malformed"),
        ("GET", "/health?q=%c3%28", {}, 400, "Malformed"),
        ("GET", "/health?q=%00", {}, 400, "Malformed"),
        ("GET", "/health", {"Host": "evil.example"}, 400, "ForeignHost"),
        ("GET", "/api/v1/status", {}, 401, "Unauthenticated"),
        ("GET", "/api/v1/status", {"Authorization": "Basic YTpi"}, 401, "Unauthenticated"),
        ("GET", "/api/v1/status", {"Authorization": "Bearer no"}, 401, "Unauthenticated"),
        ("GET", "/api/v1/status", {"Cookie": "quarterdeck=no"}, 401, "Unauthenticated"),
        ("GET", "/problems/Nonsense", {}, 404, "NoSuchProblem"),
    ],
)
def test_a_request_that_is_wrong_gets_a_problem(
    client: TestClient, method: str, path: str, headers: Headers, status: int, name: str
) -> None:
    check_shape(client.request(method, path, headers=headers), status, name)


@pytest.mark.parametrize(
    ("query", "status"), [("limit=0", 422), ("limit=501", 422), ("limit=x", 422), ("cursor=x", 422)]
)
def test_a_page_that_cannot_be_gets_a_problem(
    client: TestClient, ada: Headers, query: str, status: int
) -> None:
    body = check_shape(client.get(f"{POST}?{query}", headers=ada), status, "InvalidRequest")
    (breach,) = json.loads(json.dumps(body["errors"]))
    assert (breach["parameter"], breach["location"]) == (query.split("=", maxsplit=1)[0], "query")


def test_a_change_of_what_has_moved_on_is_refused(client: TestClient, ada: Headers) -> None:
    answer = client.put(f"{POST}/acme", headers=ada | {"If-Match": '"old"'})
    check_shape(answer, 412, "PreconditionFailed")
    tag = answer.json()["detail"].split("now ")[1].split(":")[0]
    assert client.put(f"{POST}/acme", headers=ada | {"If-Match": tag}).status_code == 200


def test_each_broken_rule_is_pointed_at(client: TestClient, ada: Headers) -> None:
    wrong = {"id": "a", "many": [{"n": 1}, {"n": "x", "a/b~c": 2}]}
    body = check_shape(client.post(POST, json=wrong, headers=ada), 422, "InvalidRequest")
    pointers = {breach["pointer"] for breach in json.loads(json.dumps(body["errors"]))}
    assert pointers == {"#/many/1/n", "#/many/1/a~1b~0c"}


def test_a_million_broken_rules_get_a_short_answer(client: TestClient, ada: Headers) -> None:
    wrong = {"id": "a", "many": [0] * 3000}
    body = check_shape(client.post(POST, json=wrong, headers=ada), 422, "InvalidRequest")
    assert len(json.loads(json.dumps(body["errors"]))) == 50
    assert "3000" in str(body["detail"])


def test_a_body_of_unknown_length_is_counted_as_it_comes(client: TestClient, ada: Headers) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(100):
            yield b" " * 1000

    answer = client.post(POST, content=endless(), headers=ada | JSON)
    check_shape(answer, 413, "TooLarge")


def test_a_refusal_names_the_methods_and_credentials_that_would_do(client: TestClient) -> None:
    assert client.delete("/health").headers["allow"] == "GET"
    assert client.get("/api/v1/status").headers["www-authenticate"].startswith("Bearer")


def test_what_may_succeed_later_says_when(client: TestClient, ada: Headers) -> None:
    answer = client.post(POST, json={"id": "a", "fail": "unavailable"}, headers=ada)
    assert answer.headers["retry-after"] == "7"


def test_whoever_asks_too_often_is_told_to_wait(runtime: Runtime, ada: Headers) -> None:
    slow = replace(runtime.settings, rate_limit_per_s=0.5, rate_limit_burst=2)
    client = TestClient(build_app(replace(runtime, settings=slow)), base_url=BASE)
    answers = [client.get("/api/v1/status", headers=ada) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    check_shape(answers[2], 429, "RateLimited")
    assert int(answers[2].headers["retry-after"]) >= 1


def test_a_bug_tells_the_client_nothing_and_the_log_everything(
    client: TestClient,
    ada: Headers,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.ERROR)
    wrong = {"id": "hush-hush", "fail": "bug"}
    answer = client.post(POST, json=wrong, headers=ada | {"X-Request-Id": "it-was-me"})
    assert "Zero" not in answer.text
    assert "hush" not in answer.text
    assert "it-was-me" in answer.text
    logged = capsys.readouterr().out + caplog.text
    assert "ZeroDivisionError" in logged
    assert "it-was-me" in logged


def test_nothing_of_a_failed_write_stays(
    client: TestClient, ada: Headers, database: Engine
) -> None:
    for fail in ("conflict", "unavailable", "bug"):
        client.post(POST, json={"id": f"gone-{fail}", "fail": fail}, headers=ada)
    with database.connect() as db:
        assert not db.execute(text("SELECT id FROM access_tenant WHERE id LIKE 'gone%'")).all()


def test_a_database_that_is_away_is_a_503(runtime: Runtime, ada: Headers) -> None:
    away = replace(runtime, engine=open_engine("sqlite:////nowhere/at/all/quarterdeck.db"))
    client = TestClient(build_app(away), base_url=BASE, raise_server_exceptions=False)
    check_shape(client.get("/api/v1/stream?tenant=acme", headers=ada), 503, "DatabaseUnavailable")


def test_a_browser_may_be_shown_a_page_instead(app: FastAPI, client: TestClient) -> None:
    app.state.problem_page = lambda _request, problem: HTMLResponse(problem.detail, problem.status)
    answer = client.get("/api/v1/status", headers={"Accept": "text/html,*/*"})
    assert answer.headers["content-type"].startswith("text/html")
    assert "www-authenticate" in answer.headers
    assert client.get("/api/v1/status").headers["content-type"] == "application/problem+json"


def test_every_problem_leads_to_its_page(client: TestClient) -> None:
    kind = client.get("/api/v1/status").json()["type"]
    page = client.get(kind)
    assert page.status_code == 200
    assert "HTTP status 401" in page.text


def test_hosts_of_this_installation_are_known(runtime: Runtime, settings: Settings) -> None:
    def status(asked: str, host: str = "127.0.0.1", base_url: str = "") -> int:
        changed = replace(settings, host=host, base_url=base_url, behind_proxy="10.0.0.0/8")
        app = build_app(replace(runtime, settings=changed))
        client = TestClient(app, base_url=f"http://{asked}")
        return client.get("/health").status_code

    assert status("deck.example:8443", base_url="https://deck.example:8443") == 200
    assert status("10.1.2.3", host="0.0.0.0") == 200  # noqa: S104  no bind, only its setting
    assert status("10.1.2.3") == 400
    assert status("deck.example", host="0.0.0.0") == 400  # noqa: S104  as above
