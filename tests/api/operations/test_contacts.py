"""The directory over HTTP."""

from starlette.testclient import TestClient

from api.conftest import Headers, Issue

HERE = "/api/v1/contacts"
ONE = f"{HERE}/acme/database"
SPEC = {
    "title": "Database experts",
    "section": "expert",
    "channels": [{"means": "chat", "address": "#acme-database"}],
    "topics": ["database"],
}


def test_a_contact_is_entered_looked_at_suggested_and_deleted(
    client: TestClient, ada: Headers
) -> None:
    made = client.put(f"{ONE}?expected_version=0", json=SPEC, headers=ada)
    assert (made.status_code, made.json()["version"]) == (200, 1)
    assert client.get(ONE, headers=ada).json() == made.json()
    stale = client.put(f"{ONE}?expected_version=0", json=SPEC | {"level": 2}, headers=ada)
    assert (stale.status_code, "at version 1, not 0" in stale.json()["detail"]) == (409, True)
    for name in ("a-1", "a-2"):
        assert client.put(f"{HERE}/acme/{name}", json=SPEC, headers=ada).is_success
    page = client.get(f"{HERE}?tenant=acme&limit=2", headers=ada)
    rest = client.get(page.links["next"]["url"], headers=ada).json()["contacts"]
    assert [one["name"] for one in page.json()["contacts"]] == ["a-1", "a-2"]
    assert [one["name"] for one in rest] == ["database"]
    asked = f"{HERE}/suggested?tenant=acme&about=atp-database&about=critical"
    assert len(client.get(asked, headers=ada).json()["contacts"]) == 3
    assert client.get(f"{HERE}?section=vendor", headers=ada).json() == {"contacts": []}
    assert client.delete(f"{ONE}?expected_version=7", headers=ada).status_code == 409
    assert client.delete(ONE, headers=ada).status_code == 204
    assert client.get(ONE, headers=ada).status_code == 404


def test_what_cannot_be_is_refused_with_its_field(
    client: TestClient, ada: Headers, issue: Issue
) -> None:
    wrongs: list[dict[str, object]] = [
        {"section": "friends"},
        {"channels": []},
        {"channels": [{"means": "mail", "address": "nobody"}]},
        {"channels": [{"means": "smoke", "address": "hill"}]},
        {"level": 10},
        {"responds_in_min": 0},
        {"title": "a\0b"},
        {"unknown": 1},
    ]
    for wrong in wrongs:
        refused = client.put(ONE, json=SPEC | wrong, headers=ada)
        assert refused.status_code == 422, wrong
    assert client.put(f"{HERE}/acme/Not%20a%20name", json=SPEC, headers=ada).status_code == 422
    assert client.put(f"{HERE}/nowhere/x", json=SPEC, headers=ada).status_code == 404
    reader = issue("auditor")
    assert client.put(ONE, json=SPEC, headers=reader).status_code == 403
    assert client.get(HERE, headers=reader).status_code == 200
