"""Policies, pauses and backfills over HTTP."""

from datetime import datetime, timedelta

import pytest
from starlette.testclient import TestClient

from governance.estate import Estate
from governance.identity.directory import settle
from quarterdeck.governance.cloud.ports import Tracked
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


def test_what_is_not_known_to_be_gone_is_listed(
    client: TestClient, ada: Headers, estate: Estate
) -> None:
    _, cloud = estate.connect("contoso")
    cloud.hold("a")
    cloud.hold("b", subscription="s2")
    estate.sync()
    assert client.get(f"{SYNC}/doubts", headers=ada).json() == {"doubts": []}
    del cloud.pages["s2"]
    estate.sync()
    [found] = client.get(f"{SYNC}/doubts", headers=ada).json()["doubts"]
    assert (found["domain"], found["subscription"], found["items"]) == ("resources", "s2", 1)
    assert found["asked_again"] is True
    assert client.get(f"{SYNC}/doubts").status_code == 401
    [run, _] = client.get(f"{SYNC}/runs", headers=ada).json()["runs"]
    assert (run["changes_since"], run["drift"]) == (None, 0)


def test_the_next_whole_reading_of_a_directory_is_told(
    client: TestClient, ada: Headers, estate: Estate
) -> None:
    _, cloud = estate.connect("contoso")
    settle(cloud)
    cloud.marks = dict.fromkeys(Tracked, "m")

    def identity() -> dict[str, object]:
        rows = client.get(f"{SYNC}/status", headers=ada).json()["jobs"]
        return {row["job_type"]: row["next_whole_at"] for row in rows}

    assert set(identity().values()) == {None}
    assert client.post(f"{SYNC}/identity", headers=ada).status_code == 202
    estate.run_due()
    due = datetime.fromisoformat(str(identity()["identity"]))
    assert due - estate.now == timedelta(days=7)
    estate.pass_time(days=1)
    client.post(f"{SYNC}/identity", headers=ada)
    estate.run_due()
    [run, first] = client.get(f"{SYNC}/runs", headers=ada).json()["runs"]
    assert first["changes_since"] is None
    since = datetime.fromisoformat(run["changes_since"])
    assert estate.now - since == timedelta(days=1, seconds=1)
