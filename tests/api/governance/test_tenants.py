from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from governance.estate import Estate
from quarterdeck.kernel.clock import utc_now
from quarterdeck.kernel.db import reading

Headers = dict[str, str]

RUNBOOK = {
    "name": "New Production Tenant",
    "tenant_id": "new-tenant-guid-here",
    "description": "Production environment for new division",
    "client_id": "app-registration-client-id",
    "client_secret_ref": "key-vault-secret-reference",
    "use_lighthouse": False,
}


@pytest.mark.census("AG-071", "AG-074", "AG-076")
def test_the_runbooks_tenant_is_stored_and_listed_in_a_bare_array(
    client: TestClient, ada: Headers
) -> None:
    assert client.post("/api/v1/tenants", json=RUNBOOK, headers=ada).status_code == 201
    listed = client.get("/api/v1/tenants", headers=ada).json()
    [found] = [t for t in listed if t["tenant_id"] == "new-tenant-guid-here"]
    [connection] = found["connections"]
    assert {k: connection[k] for k in RUNBOOK} == RUNBOOK
    assert client.post("/api/v1/tenants", json=RUNBOOK, headers=ada).status_code == 409


@pytest.mark.census("AG-070")
def test_purpose_and_owner_are_kept(client: TestClient, ada: Headers) -> None:
    told = {**RUNBOOK, "owner": "Ops", "purpose": "Payroll"}
    made = client.post("/api/v1/tenants", json=told, headers=ada).json()
    assert (made["owner"], made["purpose"]) == ("Ops", "Payroll")


@pytest.mark.census("AG-073")
def test_delegated_access_needs_no_secret(client: TestClient, ada: Headers) -> None:
    told = {"name": "Delegated", "tenant_id": "far", "use_lighthouse": True}
    [connection] = client.post("/api/v1/tenants", json=told, headers=ada).json()["connections"]
    assert (connection["use_lighthouse"], connection["client_secret_ref"]) == (True, "")


def test_a_directory_that_no_address_can_hold_gets_a_tenant_of_another_id(
    client: TestClient, ada: Headers
) -> None:
    told = {**RUNBOOK, "name": "Odd", "tenant_id": "a directory/with signs"}
    made = client.post("/api/v1/tenants", json=told, headers=ada).json()
    assert made["tenant_id"] == "a directory/with signs"
    assert "/" not in made["id"]
    path = f"/api/v1/tenants/{made['id']}/connections"
    assert len(client.get(path, headers=ada).json()) == 1


@pytest.mark.parametrize(
    "broken",
    [{"name": " "}, {"tenant_id": ""}, {"tenant_id": 5}, {"secret": "of its own"}, {"name": None}],
)
def test_a_body_that_breaks_a_rule_is_refused_whole(
    client: TestClient, ada: Headers, broken: dict[str, object]
) -> None:
    before = client.get("/api/v1/tenants", headers=ada).json()
    answer = client.post("/api/v1/tenants", json={**RUNBOOK, **broken}, headers=ada)
    assert answer.status_code in (400, 422)
    assert answer.headers["content-type"] == "application/problem+json"
    assert client.get("/api/v1/tenants", headers=ada).json() == before


def test_of_an_archived_tenant_no_cloud_is_asked_again(
    client: TestClient, ada: Headers, database: Engine
) -> None:
    made = client.post("/api/v1/tenants", json=RUNBOOK, headers=ada).json()
    path = f"/api/v1/tenants/{made['id']}"
    assert client.delete(path, headers=ada).json()["archived_at"]
    assert client.get(f"{path}/connections", headers=ada).json() == []
    with reading(database) as db:
        due = "SELECT name FROM kernel_schedule WHERE tenant = :tenant"
        assert db.execute(text(due), {"tenant": made["id"]}).all() == []
    asked = client.post(f"/api/v1/sync/resources?tenant_ids={made['id']}", headers=ada)
    assert asked.status_code == 409


def test_who_may_not_see_connections_sees_no_secret_reference(
    client: TestClient, ada: Headers, issue: object
) -> None:
    client.post("/api/v1/tenants", json=RUNBOOK, headers=ada)
    assert callable(issue)
    listed = client.get("/api/v1/tenants", headers=issue("management")).json()
    [found] = [t for t in listed if t["tenant_id"] == RUNBOOK["tenant_id"]]
    assert found["connections"][0]["client_secret_ref"] == ""


def test_a_stranger_may_neither_see_nor_add(client: TestClient, ada: Headers, eve: Headers) -> None:
    client.post("/api/v1/tenants", json=RUNBOOK, headers=ada)
    assert [t["id"] for t in client.get("/api/v1/tenants", headers=eve).json()] == ["other"]
    assert client.post("/api/v1/tenants", json=RUNBOOK, headers=eve).status_code == 403
    path = "/api/v1/tenants/new-tenant-guid-here/connections"
    assert client.get(path, headers=eve).status_code == 404


def test_a_second_directory_is_connected_once_and_can_be_removed(
    client: TestClient, ada: Headers, database: Engine
) -> None:
    path = "/api/v1/tenants/acme/connections"
    told = {"name": "Second", "tenant_id": "second", "use_lighthouse": True}
    made = client.post(path, json=told, headers=ada)
    assert made.status_code == 201
    assert client.post(path, json=told, headers=ada).status_code == 409
    gone = f"/api/v1/connections/{made.json()['id']}"
    assert client.delete(gone, headers=ada).status_code == 204
    assert client.delete(gone, headers=ada).status_code == 404
    with database.connect() as db:
        assert db.scalar(text("SELECT count(*) FROM kernel_schedule")) == 0


def test_a_connection_says_how_its_credential_did(
    client: TestClient, ada: Headers, estate: Estate
) -> None:
    estate.connect("contoso")
    estate.now = utc_now()
    estate.sync()
    [found] = client.get("/api/v1/tenants/contoso/connections", headers=ada).json()
    assert (found["failure"], bool(found["checked_at"])) == ("", True)


@pytest.mark.census("AG-069")
@pytest.mark.parametrize("lacking", ["client_id", "client_secret_ref"])
def test_a_tenant_without_a_credential_is_refused_unless_access_is_delegated(
    client: TestClient, ada: Headers, lacking: str
) -> None:
    told = {name: value for name, value in RUNBOOK.items() if name != lacking}
    answer = client.post("/api/v1/tenants", json=told, headers=ada)
    assert answer.status_code == 422
    assert lacking in answer.json()["detail"]
    delegated = {**told, "use_lighthouse": True}
    assert client.post("/api/v1/tenants", json=delegated, headers=ada).status_code == 201


@pytest.mark.census("AG-069")
@pytest.mark.parametrize("lacking", ["client_id", "client_secret_ref"])
def test_a_second_directory_is_held_to_the_same_rule_and_examined(
    client: TestClient, ada: Headers, database: Engine, lacking: str
) -> None:
    path = "/api/v1/tenants/acme/connections"
    told = {**RUNBOOK, "tenant_id": "second"}
    lacks = {name: value for name, value in told.items() if name != lacking}
    answer = client.post(path, json=lacks, headers=ada)
    assert answer.status_code == 422
    assert lacking in answer.json()["detail"]
    assert client.get(path, headers=ada).json() == []
    pasted = {**told, "client_secret_ref": f"abc8Q~{'x' * 34}"}
    assert client.post(path, json=pasted, headers=ada).status_code == 422
    assert client.post(path, json=told, headers=ada).status_code == 201
    with database.connect() as db:
        kinds = set(db.scalars(text("SELECT kind FROM kernel_job")))
    assert "governance.preflight" in kinds


@pytest.mark.census("AG-064")
def test_a_tenant_without_recorded_approval_is_stored_with_a_warning(
    client: TestClient, ada: Headers
) -> None:
    made = client.post("/api/v1/tenants", json=RUNBOOK, headers=ada).json()
    assert any("approved" in words for words in made["warnings"])


@pytest.mark.census("AG-072")
def test_no_secret_reaches_the_database(
    client: TestClient, ada: Headers, database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = "aBc8Q~" + "z" * 34
    monkeypatch.setenv("CONTOSO_SECRET", secret)
    refused = client.post(
        "/api/v1/tenants", json={**RUNBOOK, "client_secret_ref": secret}, headers=ada
    )
    assert refused.status_code == 422
    assert secret not in refused.text
    told = {**RUNBOOK, "client_secret_ref": "env:CONTOSO_SECRET"}
    assert client.post("/api/v1/tenants", json=told, headers=ada).status_code == 201
    assert secret not in client.get("/api/v1/tenants", headers=ada).text
    assert database.url.database is not None
    files = Path(database.url.database).parent.glob("quarterdeck.db*")
    dump = b"".join(file.read_bytes() for file in files)  # what waits to be written, too
    assert b"env:CONTOSO_SECRET" in dump
    assert secret.encode() not in dump
