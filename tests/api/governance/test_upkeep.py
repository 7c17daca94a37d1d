"""Policies, pauses and backfills over HTTP."""

import pytest
from starlette.testclient import TestClient

from governance.estate import Estate
from quarterdeck.governance.sync.readings import READINGS

Headers = dict[str, str]
SYNC = "/api/v1/sync"


@pytest.mark.census("AG-041", "AG-042")
def test_a_policy_is_read_changed_and_guarded(client: TestClient, ada: Headers) -> None:
    listed = client.get(f"{SYNC}/policies", headers=ada).json()["policies"]
    assert [p["domain"] for p in listed] == list(READINGS)
    path = f"{SYNC}/policies/resources"
    before = client.get(path, headers=ada)
    found = before.json()
    assert [found[f"backoff_{n}"] for n in ("base_seconds", "factor", "cap_seconds")] == [
        60,
        2,
        900,
    ]
    tag = {"If-Match": before.headers["etag"]}
    after = client.patch(path, json={"interval_seconds": 7200}, headers=ada | tag)
    assert (after.json()["interval_seconds"], after.json()["stale_after_seconds"]) == (7200, 14400)
    assert client.patch(path, json={"limit_seconds": 9e5}, headers=ada | tag).status_code == 412
    refused = client.patch(path, json={"interval_seconds": 0}, headers=ada)
    assert refused.status_code == 422
    assert "interval" in refused.json()["detail"]


def test_what_is_paused_is_refused_and_shown(
    client: TestClient, ada: Headers, estate: Estate
) -> None:
    estate.connect("contoso")
    path = f"{SYNC}/policies/resources"
    assert client.post(f"{path}/pause", headers=ada).status_code == 204
    answer = client.post(f"{SYNC}/resources", headers=ada)
    assert answer.status_code == 409
    assert "resume" in answer.json()["detail"]
    rows = {r["job_type"]: r for r in client.get(f"{SYNC}/status", headers=ada).json()["jobs"]}
    assert (rows["resources"]["status"], rows["resources"]["enabled"]) == ("paused", False)
    assert client.post(f"{path}/resume", headers=ada).status_code == 204
    assert client.post(f"{SYNC}/resources", headers=ada).status_code == 202


@pytest.mark.census("AG-062", "AG-063")
def test_a_backfill_takes_days_and_refuses_what_is_none(
    client: TestClient, ada: Headers, estate: Estate
) -> None:
    estate.connect("contoso")
    path = f"{SYNC}/costs/backfill"
    year = {"start_date": "2024-01-01", "end_date": "2024-12-31"}
    first = client.post(path, json=year, headers=ada)
    assert (first.status_code, first.json()["status"]) == (202, "triggered")
    assert client.post(path, json=year, headers=ada).json() == first.json()
    for wrong, field in (
        (year | {"start_date": "01/01/2024"}, "start_date"),
        (year | {"end_date": "2023-12-31"}, "end_date"),
        (year | {"end_date": "2999-01-01"}, "end_date"),
    ):
        answer = client.post(path, json=wrong, headers=ada)
        assert answer.status_code == 422
        assert field in answer.text
    estate.run_due()
    runs = client.get(f"{SYNC}/runs", headers=ada).json()["runs"]
    assert [(r["job_type"], r["status"]) for r in runs] == [("costs_backfill", "success")]
    assert client.get(f"{SYNC}/health", headers=ada).json()["consecutive_failures"] == 0
