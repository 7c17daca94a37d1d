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
    told = {"name": "Odd", "tenant_id": "a directory/with signs"}
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
    told = {"name": "Second", "tenant_id": "second"}
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
