"""Quick-reference cards over HTTP."""

from starlette.testclient import TestClient

from api.conftest import Headers, Issue

HERE = "/api/v1/cards"
ONE = f"{HERE}/acme/critical"
SPEC = {
    "title": "Critical incident",
    "severities": ["SEV-1"],
    "steps": [{"text": "Look", "url": "https://ops.example.com"}, {"text": "Undo", "command": "x"}],
}


def test_a_card_is_kept_looked_at_and_deleted(client: TestClient, ada: Headers) -> None:
    made = client.put(f"{ONE}?expected_version=0", json=SPEC, headers=ada)
    assert (made.status_code, made.json()["version"]) == (200, 1)
    assert client.get(ONE, headers=ada).json() == made.json()
    stale = client.put(f"{ONE}?expected_version=0", json=SPEC | {"use": "x"}, headers=ada)
    assert (stale.status_code, "at version 1, not 0" in stale.json()["detail"]) == (409, True)
    for name in ("a-1", "a-2"):
        assert client.put(f"{HERE}/acme/{name}", json=SPEC, headers=ada).is_success
    page = client.get(f"{HERE}?tenant=acme&limit=2", headers=ada)
    rest = client.get(page.links["next"]["url"], headers=ada).json()["cards"]
    assert [one["name"] for one in page.json()["cards"]] == ["a-1", "a-2"]
    assert [one["name"] for one in rest] == ["critical"]
    assert client.delete(f"{ONE}?expected_version=7", headers=ada).status_code == 409
    assert client.delete(ONE, headers=ada).status_code == 204
    assert client.get(ONE, headers=ada).status_code == 404


def test_what_cannot_be_is_refused(client: TestClient, ada: Headers, issue: Issue) -> None:
    wrongs: list[dict[str, object]] = [
        {"steps": []},
        {"steps": [{"text": ""}]},
        {"steps": [{"text": "x", "url": "javascript:alert(1)"}]},
        {"title": "a\0b"},
        {"unknown": 1},
    ]
    for wrong in wrongs:
        refused = client.put(ONE, json=SPEC | wrong, headers=ada)
        assert refused.status_code == 422, wrong
    assert client.put(f"{HERE}/nowhere/x", json=SPEC, headers=ada).status_code == 404
    reader = issue("auditor")
    assert client.put(ONE, json=SPEC, headers=reader).status_code == 403
    assert client.get(HERE, headers=reader).status_code == 200
