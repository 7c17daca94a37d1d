"""The daily review: six checks, and what each says as the estate ages and fails."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from governance.estate import Estate
from quarterdeck.access.principals.model import installation
from quarterdeck.governance.cloud.ports import CloudFailure, FailureClass
from quarterdeck.governance.sync.model import policies
from quarterdeck.kernel.clock import utc_now
from quarterdeck.kernel.work import begin
from quarterdeck.operations.alerts import service as alerts
from quarterdeck.operations.alerts.model import Severity, Sign
from quarterdeck.runtime import Runtime
from quarterdeck.web.review import review

Headers = dict[str, str]
URL = "/api/v1/review"


def said(client: TestClient, who: Headers) -> dict[str, dict[str, Any]]:
    return {line["check"]: line for line in client.get(URL, headers=who).json()["checks"]}


def test_the_six_checks_are_those_of_the_runbook(client: TestClient, ada: Headers) -> None:
    found = client.get(URL, headers=ada).json()
    assert [line["check"] for line in found["checks"]] == [
        "Dashboard loads",
        "Cost data current",
        "Compliance data current",
        "Resource inventory current",
        "No critical alerts",
        "All tenants responding",
    ]
    assert found["verdict"] == "not_known"


@pytest.mark.census("AG-011")
@pytest.mark.parametrize(
    ("hours", "verdict", "word"), [(1, "pass", "current"), (3, "fail", "stale")]
)
def test_the_inventory_is_current_below_two_hours(
    client: TestClient, ada: Headers, estate: Estate, hours: int, verdict: str, word: str
) -> None:
    estate.connect("one")
    estate.now = utc_now()
    estate.pass_time(hours=-hours)
    estate.sync()
    line = said(client, ada)["Resource inventory current"]
    assert (line["verdict"], line["word"]) == (verdict, word)
    assert line["trigger"] == "/api/v1/sync/resources"
    assert line["action"] == "Trigger resource sync"


def test_what_was_never_read_is_not_known(client: TestClient, ada: Headers, estate: Estate) -> None:
    assert said(client, ada)["Resource inventory current"]["detail"] == "nothing is connected"
    estate.connect("one")
    line = said(client, ada)["Resource inventory current"]
    assert (line["verdict"], line["detail"]) == ("not_known", "not read yet of 1 of 1 tenants: One")


@pytest.mark.census("AG-012")
@pytest.mark.parametrize(
    ("severity", "verdict"), [(Severity.CRITICAL, "fail"), (Severity.WARNING, "pass")]
)
def test_a_critical_alert_fails_the_review(
    client: TestClient, ada: Headers, estate: Estate, severity: Severity, verdict: str
) -> None:
    assert said(client, ada)["No critical alerts"]["verdict"] == "pass"
    sign = Sign(key="k", tenant="acme", type="sync_failure", severity=severity, title="Broken")
    with begin(estate.engine, installation(), estate.clock) as work:
        alerts.fire(work, sign)
    line = said(client, ada)["No critical alerts"]
    assert (line["verdict"], line["path"]) == (verdict, "/alerts")


@pytest.mark.census("AG-013")
def test_a_tenant_whose_credential_fails_is_not_healthy(
    client: TestClient, ada: Headers, estate: Estate
) -> None:
    _, cloud = estate.connect("one")
    cloud.refusal = CloudFailure(FailureClass.AUTHENTICATION, "AADSTS7000215: Invalid secret")
    estate.sync()
    line = said(client, ada)["All tenants responding"]
    assert (line["verdict"], line["word"]) == ("fail", "not healthy")
    assert "One (" in line["detail"]
    assert line["path"] == "/tenants"


def test_what_one_may_not_see_is_not_known(
    client: TestClient, issue: Callable[..., Headers]
) -> None:
    lines = said(client, issue("producer"))
    assert {line["verdict"] for line in lines.values()} == {"not_known"}
    assert lines["No critical alerts"]["detail"] == "you need alerts:read"


def test_what_is_expected_of_short_intervals_is_told_in_minutes(
    runtime: Runtime, estate: Estate
) -> None:
    with estate.look() as work:
        lines = review(work, runtime, policies(resources=timedelta(seconds=60)))
    expected = {line.check: line.expected for line in lines}
    assert expected["Resource inventory current"] == "Last updated < 2 minutes ago"
    assert expected["Cost data current"] == "Last updated < 25 hours ago"
