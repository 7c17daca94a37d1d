from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import select, update
from starlette.testclient import TestClient

from governance.estate import Estate
from quarterdeck.governance.cloud.ports import CloudFailure, FailureClass
from quarterdeck.governance.sync.readings import READINGS
from quarterdeck.governance.sync.store.tables import latest
from quarterdeck.kernel.clock import utc_now
from quarterdeck.kernel.jobs.table import jobs

Headers = dict[str, str]
SYNC = "/api/v1/sync"
REFUSED = CloudFailure(FailureClass.AUTHENTICATION, "AADSTS7000215: Invalid client secret provided")


@pytest.mark.census("AG-049", "AG-054", "AG-055", "AG-056", "AG-057")
@pytest.mark.parametrize("domain", sorted(READINGS))
def test_a_bare_post_answers_exactly_two_keys(
    client: TestClient, ada: Headers, estate: Estate, domain: str
) -> None:
    estate.connect("contoso")
    answer = client.post(f"{SYNC}/{domain}", headers=ada)
    assert answer.status_code == 202
    assert answer.json() == {"status": "triggered", "sync_type": domain}
    with estate.engine.connect() as db:
        assert domain in db.scalars(select(jobs.c.body).where(jobs.c.state == "ready")).one()


@pytest.mark.usefixtures("estate")
def test_with_nothing_connected_it_says_what_to_do(client: TestClient, ada: Headers) -> None:
    answer = client.post(f"{SYNC}/resources", headers=ada)
    assert answer.status_code == 409
    assert "POST /api/v1/tenants" in answer.json()["detail"]


def test_a_domain_that_there_is_not_is_not_there(client: TestClient, ada: Headers) -> None:
    answer = client.post(f"{SYNC}/weather", headers=ada)
    assert answer.status_code == 404
    assert "resources" in answer.json()["detail"]


@pytest.mark.census("AG-048", "AG-077")
def test_history_is_bounded_newest_first_and_names_failures(
    client: TestClient, ada: Headers, estate: Estate
) -> None:
    _, cloud = estate.connect("new-tenant-guid-here")
    cloud.hold("a")
    estate.sync()
    cloud.refusal = REFUSED
    estate.pass_time(seconds=1)
    estate.sync()
    logs = client.get(f"{SYNC}/history?limit=20", headers=ada).json()["logs"]
    assert [(log["status"], log["tenant_id"]) for log in logs] == [
        ("failed", "new-tenant-guid-here"),
        ("success", "new-tenant-guid-here"),
    ]
    assert (logs[0]["error_class"], logs[1]["records"]) == ("authentication", 1)
    assert "env:X" in logs[0]["recommended_action"]
    assert logs[0]["duration_ms"] >= 0
    first = client.get(f"{SYNC}/history?limit=1", headers=ada)
    older = client.get(first.links["next"]["url"], headers=ada)
    assert first.json()["logs"] + older.json()["logs"] == logs
    failed = client.get(f"{SYNC}/history?status=failed", headers=ada).json()["logs"]
    assert [log["id"] for log in failed] == [logs[0]["id"]]


@pytest.mark.census("AG-023", "AG-024")
def test_health_has_five_keys_and_counts_failures(
    client: TestClient, ada: Headers, estate: Estate
) -> None:
    _, cloud = estate.connect("contoso")

    def health() -> tuple[str, int, int]:
        found = client.get(f"{SYNC}/health", headers=ada).json()
        assert set(found) == {
            "status",
            "last_sync",
            "next_sync",
            "recent_failures",
            "consecutive_failures",
        }
        assert found["next_sync"].endswith("Z")
        return found["status"], found["recent_failures"], found["consecutive_failures"]

    assert health() == ("healthy", 0, 0)
    cloud.refusal = REFUSED
    estate.sync()
    estate.sync()
    assert health() == ("degraded", 2, 2)
    cloud.refusal = None
    estate.sync()
    assert health() == ("healthy", 2, 0)


@pytest.mark.census("AG-025")
def test_metrics_leave_out_what_never_ran_and_are_never_null(
    client: TestClient, ada: Headers, estate: Estate
) -> None:
    assert client.get(f"{SYNC}/metrics", headers=ada).json() == {"metrics": []}
    _, cloud = estate.connect("contoso")
    estate.sync()
    estate.sync()
    cloud.refusal = REFUSED
    estate.sync()
    [metric] = client.get(f"{SYNC}/metrics", headers=ada).json()["metrics"]
    assert (metric["job_type"], metric["runs"], metric["success_rate"]) == ("resources", 3, 66.67)
    assert isinstance(metric["avg_duration_ms"], float)
    assert all(metric[f"last_{what}_at"] for what in ("run", "success", "failure"))


@pytest.mark.census("AG-003", "AG-019", "AG-020", "AG-021", "AG-022")
def test_status_has_one_row_a_job_type(client: TestClient, ada: Headers, estate: Estate) -> None:
    estate.connect("one")
    estate.connect("two")
    estate.sync()
    rows = {r["job_type"]: r for r in client.get(f"{SYNC}/status", headers=ada).json()["jobs"]}
    assert sorted(rows) == sorted(READINGS)
    assert (rows["resources"]["tenants"], rows["resources"]["stale_tenants"]) == (2, 0)
    names = ("interval", "expected_min", "expected_max", "limit", "stale_after")
    told = {d: [row[f"{name}_seconds"] / 60 for name in names] for d, row in rows.items()}
    usual = {
        "costs": [1440, 5, 15, 60, 1500],
        "compliance": [240, 10, 20, 45, 300],
        "resources": [60, 5, 10, 30, 120],
        "identity": [1440, 10, 15, 60, 1500],
    }
    assert told == {domain: usual[domain] for domain in rows}


def test_a_run_shows_its_changes_as_leaves(
    client: TestClient, ada: Headers, estate: Estate
) -> None:
    _, cloud = estate.connect("contoso")
    cloud.hold("a", "b")
    run = estate.sync()
    one = client.get(f"{SYNC}/runs/{run.id}", headers=ada).json()
    assert (one["added"], one["over_limit"], one["attempt"]) == (2, False, 1)
    changes = client.get(f"{SYNC}/runs/{run.id}/changes", headers=ada).json()
    assert [c["number"] for c in changes] == [0, 1]
    assert client.get(f"{SYNC}/runs/{run.id}/changes?after=1", headers=ada).json() == []


def test_a_run_of_others_is_not_there(client: TestClient, eve: Headers, estate: Estate) -> None:
    estate.connect("contoso")
    run = estate.sync()
    assert client.get(f"{SYNC}/history", headers=eve).json() == {"logs": []}
    for path in (f"{SYNC}/runs/{run.id}", f"{SYNC}/runs/{run.id}/changes"):
        assert client.get(path, headers=eve).status_code == 404
    assert client.post(f"{SYNC}/runs/{run.id}/cancel", headers=eve).status_code == 404


def test_a_sync_not_begun_is_cancelled_at_once(
    client: TestClient, ada: Headers, estate: Estate
) -> None:
    estate.connect("contoso")
    [job] = estate.ask()
    answer = client.post(f"{SYNC}/runs/{job}/cancel", headers=ada)
    assert answer.json() == {"id": job, "status": "cancelled"}
    estate.run_due()
    assert estate.runs() == []


@pytest.mark.census("AG-011")
def test_freshness_goes_by_the_age_of_the_data(
    client: TestClient, ada: Headers, estate: Estate
) -> None:
    estate.connect("contoso")

    def state() -> tuple[str, bool]:
        every = client.get("/api/v1/freshness", headers=ada).json()["freshness"]
        [found] = [one for one in every if one["domain"] == "resources"]
        return found["state"], found["age_seconds"] is not None

    assert state() == ("never", False)
    estate.pass_time(hours=-1)
    estate.sync()
    assert state() == ("current", True)
    with estate.work() as work:
        aged = latest.c.success - 2 * 3600 * 10**6
        work.db.execute(update(latest).values(success=aged))
    assert state() == ("stale", True)
    assert client.get(f"{SYNC}/health", headers=ada).json()["status"] == "unhealthy"
    estate.now = utc_now()
    estate.sync()
    assert state() == ("current", True)


@pytest.mark.census("AG-003", "AG-059")
def test_a_sync_is_seen_running_and_then_not(
    client: TestClient, ada: Headers, estate: Estate
) -> None:
    _, cloud = estate.connect("contoso")
    cloud.hold("a")
    seen: list[tuple[str, int]] = []

    def rows() -> list[tuple[str, int]]:
        jobs = client.get(f"{SYNC}/status", headers=ada).json()["jobs"]
        return [(j["status"], j["running"]) for j in jobs if j["job_type"] == "resources"]

    cloud.between = [lambda: seen.extend(rows())]
    estate.sync()
    assert (seen, rows()) == ([("running", 1)], [("idle", 0)])


@pytest.mark.census("AG-053", "AG-061")
def test_a_gap_in_history_can_be_seen(client: TestClient, ada: Headers, estate: Estate) -> None:
    estate.connect("contoso")
    for hours in (0, 1, 3):
        estate.pass_time(hours=hours)
        estate.ask()
        estate.wake()  # jobs go by the database's clock
        estate.run_due()
    logs = client.get(f"{SYNC}/history?limit=50", headers=ada).json()["logs"]
    assert all(log["job_type"] == "resources" and log["status"] == "success" for log in logs)
    assert all(log["ended_at"] >= log["started_at"] for log in logs)
    began = [datetime.fromisoformat(log["started_at"]) for log in logs]
    gaps = [later - sooner for later, sooner in pairwise(began)]
    assert [round(gap / timedelta(hours=1)) for gap in gaps] == [3, 1]
