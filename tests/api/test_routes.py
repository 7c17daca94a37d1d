"""The assembled application: every route is guarded, documented and of this house."""

from collections import Counter

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from api.conftest import Headers, Issue
from api.routes import Asked, requests
from quarterdeck.access.roles.model import PERMISSIONS, ROLES
from quarterdeck.web.routes import HouseRoute

OPEN = {
    "/health",
    "/health/detailed",
    "/health/live",
    "/health/ready",
    "/health/startup",
    "/health/{service}",
    "/health/{service}/{stage}",
    "/api/{service}/health",
    "/problems/{name}",
    "/api/v1/trail/logs/{tenant}/checkpoint",
    "/api/v1/trail/logs/{tenant}/cosigned",
    "/api/v1/trail/logs/{tenant}/handovers",
    "/api/v1/trail/logs/{tenant}/tile/{level}/{index}",
    "/status/{slug}/api/v2/components.json",
    "/status/{slug}/api/v2/incidents.json",
    "/status/{slug}/api/v2/incidents/unresolved.json",
    "/status/{slug}/api/v2/scheduled-maintenances.json",
    "/status/{slug}/api/v2/status.json",
    "/status/{slug}/api/v2/summary.json",
    "/status/{slug}/feed.atom",
    "/witness/add-checkpoint",
    "/witness/key",
}
"""Routes that need no credential. A new one here is a decision, not a convenience."""

SAFE = {"GET", "HEAD", "OPTIONS"}
NOBODYS = {f"POST /api/v1/trail/subscriptions/{{consumer}}/{verb}" for verb in ("pause", "resume")}
"""What these name is the installation's own and known to all who may see it: 403, not 404."""


@pytest.fixture
def guarded(app: FastAPI) -> list[Asked]:
    """A request to each route that is not open."""
    return [asked for asked in requests(app) if asked.template not in OPEN]


def refusals(client: TestClient, asked: list[Asked], headers: Headers) -> dict[str, int]:
    """The status of each request, by what was asked."""
    return {
        f"{a.method} {a.template}": client.request(**a.request, headers=headers).status_code
        for a in asked
    }


def test_every_route_states_a_permission_that_exists(guarded: list[Asked]) -> None:
    wrong = {f"{a.method} {a.template}": a.permission for a in guarded}
    assert {k: v for k, v in wrong.items() if v not in PERMISSIONS} == {}


def test_the_open_list_names_routes_that_are_there(app: FastAPI) -> None:
    assert {asked.template for asked in requests(app)} >= OPEN


def test_open_routes_state_no_permission(app: FastAPI) -> None:
    assert [a.template for a in requests(app) if a.template in OPEN and a.permission] == []


def test_no_credential_opens_no_route(client: TestClient, guarded: list[Asked]) -> None:
    found = refusals(client, guarded, {})
    assert {k: v for k, v in found.items() if v != 401} == {}


def test_a_wrong_role_opens_no_route(
    client: TestClient, guarded: list[Asked], issue: Issue
) -> None:
    found: dict[str, int] = {}
    for asked in guarded:
        role = next((r for r in ROLES if asked.permission not in ROLES[r].permissions), "")
        found |= refusals(client, [asked], issue(role, "acme") if role else issue())
    assert {k: v for k, v in found.items() if v != 403} == {}


def test_the_admin_of_another_tenant_is_told_that_nothing_is_there(
    client: TestClient, guarded: list[Asked], eve: Headers
) -> None:
    # What eve may do nowhere is refused as such: it says the same whether the thing is there.
    hers = [asked for asked in guarded if asked.permission in ROLES["tenant-admin"].permissions]
    found = refusals(client, [asked for asked in hers if asked.names_something], eve)
    assert {k: v for k, v in found.items() if v != 404 and k not in NOBODYS} == {}
    assert {found[name] for name in NOBODYS} == {403}


def test_every_write_keeps_its_answer_under_its_key(guarded: list[Asked]) -> None:
    others = [a.template for a in guarded if a.method not in SAFE]
    strange = [a.template for a in guarded if not isinstance(a.route, HouseRoute)]
    assert sorted(set(others) & set(strange)) == []


def test_every_operation_has_its_name_summary_permission_and_problems(app: FastAPI) -> None:
    document = app.openapi()
    operations = [(p, o) for p, of in document["paths"].items() for o in of.values()]
    names = Counter(operation["operationId"] for _, operation in operations)
    assert [name for name, times in names.items() if times > 1] == []
    for path, operation in operations:
        # Alertmanager's clients read nothing but JSON.
        worded = "/api/v2/" in path and not path.startswith("/status/")
        refusal = "application/json" if worded else "application/problem+json"
        assert operation["summary"]
        assert operation["description"]
        expected = {"400", "500", "503"}
        if operation["security"]:
            assert operation["x-permission"] in PERMISSIONS
            expected |= {"401", "403", "429"}
        assert operation["responses"].keys() >= expected
        for status in expected - {"503"}:
            assert list(operation["responses"][status]["content"]) == [refusal]


@pytest.mark.census("ATP-225", "ATP-483")
@pytest.mark.parametrize("path", ["/swagger", "/api/v1/swagger"])
def test_the_api_publishes_its_contract(client: TestClient, ada: Headers, path: str) -> None:
    page = client.get(path, headers=ada)
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    document = client.get("/api/v1/openapi.json", headers=ada).json()
    assert document["openapi"].startswith("3.1")
    assert document["paths"].keys() >= {"/health", "/api/v1/status", "/api/v1/stream"}


def test_the_reference_page_asks_nothing_of_other_hosts(client: TestClient, ada: Headers) -> None:
    page = client.get("/swagger", headers=ada)
    assert "//" not in page.text.replace("<!doctype", "")
    assert "'unsafe-eval'" not in page.headers["content-security-policy"]
    assert "default-src 'none'" in page.headers["content-security-policy"]


def test_no_route_redirects(client: TestClient, app: FastAPI, ada: Headers) -> None:
    for asked in requests(app):
        if asked.method == "GET" and asked.template != "/api/v1/stream":
            for path in (asked.path, asked.path + "/"):
                answer = client.get(path, params=asked.params, headers=ada)
                assert not answer.is_redirect
