"""Alerts over HTTP, as runbook 000 has them."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine
from starlette.testclient import TestClient

from governance.estate import Estate
from quarterdeck.events.governance import BudgetExceeded
from quarterdeck.governance.cloud.ports import CloudFailure, FailureClass
from quarterdeck.kernel.clock import utc_now

Headers = dict[str, str]
ALERTS = "/api/v1/sync/alerts"


@pytest.fixture
def estate(database: Engine) -> Estate:
    """Three tenants whose syncs fail."""
    estate = Estate(database, now=utc_now() - timedelta(minutes=1))
    for name in ("one", "two", "three"):
        _, cloud = estate.connect(name)
        cloud.refusal = CloudFailure(FailureClass.AUTHENTICATION, "AADSTS7000215")
    estate.sync()
    estate.deliver()
    return estate


@pytest.mark.usefixtures("estate")
@pytest.mark.census("AG-004", "AG-017", "AG-129")
def test_alerts_are_listed_and_counted_alike(client: TestClient, ada: Headers) -> None:
    alerts = client.get(ALERTS, headers=ada).json()["alerts"]
    assert all(isinstance(alert["id"], int) for alert in alerts)
    assert {alert["severity"] for alert in alerts} == {"critical"}
    assert {alert["title"] for alert in alerts} == {"Sync of resources failed: authentication"}
    status = client.get("/api/v1/status", headers=ada).json()["alerts"]
    assert status == {"active_count": 3, "reason": None}
    assert len(alerts) == 3
    assert client.get(f"{ALERTS}?type=sync_stalled", headers=ada).json() == {"alerts": []}


@pytest.mark.usefixtures("estate")
@pytest.mark.census("AG-130", "AG-131")
def test_alerts_are_resolved_with_a_name_or_with_no_body(client: TestClient, ada: Headers) -> None:
    first, *rest = client.get(ALERTS, headers=ada).json()["alerts"]
    said = {"resolved_by": "operator@company.com"}
    answer = client.post(f"{ALERTS}/{first['id']}/resolve", json=said, headers=ada)
    assert (answer.status_code, answer.json()["resolved_by"]) == (200, "operator@company.com")
    assert answer.json()["ends_at"]
    for alert in rest:
        bare = client.post(f"{ALERTS}/{alert['id']}/resolve", headers=ada)
        assert bare.status_code == 200
        assert bare.json()["resolved_by"] not in (None, "operator@company.com")
    assert client.get(ALERTS, headers=ada).json() == {"alerts": []}
    assert client.get("/api/v1/status", headers=ada).json()["alerts"]["active_count"] == 0
    assert client.post(f"{ALERTS}/999/resolve", headers=ada).status_code == 404
    assert client.post(f"{ALERTS}/x/resolve", headers=ada).status_code == 422


def test_what_is_spent_is_an_alert_beside_those_that_the_runbook_resolves(
    client: TestClient, ada: Headers, estate: Estate
) -> None:
    over = {
        "tenant": "one",
        "budget": "b",
        "name": "monthly",
        "subscription": "s1",
        "spent": "120",
        "amount": "100",
        "currency": "EUR",
        "percent": "120",
    }
    with estate.work() as work:
        work.publish(BudgetExceeded(**over))
    estate.deliver()
    for query in ("", "?type=budget_exceeded"):
        found = client.get(f"{ALERTS}{query}", headers=ada).json()["alerts"]
        assert "budget_exceeded" not in {one["type"] for one in found}
    asked = {"type": "budget_exceeded"}
    [alert] = client.get("/api/v1/alerts", params=asked, headers=ada).json()["alerts"]
    assert alert["title"] == "Budget monthly is exceeded: 120 % spent"
    assert client.get("/api/v1/status", headers=ada).json()["alerts"]["active_count"] == 4
