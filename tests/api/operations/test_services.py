"""The registry over HTTP, the health of one service by name, and checks on demand."""

import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest
from starlette.testclient import TestClient

from api.conftest import BASE, Headers
from operations.health.endpoints import Endpoint, endpoint
from quarterdeck.access.principals.model import installation
from quarterdeck.api.app import build_app
from quarterdeck.kernel.health import CheckFailed, Entry, Health
from quarterdeck.kernel.work import begin
from quarterdeck.operations.health.means import means_of
from quarterdeck.operations.health.model.restarts import Result
from quarterdeck.operations.health.prober import Prober
from quarterdeck.operations.health.service import restarting
from quarterdeck.runtime import Runtime
from waiting import until

WEB = "/api/v1/services/acme/prod/web"
TIMESPAN = re.compile(r"\d\d:\d\d:\d\d\.\d{7}")


@pytest.fixture
def web() -> Iterator[Endpoint]:
    with endpoint() as opened:
        yield opened


def entry(web: Endpoint, **more: object) -> dict[str, object]:
    probe = {"name": "ready", "kind": "http", "target": "/ready", "failures": 1}
    return {"base_url": web.url, "probes": [probe], "open": True, **more}


def look(runtime: Runtime) -> None:
    """Have each service looked at whose turn it is."""
    means = means_of(runtime.settings, runtime.clock)
    with closing(Prober(engine=runtime.engine, means=means)) as prober:
        prober.beat()
        until(lambda: (prober.beat(), not prober.open)[1])


@pytest.mark.census("ATP-078", "BK-092")
def test_a_registered_service_is_listed_with_how_it_is(
    client: TestClient, runtime: Runtime, ada: Headers, web: Endpoint
) -> None:
    made = client.put(WEB, json=entry(web, region="eu"), headers=ada)
    assert (made.status_code, made.json()["state"]) == (200, "unknown")
    look(runtime)
    [found] = client.get("/api/v1/services?tenant=acme", headers=ada).json()["services"]
    assert (found["service"], found["state"], found["region"]) == ("web", "healthy", "eu")
    assert found["base_url"] == web.url
    assert found["seen"][0]["detail"].startswith("HTTP 200")
    history = client.get(f"{WEB}/history", headers=ada).json()
    assert [change["state"] for change in history["changes"]] == ["healthy"]
    assert history["looks"][0]["looks"] == 1
    assert client.delete(WEB, headers=ada).status_code == 204
    assert client.get(WEB, headers=ada).status_code == 404


@pytest.mark.parametrize(
    "wrong",
    [
        {"probes": [{"name": "p", "kind": "http", "target": "gopher://x"}]},
        {"probes": [{"name": "p", "kind": "smell", "target": "x"}]},
        {"period_s": 0},
        {"nonsense": 1},
        {"depends_on": ["web"]},
    ],
)
def test_an_entry_that_cannot_be_kept_is_refused(
    client: TestClient, ada: Headers, wrong: dict[str, object]
) -> None:
    assert client.put(WEB, json=wrong, headers=ada).status_code == 422


def test_a_word_of_health_is_no_name(client: TestClient, ada: Headers) -> None:
    refused = client.put("/api/v1/services/acme/prod/ready", json={}, headers=ada)
    assert refused.status_code == 422
    assert "health answers there" in refused.text


@pytest.mark.census("ATP-026", "BK-091")
@pytest.mark.parametrize("path", ["/health/web", "/api/web/health", "/health/web/ready"])
def test_an_open_service_answers_by_name_without_a_credential(
    client: TestClient, runtime: Runtime, ada: Headers, web: Endpoint, path: str
) -> None:
    client.put(WEB, json=entry(web), headers=ada)
    first = client.get(path)
    assert (first.status_code, first.json()["status"]) == (503, "Unknown")
    look(runtime)
    answer = client.get(path)
    assert (answer.status_code, answer.json()["status"]) == (200, "Healthy")
    assert TIMESPAN.fullmatch(answer.json()["totalDuration"])
    assert "exception" not in answer.json()["entries"]["ready"]


@pytest.mark.census("ATP-079", "ATP-081", "ATP-082")
def test_a_service_that_is_down_says_what_kind_of_failure_and_nothing_more(
    client: TestClient, runtime: Runtime, ada: Headers, web: Endpoint
) -> None:
    probe = {"name": "port", "kind": "tcp", "target": "127.0.0.1:1", "failures": 1}
    client.put(WEB, json=entry(web, probes=[probe]), headers=ada)
    look(runtime)
    answer = client.get("/health/web")
    assert (answer.status_code, answer.json()["status"]) == (503, "Unhealthy")
    assert answer.json()["entries"]["port"]["exception"] == "ConnectionRefusedError"
    assert "127.0.0.1" not in answer.text


def test_a_degraded_service_takes_traffic(
    client: TestClient, runtime: Runtime, ada: Headers, web: Endpoint
) -> None:
    web.body = b'{"status": "Degraded"}'
    client.put(WEB, json=entry(web), headers=ada)
    look(runtime)
    answer = client.get("/health/web")
    assert (answer.status_code, answer.json()["status"]) == (200, "Degraded")


def test_a_service_that_is_not_open_shows_itself_to_nobody_without_a_right(
    client: TestClient, ada: Headers, web: Endpoint
) -> None:
    client.put(WEB, json=entry(web, open=False), headers=ada)
    assert client.get("/health/web").status_code == 404
    assert client.get("/api/web/health").status_code == 404
    assert client.get("/health/nobody").status_code == 404
    assert client.get("/health/web/later").status_code == 422


def ill() -> Entry:
    raise CheckFailed("lag 12 s")


def well() -> Entry:
    return Entry(status=Health.HEALTHY, description="5 of 10 connections")


@pytest.fixture
def served(runtime: Runtime) -> TestClient:
    """An installation with two roles, of which one is not ready."""
    roles = {"query": {"lag": ill, "database": well}, "ingestion": {"database": well}}
    return TestClient(build_app(replace(runtime, roles=roles)), base_url=BASE)


@pytest.mark.census("ATP-046", "ATP-047", "ATP-048")
def test_a_role_of_ours_answers_for_itself_alone(served: TestClient) -> None:
    ready = served.get("/health/query/ready")
    assert ready.status_code == 503
    assert ready.json()["entries"]["lag"]["exception"] == "CheckFailed: lag 12 s"
    assert served.get("/health/query/live").status_code == 200
    assert served.get("/health/query/startup").status_code == 200
    assert served.get("/health/ingestion/ready").json()["status"] == "Healthy"
    host = {"Host": "query.atp.internal"}
    assert served.get("/health/ready", headers=host).json().keys() == ready.json().keys()
    assert served.get("/health/ready", headers=host).status_code == 503
    assert served.get("/health", headers=host).status_code == 503
    assert served.get("/health/live", headers=host).status_code == 200
    assert served.get("/health/ready", headers={"Host": "ingestion.atp.internal"}).is_success
    assert served.get("/health", headers={"Host": "nobody.atp.internal"}).status_code == 404
    assert served.get("/health/startup", headers=host).status_code == 200


def test_a_role_goes_before_what_is_registered_under_its_name(
    served: TestClient, ada: Headers, web: Endpoint
) -> None:
    address = "/api/v1/services/acme/prod/ingestion"
    assert served.put(address, json=entry(web), headers=ada).is_success
    assert served.get("/health/ingestion").json()["entries"].keys() == {"database"}


@pytest.mark.census("ATP-023")
def test_the_topology_has_every_service_and_edge(client: TestClient, ada: Headers) -> None:
    client.put(WEB, json={"depends_on": ["api"]}, headers=ada)
    client.put("/api/v1/services/acme/prod/api", json={"depends_on": ["db"]}, headers=ada)
    found = client.get("/api/v1/topology", headers=ada).json()
    assert [(n["id"], n["registered"]) for n in found["nodes"]] == [
        ("acme/prod/api", True),
        ("acme/prod/db", False),
        ("acme/prod/web", True),
    ]
    assert {(e["service"], e["depends_on"]) for e in found["edges"]} == {
        ("acme/prod/web", "acme/prod/api"),
        ("acme/prod/api", "acme/prod/db"),
    }


def test_an_environment_shows_its_facts_and_links(client: TestClient, ada: Headers) -> None:
    address = "/api/v1/environments/acme/prod"
    said = {
        "facts": {"cluster": "aks", "nodes": 3},
        "links": [{"title": "G", "url": "https://g.x"}],
    }
    assert client.put(address, json=said, headers=ada).is_success
    found = client.get(address, headers=ada).json()
    assert (found["facts"], found["links"]) == (said["facts"], said["links"])
    assert client.get("/api/v1/environments", headers=ada).json() == {"environments": [found]}
    bad = said | {"links": [{"title": "G", "url": "javascript:x"}]}
    assert client.put(address, json=bad, headers=ada).status_code == 422
    assert client.delete(address, headers=ada).status_code == 204


@pytest.mark.census("PX-002", "PX-003", "PX-004", "BK-003")
def test_a_check_looks_at_the_components_named_and_keeps_the_result(
    client: TestClient, ada: Headers, web: Endpoint
) -> None:
    client.put(WEB, json=entry(web), headers=ada)
    client.put("/api/v1/services/acme/prod/api", json=entry(web, open=False), headers=ada)
    order = {"environment": "prod", "components": ["web"]}
    made = client.post("/api/v1/health-checks", json=order, headers=ada)
    assert (made.status_code, made.json()["state"]) == (201, "healthy")
    assert [c["component"] for c in made.json()["components"]] == ["web"]
    web.status = 500
    ill = client.post("/api/v1/health-checks", json={"environment": "prod"}, headers=ada).json()
    assert (ill["state"], ill["failing"]) == ("down", ["api", "web"])
    kept = client.get("/api/v1/health-checks?environment=prod", headers=ada).json()["checks"]
    assert [one["id"] for one in kept] == [ill["id"], made.json()["id"]]
    for wrong, status in (
        ({"environment": "prod", "components": ["moon"]}, 422),
        ({"environment": "moon"}, 404),
        ({"environment": "prod", "tenant": "nowhere"}, 404),
    ):
        answer = client.post("/api/v1/health-checks", json=wrong, headers=ada)
        assert answer.status_code == status
        assert "web" in answer.text or status == 404


def test_an_environment_of_two_tenants_needs_the_tenants_name(
    client: TestClient, ada: Headers, web: Endpoint
) -> None:
    for tenant in ("acme", "other"):
        address = f"/api/v1/services/{tenant}/prod/web"
        assert client.put(address, json=entry(web, open=False), headers=ada).is_success
    order = {"environment": "prod"}
    answer = client.post("/api/v1/health-checks", json=order, headers=ada)
    assert (answer.status_code, "acme, other" in answer.text) == (422, True)
    assert client.post(
        "/api/v1/health-checks", json=order | {"tenant": "other"}, headers=ada
    ).is_success


def test_without_an_environment_our_own_roles_are_looked_at(
    served: TestClient, ada: Headers
) -> None:
    found = served.post("/api/v1/health-checks", json={}, headers=ada).json()
    assert {c["component"]: c["state"] for c in found["components"]} == {
        "query": "down",
        "ingestion": "healthy",
    }
    assert found["components"][0]["detail"] == "lag: lag 12 s"
    one = {"components": ["ingestion"]}
    assert served.post("/api/v1/health-checks", json=one, headers=ada).json()["state"] == "healthy"


@pytest.mark.census("AG-006", "PX-005")
def test_the_daily_check_stands_among_the_schedules(
    client: TestClient, ada: Headers, web: Endpoint
) -> None:
    client.put(WEB, json=entry(web), headers=ada)
    found = client.get("/api/v1/schedules", headers=ada).json()["schedules"]
    [daily] = [one for one in found if one["name"] == "health-check:acme:prod"]
    assert (daily["every_s"], daily["kind"]) == (86_400, "operations.health_check")


def test_restarts_are_shown_to_who_may_see_the_service(
    client: TestClient, runtime: Runtime, ada: Headers, eve: Headers, web: Endpoint
) -> None:
    web.status = 503
    client.put(WEB, json=entry(web), headers=ada)
    look(runtime)
    assert client.get(f"{WEB}/restarts", headers=ada).json() == {"restarts": []}
    with begin(runtime.engine, installation(), runtime.clock) as work:
        one = restarting.claim(work, ["acme.prod.web"], 3)
        assert one
        restarting.settle(work, one, Result.FAILED, "no disk")
    [found] = client.get(f"{WEB}/restarts", headers=ada).json()["restarts"]
    assert (found["number"], found["by"], found["result"], found["detail"]) == (
        *(1, "command", "failed", "no disk"),
    )
    assert client.get(f"{WEB}/restarts", headers=eve).status_code == 404
