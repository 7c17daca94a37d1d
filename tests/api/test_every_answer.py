"""What every answer bears, and what every request leaves behind."""

import json
from collections.abc import Iterator

import httpx2
import pytest
from fastapi import FastAPI, Request, Response
from prometheus_client import REGISTRY
from starlette.testclient import TestClient

from api.conftest import BASE, Headers
from api.samples import router
from api.serving import served
from quarterdeck.access.principals.model import installation
from quarterdeck.access.tenants import service as tenants
from quarterdeck.access.tokens import service as tokens
from quarterdeck.api.app import build_app
from quarterdeck.kernel.clock import utc_now
from quarterdeck.kernel.work import Work, begin
from quarterdeck.runtime import Runtime
from quarterdeck.web import ndjson, streaming
from quarterdeck.web.deps import By
from quarterdeck.web.ndjson import Listing
from quarterdeck.web.observe import OPEN
from quarterdeck.web.paging import Key

SAMPLES = "/api/v1/samples"
STREAMED = {"Accept": "application/x-ndjson"}


@pytest.fixture
def app(runtime: Runtime) -> FastAPI:
    built = build_app(runtime)
    built.include_router(router, prefix="/api/v1")
    return built


def counted(method: str, route: str, status: str) -> float:
    labels = {
        "service": "gateway" if route == "(none)" else "estate",
        "method": method,
        "route": route,
        "status": status,
    }
    return REGISTRY.get_sample_value("quarterdeck_http_requests_total", labels) or 0


@pytest.mark.parametrize("path", ["/health", "/nowhere", "/api/v1/status", "/%ff"])
def test_every_answer_keeps_the_browser_on_our_side(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    assert "'unsafe" not in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert "strict-transport-security" not in headers


def test_on_https_the_browser_is_told_to_stay_there(app: FastAPI) -> None:
    client = TestClient(app, base_url=BASE.replace("http", "https"))
    assert client.get("/health").headers["strict-transport-security"] == "max-age=31536000"


def test_a_request_bears_the_id_that_the_client_gave_it(
    client: TestClient, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = client.get("/health", headers={"X-Request-Id": "deploy-7"})
    assert answer.headers["x-request-id"] == "deploy-7"
    line = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (line["request_id"], line["path"], line["status"]) == ("deploy-7", "/health", 200)


@pytest.mark.parametrize("bad", ["", "a b", "x" * 65, "a\tb", '{"a":1}', "-x"])
def test_an_id_unfit_for_logs_is_replaced(client: TestClient, bad: str) -> None:
    given = client.get("/health", headers={"X-Request-Id": bad}).headers["x-request-id"]
    assert given != bad
    assert len(given) == 36


def test_what_was_asked_in_the_query_is_not_logged(
    client: TestClient, capsys: pytest.CaptureFixture[str]
) -> None:
    client.get("/health?token=hush")
    assert "hush" not in capsys.readouterr().out


def test_requests_are_counted_by_route_not_by_path(client: TestClient, ada: Headers) -> None:
    route = "/api/v1/samples/{tenant}"
    before = counted("PUT", route, "200"), counted("GET", "(none)", "404")
    for tenant in ("acme", "other"):
        client.put(f"{SAMPLES}/{tenant}", headers=ada)
    client.get("/a")
    client.get("/b")
    assert counted("PUT", route, "200") == before[0] + 2
    assert counted("GET", "(none)", "404") == before[1] + 2


def test_a_method_nobody_knows_is_no_label_of_its_own(client: TestClient) -> None:
    client.request("BREW", "/nowhere")
    assert counted("BREW", "(none)", "404") == 0
    assert counted("OTHER", "(none)", "404") >= 1


def test_a_list_is_paged_to_its_end_by_its_links(client: TestClient, ada: Headers) -> None:
    found, path = [], f"{SAMPLES}?limit=1"
    while path:
        answer = client.get(path, headers=ada)
        found += [row["id"] for row in answer.json()]
        path = answer.links.get("next", {}).get("url", "")
    assert found == ["acme", "other"]


def test_a_cursor_is_no_good_for_another_filter(client: TestClient, ada: Headers) -> None:
    link = client.get(f"{SAMPLES}?limit=1&q=a", headers=ada).links["next"]["url"]
    assert client.get(link, headers=ada).status_code == 200
    assert client.get(link.replace("q=a", "q=b"), headers=ada).status_code == 422


def test_a_list_is_streamed_whole_page_by_page(
    client: TestClient, runtime: Runtime, ada: Headers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "PAGE_ROWS", 2)
    with begin(runtime.engine, installation(), utc_now) as work:
        for n in range(5):
            tenants.create(work, f"t{n}", f"T{n}")
    answer = client.get(SAMPLES, headers=ada | STREAMED)
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    assert answer.text.split() == ["acme", "other", "t0", "t1", "t2", "t3", "t4"]


def test_a_stream_that_is_refused_is_a_problem(client: TestClient, nobody: Headers) -> None:
    answer = client.get(SAMPLES, headers=nobody | STREAMED)
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/MissingPermission")


def test_a_list_whose_reader_is_shut_out_breaks_off(
    app: FastAPI, runtime: Runtime, ada: Headers
) -> None:
    def shutting_out(_work: Work, after: Key | None, _limit: int) -> list[int]:
        if after is not None:
            return []
        with begin(runtime.engine, installation(), utc_now) as work:
            for token in tokens.tokens(work):
                tokens.revoke(work, token.id)
        return [1]

    def listed(request: Request, _actor: By) -> Response:
        listing = Listing(rows=shutting_out, key=lambda n: (n,), line=lambda n: b"%d" % n)
        return ndjson.streamed(request, listing)

    app.add_api_route("/listed", listed)
    with (
        served(app, runtime) as server,
        pytest.raises(httpx2.RemoteProtocolError, match="incomplete"),
    ):
        httpx2.get(server.url + "/listed", headers=ada)


def bodies() -> Iterator[bytes]:
    yield b'{"id":'
    yield b' "chunked"}'


def test_a_body_may_come_in_parts(client: TestClient, ada: Headers) -> None:
    headers = ada | {"Content-Type": "application/json"}
    assert client.post(SAMPLES, content=bodies(), headers=headers).status_code == 201


def test_a_bare_post_needs_no_content_type(client: TestClient, ada: Headers) -> None:
    assert client.put(f"{SAMPLES}/acme", headers=ada).status_code == 200


def test_what_is_being_answered_is_counted_while_it_is() -> None:
    def said() -> float | None:
        return REGISTRY.get_sample_value("quarterdeck_http_requests_open")

    before = said() or 0
    with OPEN:
        assert said() == before + 1
    assert said() == before
