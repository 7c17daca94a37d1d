"""Preflight, identity and onboarding over HTTP."""

from collections.abc import Callable
from threading import Event, Thread

import pytest
from starlette.testclient import TestClient

from governance.estate import Estate
from governance.identity.directory import settle
from governance.preflight.test_preflight import away, run_all, well
from quarterdeck.governance.sync.model import IDENTITY, policies
from quarterdeck.governance.sync.service.requests import request_sync
from quarterdeck.kernel import beats
from quarterdeck.kernel.clock import utc_now
from quarterdeck.kernel.db import writing

Headers = dict[str, str]
__all__ = ["away", "well"]
RUN, CLEAR = "/api/v1/preflight/run", "/api/v1/preflight/clear-cache"


@pytest.fixture
def worker(estate: Estate) -> Callable[[], None]:
    """Runs preflight while the client waits for it."""
    _, cloud = estate.connect("contoso")
    settle(cloud)
    cloud.pages = {"s1": [[]]}
    with writing(estate.engine) as db:
        beats.beat(db, "w", "worker")
    return lambda: run_all(estate)


def answered(client: TestClient, ada: Headers, work: Callable[[], None]) -> dict[str, object]:
    """What a bare POST answers while a worker works."""
    stop = Event()

    def forever() -> None:
        while not stop.wait(0.02):
            work()

    thread = Thread(target=forever)
    thread.start()
    try:
        found: dict[str, object] = client.post(RUN, headers=ada).json()
    finally:
        stop.set()
        thread.join()
    return found


@pytest.mark.census("AG-087", "AG-126")
def test_a_bare_post_answers_with_checks_that_are_kept_until_cleared(
    client: TestClient, ada: Headers, estate: Estate, worker: Callable[[], None]
) -> None:
    estate.now = utc_now()
    first = answered(client, ada, worker)
    checks = first["checks"]
    assert isinstance(checks, list)
    assert {"credential", "secure_scores", "cloud_status", "identity_host"} <= {
        check["name"] for check in checks
    }
    assert {check["status"] for check in checks} <= {"pass", "fail", "not_known"}
    assert first["overall"] in ("pass", "not_known")
    assert client.post(RUN, headers=ada).json() == first
    assert client.post(CLEAR, headers=ada).status_code == 200
    estate.now = utc_now()
    assert str(answered(client, ada, worker)["checked_at"]) > str(first["checked_at"])


def test_without_a_worker_it_is_not_known_and_not_kept(
    client: TestClient, ada: Headers, estate: Estate
) -> None:
    estate.connect("contoso")
    found = client.post(RUN, headers=ada).json()
    assert (found["overall"], found["checked_at"]) == ("not_known", None)
    assert "start one with" in found["checks"][0]["detail"]


def test_who_may_not_is_refused(client: TestClient, nobody: Headers) -> None:
    assert client.post(RUN, headers=nobody).status_code == 403
    assert client.post(CLEAR, headers=nobody).status_code == 403


def test_identity_is_summed_up_listed_and_filtered(
    client: TestClient, ada: Headers, eve: Headers, estate: Estate
) -> None:
    _, cloud = estate.connect("contoso")
    settle(cloud)
    assert client.get("/api/v1/identity/summary", headers=ada).json()["counts"] is None
    with estate.work() as work:
        request_sync(work, policies(among=[IDENTITY]), IDENTITY)
    estate.run_due()
    path = "/api/v1/identity"
    found = client.get(f"{path}/summary?tenant_ids=contoso", headers=ada).json()
    assert found["counts"]["mfa_enforced"] == {"yes": 3, "no": 0, "not_known": 0}
    assert found["coverage"] == {"known": 1, "connected": 1}
    page = client.get(f"{path}/users?limit=1&tenant_ids=contoso", headers=ada)
    assert (page.json()["total_users"], page.json()["users"][0]["name"]) == (3, "Ada")
    following = client.get(page.links["next"]["url"], headers=ada).json()
    assert following["users"][0]["name"] == "Bob"
    privileged = client.get(f"{path}/privileged", headers=ada).json()
    assert [user["id"] for user in privileged["users"]] == ["ada", "bob"]
    assert client.get(f"{path}/credentials?within_days=3650", headers=ada).json()
    assert client.get(f"{path}/users?tenant_ids=contoso", headers=eve).status_code == 404
    assert client.get(f"{path}/users", headers=eve).json()["users"] == []


def test_a_checklist_is_worked_through_and_the_tenant_leaves(
    client: TestClient, ada: Headers, eve: Headers, estate: Estate
) -> None:
    _, cloud = estate.connect("contoso")
    cloud.hold("a")
    estate.sync()
    path = "/api/v1/tenants/contoso"
    assert client.get(f"{path}/onboarding", headers=ada).json()["next"] == "approval"
    told = {"state": "done", "evidence": "mail"}
    done = client.put(f"{path}/onboarding/approval", json=told, headers=ada).json()
    assert (done["items"][0]["state"], done["items"][0]["evidence"]) == ("done", "mail")
    assert client.put(f"{path}/onboarding/nothing", json=told, headers=ada).status_code == 422
    verified = client.post(f"{path}/onboarding/verify", headers=ada).json()
    assert verified["items"][-1]["state"] == "done"
    assert client.get(f"{path}/onboarding", headers=eve).status_code == 404
    left = client.post(f"{path}/offboard", headers=ada).json()
    assert (left["connections_removed"], left["resources_kept"]) == (1, 1)
    assert client.post(f"{path}/offboard", headers=ada).status_code == 409
    assert client.get("/api/v1/resources?tenant_ids=contoso", headers=ada).json()["resources"]
