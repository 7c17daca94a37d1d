from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api.conftest import Issue
from quarterdeck.packs import loader

Headers = dict[str, str]
URL = "/api/v1/programmes"
ACME = f"{URL}/riverside/tenants/acme"
OWNERS = f"{ACME}/requirements/owners-named/evidence"


@pytest.fixture
def riverside(client: TestClient, ada: Headers) -> None:
    """The programme of the shipped pack, by the API."""
    folder = Path(loader.__file__).parent / "azure-governance"
    names = ("pack.yaml", "programmes.yaml")
    files = {name: (folder / name).read_text() for name in names}
    assert client.post("/api/v1/packs/apply", json={"files": files}, headers=ada).is_success


@pytest.mark.census("AG-058")
def test_riverside_is_refused_until_it_is_enabled(client: TestClient, ada: Headers) -> None:
    assert client.post("/api/v1/riverside/sync", headers=ada).status_code == 404


@pytest.mark.census("AG-058")
@pytest.mark.usefixtures("riverside")
def test_riverside_is_triggered_where_it_is_enabled(client: TestClient, ada: Headers) -> None:
    refused = client.post("/api/v1/riverside/sync", headers=ada)
    assert refused.status_code == 409
    assert "PUT /api/v1/programmes/riverside/tenants" in refused.json()["detail"]
    assert client.put(ACME, headers=ada).json()["enabled"]
    done = client.post("/api/v1/riverside/sync", headers=ada)
    assert done.is_success
    assert done.json() == {"status": "triggered", "sync_type": "riverside"}
    same = [client.post(f"{URL}/riverside/sync?tenant=acme", headers=ada).json() for _ in "ab"]
    assert same[0]["jobs"] == same[1]["jobs"]
    assert len(same[0]["jobs"]) == 1


@pytest.mark.usefixtures("riverside")
def test_a_standing_names_what_is_missing(client: TestClient, ada: Headers) -> None:
    assert client.get(ACME, headers=ada).status_code == 409
    client.put(ACME, headers=ada)
    found = client.get(ACME, headers=ada).json()
    assert (found["met"], found["unmet"], found["not_known"]) == (0, 0, 5)
    assert found["maturity"] == {"percent": 0.0, "at_most_percent": 100.0}
    assert "owners-named" in found["missing"]
    body = {"state": "met", "link": "https://wiki.example.com/owners"}
    said = client.post(OWNERS, json=body, headers=ada)
    assert said.status_code == 201
    found = client.get(ACME, headers=ada).json()
    assert (found["met"], "owners-named" in found["missing"]) == (1, False)
    assert found["phases"][0]["maturity"]["percent"] == 33.3
    assert [e["link"] for e in client.get(OWNERS, headers=ada).json()["evidence"]] == [body["link"]]


@pytest.mark.usefixtures("riverside")
def test_bad_evidence_is_refused_with_words(client: TestClient, ada: Headers) -> None:
    client.put(ACME, headers=ada)
    nothing = client.post(OWNERS, json={"state": "met"}, headers=ada)
    assert (nothing.status_code, nothing.json()["type"]) == (422, "/problems/UnusableEvidence")
    measured = OWNERS.replace("owners-named", "secure-score")
    refused = client.post(measured, json={"state": "met", "note": "x"}, headers=ada)
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/DecidedByMeasure")


@pytest.mark.usefixtures("riverside")
def test_programmes_are_listed_with_who_takes_part(
    client: TestClient, ada: Headers, eve: Headers, issue: Issue
) -> None:
    client.put(ACME, headers=ada)
    [row] = client.get(URL, headers=ada).json()["programmes"]
    assert (row["name"], row["tenants"], row["requirements"]) == ("riverside", ["acme"], 5)
    [other] = client.get(URL, headers=eve).json()["programmes"]
    assert other["tenants"] == []
    assert client.get(ACME, headers=eve).status_code == 404
    assert len(client.get(f"{URL}/riverside", headers=ada).json()["phases"]) == 3
    reader = issue("auditor", "acme")
    assert client.get(ACME, headers=reader).is_success
    assert client.delete(ACME, headers=reader).status_code == 403
    assert client.delete(ACME, headers=ada).json()["enabled"] is False
    assert client.get(ACME, headers=ada).status_code == 409
    assert client.get(f"{ACME}/trend", headers=ada).json() == {"days": []}
