"""Audiences over HTTP, and updates to them."""

from starlette.testclient import TestClient

from api.conftest import Headers, Issue

HERE = "/api/v1/audiences"
ONE = f"{HERE}/acme/engineering"
SPEC = {
    "title": "Engineering",
    "subject": "${incident} ${symptom}",
    "text": "${update}",
    "channels": ["ops"],
}
INCIDENT = {"tenant": "acme", "symptom": "Slow", "severity": "SEV-2", "tenants": ["acme"]}


def test_an_audience_is_kept_looked_at_and_deleted(client: TestClient, ada: Headers) -> None:
    made = client.put(f"{ONE}?expected_version=0", json=SPEC, headers=ada)
    assert (made.status_code, made.json()["version"]) == (200, 1)
    assert client.get(ONE, headers=ada).json() == made.json()
    stale = client.put(f"{ONE}?expected_version=0", json=SPEC | {"title": "x"}, headers=ada)
    assert (stale.status_code, "at version 1, not 0" in stale.json()["detail"]) == (409, True)
    for name in ("a-1", "a-2"):
        assert client.put(f"{HERE}/acme/{name}", json=SPEC, headers=ada).is_success
    page = client.get(f"{HERE}?tenant=acme&limit=2", headers=ada)
    rest = client.get(page.links["next"]["url"], headers=ada).json()["audiences"]
    assert [one["name"] for one in page.json()["audiences"]] == ["a-1", "a-2"]
    assert [one["name"] for one in rest] == ["engineering"]
    assert client.delete(f"{ONE}?expected_version=7", headers=ada).status_code == 409
    assert client.delete(ONE, headers=ada).status_code == 204
    assert client.get(ONE, headers=ada).status_code == 404


def test_a_template_that_names_what_there_is_not_is_refused_with_the_name(
    client: TestClient, ada: Headers, issue: Issue
) -> None:
    refused = client.put(ONE, json=SPEC | {"text": "${comander} leads"}, headers=ada)
    assert refused.status_code == 422
    assert "no name ${comander}; there are" in refused.json()["detail"]
    wrongs: list[dict[str, object]] = [{"flags": ["x"]}, {"customers": True}, {"unknown": 1}]
    for wrong in wrongs:
        assert client.put(ONE, json=SPEC | wrong, headers=ada).status_code == 422, wrong
    names = client.get(f"{HERE}/names", headers=ada).json()
    assert ("commander" in names["inside"], "commander" in names["customers"]) == (True, False)
    reader = issue("auditor")
    assert client.put(ONE, json=SPEC, headers=reader).status_code == 403
    assert client.get(HERE, headers=reader).status_code == 200


def test_an_update_is_looked_at_posted_and_listed(
    client: TestClient, ada: Headers, issue: Issue
) -> None:
    hook = {"kind": "webhook", "url": "https://chat.example/"}
    assert client.put("/api/v1/channels/acme/ops", json=hook, headers=ada).is_success
    assert client.put(ONE, json=SPEC, headers=ada).is_success
    made = client.post("/api/v1/incidents", json=INCIDENT, headers=ada).json()
    here = f"/api/v1/incidents/{made['id']}/updates"
    said = {"text": "half of it is back", "audiences": ["engineering", "customers"]}
    [draft, customers] = client.post(f"{here}/preview", json=said, headers=ada).json()["drafts"]
    [letter] = draft["letters"]
    assert (letter["subject"], letter["to"]) == (f"{made['id']} Slow", ["ops"])
    assert "no contact of acme" in customers["refused"]
    assert client.post(here, json=said, headers=ada).status_code == 409
    told = client.post(here, json=said | {"audiences": ["engineering"]}, headers=ada)
    [bulletin] = told.json()["bulletins"]
    stale = f"{here}?expected_version={made['version']}"
    twice = client.post(stale, json=said | {"audiences": ["engineering"]}, headers=ada)
    assert (twice.status_code, twice.json()["type"]) == (409, "/problems/IncidentChanged")
    notice = f"/api/v1/incidents/{made['id']}/notice?expected_version={made['version']}"
    late = client.post(notice, json={"text": "x"}, headers=ada)
    assert (late.status_code, late.json()["type"]) == (409, "/problems/IncidentChanged")
    assert (told.status_code, bulletin["text"]) == (201, "half of it is back")
    [way] = bulletin["deliveries"]
    assert (way["address"], way["state"], way["why"]) == ("ops", "waiting", "")
    assert client.get(here, headers=ada).json()["bulletins"] == [bulletin]
    assert client.post(here, json=said | {"audiences": ["x"]}, headers=ada).status_code == 422
    reader = issue("auditor")
    assert client.post(f"{here}/preview", json=said, headers=reader).status_code == 403
    assert client.get(here, headers=reader).status_code == 200
