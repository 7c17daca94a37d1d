"""Principals, grants, roles, tokens and sessions over HTTP."""

import re
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.conftest import Headers, Issue
from quarterdeck.access.authentication.signin import sign_in
from quarterdeck.runtime import Runtime

API = "/api/v1"


def bearer(secret: str) -> Headers:
    return {"Authorization": f"Bearer {secret}"}


def add(client: TestClient, ada: Headers, **body: str) -> str:
    answer = client.post(
        f"{API}/principals", json={"kind": "program", "name": "bot"} | body, headers=ada
    )
    assert answer.status_code == 201
    return str(answer.json()["id"])


def give(client: TestClient, ada: Headers, principal: str, role: str, tenant: str) -> str:
    body = {"principal": principal, "role": role, "tenant": tenant}
    answer = client.post(f"{API}/grants", json=body, headers=ada)
    assert answer.status_code == 201
    return str(answer.json()["id"])


def allowed(client: TestClient, who: Headers, permission: str, tenant: str) -> bool:
    asked = {"permission": permission, "tenant": tenant}
    answer = client.get(f"{API}/access/can-i", params=asked, headers=who)
    assert answer.status_code == 200
    return bool(answer.json()["allowed"])


def test_someone_added_gets_a_role_and_a_token_and_loses_both(
    client: TestClient, ada: Headers
) -> None:
    bot = add(client, ada)
    grant = give(client, ada, bot, "sre", "acme")
    made = client.post(f"{API}/tokens", json={"principal": bot, "name": "x"}, headers=ada)
    assert (made.status_code, made.headers["cache-control"]) == (201, "no-store")
    who = bearer(made.json()["secret"])
    assert client.get(f"{API}/tenants/acme", headers=who).status_code == 200
    assert client.delete(f"{API}/grants/{grant}", headers=ada).status_code == 200
    assert client.get(f"{API}/tenants/acme", headers=who).status_code == 404
    token = made.json()["id"]
    assert client.delete(f"{API}/tokens/{token}", headers=ada).status_code == 200
    assert client.get(f"{API}/tenants/acme", headers=who).status_code == 401
    assert client.delete(f"{API}/tokens/{token}", headers=ada).status_code == 409


@pytest.mark.census("BK-051")
def test_grants_are_listed_by_tenant_and_principal_and_gone_once_revoked(
    client: TestClient, ada: Headers
) -> None:
    bot = add(client, ada)
    grant = give(client, ada, bot, "sre", "acme")
    give(client, ada, bot, "auditor", "other")

    def held(**asked: str) -> list[str]:
        answer = client.get(f"{API}/grants", params=asked, headers=ada)
        return [g["role"] for g in answer.json()["grants"]]

    assert held(principal=bot) == ["sre", "auditor"]
    assert held(principal=bot, tenant="acme") == ["sre"]
    client.delete(f"{API}/grants/{grant}", headers=ada)
    assert held(principal=bot) == ["auditor"]


@pytest.mark.census("BK-117")
def test_can_i_answers_yes_and_no_as_the_role_says(client: TestClient, issue: Issue) -> None:
    compliance = issue("compliance", "acme")
    assert allowed(client, compliance, "holds:release", "acme")
    assert not allowed(client, compliance, "deployments:deploy", "acme")
    asked = {"permission": "holds:release", "tenant": "other"}
    answer = client.get(f"{API}/access/can-i", params=asked, headers=compliance)
    assert answer.status_code == 404
    asked = {"permission": "hold:release", "tenant": "acme"}
    answer = client.get(f"{API}/access/can-i", params=asked, headers=compliance)
    assert answer.status_code == 422
    assert "holds:release" in answer.json()["detail"]


# ATP-004 to 009, as tokens see it: what a role may, and what it may not
MAY = {
    "sre": ("services:scale health:read", "holds:place holds:release"),
    "on-call": ("incidents:open incidents:acknowledge emergencies:run", "deployments:deploy"),
    "devops": ("deployments:deploy deployments:rollback config:write", "holds:release"),
    "security": ("changes:freeze keys:rotate", "deployments:deploy"),
    "compliance": ("holds:place holds:release trail:verify", "deployments:deploy"),
    "management": ("postmortems:approve", "keys:rotate"),
    "operator": ("health:read sync:trigger alerts:resolve", "keys:rotate"),
}


@pytest.mark.parametrize("role", MAY)
@pytest.mark.census("AG-163", "ATP-004", "ATP-005", "ATP-006", "ATP-007", "ATP-008", "ATP-009")
def test_a_token_with_a_role_may_what_the_role_may(
    client: TestClient, issue: Issue, role: str
) -> None:
    who, (yes, no) = issue(role, "acme"), MAY[role]
    assert [p for p in yes.split() if not allowed(client, who, p, "acme")] == []
    assert [p for p in no.split() if allowed(client, who, p, "acme")] == []


@pytest.mark.census("AG-163")
def test_an_operators_token_opens_the_operations_endpoints(
    client: TestClient, issue: Issue
) -> None:
    operator = issue("operator")
    for path in ("/health/detailed", f"{API}/status", f"{API}/sync/status", "/metrics"):
        assert client.get(path, headers=operator).status_code == 200


def test_all_that_one_may_do_is_listed(client: TestClient, issue: Issue) -> None:
    asked = {"tenant": "acme"}
    answer = client.get(
        f"{API}/access/permissions", params=asked, headers=issue("producer", "acme")
    )
    told = ["audit:ingest", "metrics:write", "alerts:push"]
    assert answer.json()["permissions"] == ["access:ask", "tokens:own", *told]
    roles = client.get(f"{API}/roles", headers=issue("producer", "acme")).json()["roles"]
    assert {"name", "purpose", "permissions"} == roles[0].keys()


def test_nobody_gives_what_they_do_not_hold(client: TestClient, eve: Headers) -> None:
    bot = add(client, eve, home="other")
    body = {"principal": bot, "role": "security", "tenant": "other"}
    answer = client.post(f"{API}/grants", json=body, headers=eve)
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/BeyondOwnRights")


def test_one_makes_sees_rotates_and_revokes_ones_own_tokens(
    client: TestClient, issue: Issue
) -> None:
    sre = issue("sre", "acme")
    asked = {"name": "mine", "permissions": ["health:read"], "tenants": ["acme"]}
    made = client.post(f"{API}/tokens", json=asked, headers=sre).json()
    assert re.fullmatch(r"qd_[0-9a-f-]{36}_[A-Za-z0-9_-]{43}", made["secret"])
    listed = client.get(f"{API}/tokens", headers=sre).json()["tokens"]
    assert [t["name"] for t in listed] == ["tests", "mine"]
    assert "secret" not in str(listed)
    new = client.post(
        f"{API}/tokens/{made['id']}/rotate", json={"overlap_s": 60}, headers=sre
    ).json()
    assert new["scope"] == made["scope"] == {"permissions": ["health:read"], "tenants": ["acme"]}
    again = client.post(f"{API}/tokens/{made['id']}/rotate", headers=sre)
    assert again.status_code == 409
    assert client.delete(f"{API}/tokens/{new['id']}", headers=sre).status_code == 200
    answer = client.get(f"{API}/tenants/acme", headers=bearer(made["secret"]))
    assert answer.status_code == 403


def test_others_tokens_are_seen_by_who_may(client: TestClient, ada: Headers, issue: Issue) -> None:
    issue("sre", "acme", "acme")
    everyones = client.get(f"{API}/tokens", params={"principal": "all"}, headers=ada)
    assert len(everyones.json()["tokens"]) == 2
    refused = client.get(f"{API}/tokens", params={"principal": "all"}, headers=issue("sre", "acme"))
    assert refused.status_code == 403


def test_sessions_are_listed_and_ended(client: TestClient, issue: Issue, runtime: Runtime) -> None:
    sre = issue("sre", "acme")
    secret = sre["Authorization"].removeprefix("Bearer ")
    opened = sign_in(runtime.access, secret)
    (shown,) = client.get(f"{API}/sessions", headers=sre).json()["sessions"]
    assert (shown["id"], shown["method"]) == (opened.session.id, "token")
    assert opened.session.csrf not in str(shown)
    assert client.delete(f"{API}/sessions/{shown['id']}", headers=sre).status_code == 200
    assert client.get(f"{API}/sessions", headers=sre).json() == {"sessions": []}


def test_lists_are_paged(client: TestClient, ada: Headers) -> None:
    for name in "abc":
        add(client, ada, name=name)
    names, path, params = list[str](), f"{API}/principals", {"limit": "2"}
    while path:
        answer = client.get(path, params=params or None, headers=ada)
        names += [p["name"] for p in answer.json()["principals"]]
        path, params = answer.links.get("next", {}).get("url", ""), {}
    assert names == ["admin", "a", "b", "c"]


def test_a_tenant_is_changed_only_as_it_was_seen(client: TestClient, ada: Headers) -> None:
    url = f"{API}/tenants/acme"
    seen = client.get(url, headers=ada).headers["etag"]
    changed = client.patch(url, json={"name": "New"}, headers=ada | {"If-Match": seen})
    assert (changed.status_code, changed.json()["name"]) == (200, "New")
    stale = client.patch(url, json={"name": "Stale"}, headers=ada | {"If-Match": seen})
    assert stale.status_code == 412
    assert client.delete(url, headers=ada | {"If-Match": seen}).status_code == 412
    seen = changed.headers["etag"]
    ended = client.delete(url, headers=ada | {"If-Match": seen})
    assert (ended.status_code, ended.json()["name"]) == (200, "New")
    assert client.patch(url, json={"name": "x"}, headers=ada).status_code == 409


def test_a_rate_set_holds_from_the_next_request_on(
    client: TestClient, ada: Headers, issue: Issue
) -> None:
    url, sre = f"{API}/tenants/acme/limit", issue("sre", "acme", "acme")
    assert client.get(url, headers=sre).json()["own"] is False
    client.put(url, json={"per_minute": 1, "burst": 1}, headers=ada)
    shown = client.get(url, headers=sre)
    limited = client.get(url, headers=sre)
    assert shown.json() == {"per_minute": 1, "burst": 1, "own": True}
    assert (limited.status_code, limited.headers["retry-after"]) == (429, "60")
    assert client.delete(url, headers=ada).json()["own"] is False
    assert client.get(url, headers=sre).status_code == 200


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("principals", {"kind": "robot", "name": "x"}),
        ("principals", {"kind": "person", "name": ""}),
        ("principals", {"kind": "person", "name": "x", "email": "nonsense"}),
        ("grants", {"principal": "x", "role": "superuser", "tenant": "acme"}),
        ("tokens", {"name": "x", "permissions": ["keys:eat"]}),
        ("tokens", {"name": "x", "permissions": []}),
        ("tokens", {"name": "x", "expires_at": "2020-01-01T00:00:00Z"}),
        ("tokens", {"name": "x", "expires_at": "2020-01-01T00:00:00"}),
    ],
)
def test_what_makes_no_sense_is_refused(
    client: TestClient, ada: Headers, path: str, body: dict[str, Any]
) -> None:
    assert client.post(f"{API}/{path}", json=body, headers=ada).status_code == 422
