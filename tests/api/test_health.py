"""Health, as runbooks 000 and 004 read it."""

import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest
from fastapi import FastAPI
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from quarterdeck.api.app import build_app
from quarterdeck.kernel.cache import Caches
from quarterdeck.kernel.checks import database_check
from quarterdeck.kernel.db import open_engine, writing
from quarterdeck.kernel.health import CheckFailed, Entry, Health
from quarterdeck.migrations import revision
from quarterdeck.runtime import Runtime

BASE = "http://127.0.0.1:8080"
TIMESPAN = re.compile(r"\d\d:\d\d:\d\d\.\d{7}")

Headers = dict[str, str]


def asking(runtime: Runtime, **checks: Callable[[], Entry]) -> TestClient:
    changed = replace(runtime, checks={**runtime.checks, **checks}, caches=Caches())
    return TestClient(build_app(changed), base_url=BASE, client=("192.0.2.7", 1))


def put_at(database: Engine, at: str) -> None:
    with writing(database) as db:
        db.execute(text("CREATE TABLE IF NOT EXISTS alembic_version (version_num TEXT)"))
        db.execute(text("DELETE FROM alembic_version"))
        db.execute(text("INSERT INTO alembic_version VALUES (:at)"), {"at": at})


def broken() -> Entry:
    raise CheckFailed("the worker was last heard of 90 s ago")


def slow() -> Entry:
    return Entry(status=Health.DEGRADED, description="lag 40 s")


@pytest.mark.census("AG-001")
def test_health_is_open_and_short(client: TestClient) -> None:
    answer = client.get("/health")
    assert (answer.status_code, answer.json()) == (200, {"status": "healthy"})


@pytest.mark.census("AG-002")
def test_detailed_health_names_every_component_in_words(client: TestClient) -> None:
    answer = client.get("/health/detailed")
    assert answer.status_code == 200
    assert answer.json()["components"] == {
        "cache": "healthy",
        "database": "healthy",
        "scheduler": "healthy",
        "azure_configured": False,
    }


def test_detailed_health_describes_with_live_numbers(client: TestClient) -> None:
    checks = client.get("/health/detailed").json()["checks"]
    assert re.search(r"answered in \d+\.\d ms, pool \d of \d+", checks["database"]["description"])
    assert checks["database"]["duration_ms"] > 0


@pytest.mark.census("AG-038")
def test_azure_configured_is_true_only_once_credentials_got_a_token(runtime: Runtime) -> None:
    for check, told in (
        (slow, False),
        (broken, False),
        (lambda: replace(slow(), status=Health.HEALTHY), True),
    ):
        components = asking(runtime, azure=check).get("/health/detailed").json()["components"]
        assert components["azure_configured"] is told
        assert "azure" not in components


@pytest.mark.census("AG-014")
@pytest.mark.parametrize("component", ["database", "scheduler", "cache"])
def test_status_tells_of_every_component(client: TestClient, ada: Headers, component: str) -> None:
    body = client.get("/api/v1/status", headers=ada).json()
    assert body["status"] == "healthy"
    assert body["components"][component] == "healthy"


@pytest.mark.census("AG-016")
def test_status_changes_when_the_scheduler_stops(runtime: Runtime, ada: Headers) -> None:
    body = asking(runtime, scheduler=broken).get("/api/v1/status", headers=ada).json()
    assert (body["status"], body["components"]["scheduler"]) == ("unhealthy", "unhealthy")


@pytest.mark.census("AG-015")
def test_status_changes_when_the_database_cannot_be_reached(runtime: Runtime, ada: Headers) -> None:
    away: Engine = open_engine("sqlite:////nowhere/quarterdeck.db")
    body = asking(runtime, database=database_check(away)).get("/api/v1/status", headers=ada).json()
    assert body["components"]["database"] == "unhealthy"


def test_status_counts_the_alerts_that_fire(client: TestClient, ada: Headers) -> None:
    alerts = client.get("/api/v1/status", headers=ada).json()["alerts"]
    assert alerts == {"active_count": 0, "reason": None}


def test_the_cache_hit_rate_is_a_percentage_of_real_questions(
    client: TestClient, ada: Headers
) -> None:
    bodies = [client.get("/api/v1/status", headers=ada).json() for _ in range(4)]
    stats = bodies[-1]["performance"]["cache_stats"]
    assert stats["hits"] + stats["misses"] == 4
    assert stats["hit_rate_percent"] == round(100 * stats["hits"] / 4, 1)


@pytest.mark.parametrize("probe", ["live", "ready", "startup"])
def test_probes_answer_in_the_form_of_entries(client: TestClient, probe: str) -> None:
    answer = client.get(f"/health/{probe}")
    body = answer.json()
    assert (answer.status_code, body["status"]) == (200, "Healthy")
    assert TIMESPAN.fullmatch(body["totalDuration"])
    for entry in body["entries"].values():
        assert entry.keys() == {"status", "description", "duration"}
        assert TIMESPAN.fullmatch(entry["duration"])


def test_a_degraded_installation_still_takes_traffic(runtime: Runtime) -> None:
    answer = asking(runtime, lag=slow).get("/health/ready")
    assert (answer.status_code, answer.json()["status"]) == (200, "Degraded")
    assert "exception" not in answer.json()["entries"]["lag"]


def test_an_unhealthy_one_does_not_and_says_what_failed(runtime: Runtime) -> None:
    answer = asking(runtime, scheduler=broken).get("/health/ready")
    entry = answer.json()["entries"]["scheduler"]
    assert (answer.status_code, answer.json()["status"]) == (503, "Unhealthy")
    assert entry["exception"] == "CheckFailed: the worker was last heard of 90 s ago"
    assert asking(runtime, scheduler=broken).get("/health").status_code == 503


@pytest.mark.census("ATP-324")
def test_health_in_a_word_is_that_of_all_parts(runtime: Runtime) -> None:
    answer = asking(runtime).get("/health")
    assert (answer.status_code, answer.json()) == (200, {"status": "healthy"})
    answer = asking(runtime, disk=broken).get("/health")
    assert (answer.status_code, answer.json()) == (503, {"status": "unhealthy"})


@pytest.mark.census("ATP-049")
def test_startup_waits_for_the_migration(runtime: Runtime, database: Engine) -> None:
    schema = partial(revision.health, database)
    put_at(database, revision.newest())
    begun = asking(runtime, schema=schema).get("/health/startup")
    assert (begun.status_code, begun.json()["status"]) == (200, "Healthy")
    assert begun.json()["entries"].keys() == {"process", "database", "schema", "cache"}
    assert "settings read" in begun.json()["entries"]["process"]["description"]
    put_at(database, "0001_first")
    waits = asking(runtime, schema=schema).get("/health/startup")
    assert waits.status_code == 503
    assert waits.json()["entries"]["schema"]["description"].endswith("run quarterdeck migrate")
    put_at(database, "9999_of_the_next_release")
    assert asking(runtime, schema=schema).get("/health/startup").status_code == 200


def test_no_fault_elsewhere_makes_a_process_look_dead(runtime: Runtime) -> None:
    assert asking(runtime, database=broken).get("/health/live").status_code == 200
    assert asking(runtime, scheduler=broken).get("/health/startup").status_code == 200
    assert asking(runtime, database=broken).get("/health/startup").status_code == 503


def test_health_alone_answers_under_a_services_internal_name(runtime: Runtime) -> None:
    client = TestClient(build_app(replace(runtime, roles={"query": {"lag": slow}})))
    host = {"Host": "query.atp.internal"}
    assert client.get("/health/ready", headers=host).status_code == 200
    assert client.get("/swagger", headers=host).status_code == 400


def test_metrics_are_open_to_this_machine_alone(
    app: FastAPI, client: TestClient, ada: Headers, nobody: Headers
) -> None:
    local = TestClient(app, base_url=BASE, client=("127.0.0.1", 1))
    assert "quarterdeck_http_requests_total" in local.get("/metrics").text
    assert local.get("/metrics", headers={"X-Forwarded-For": "192.0.2.1"}).status_code == 401
    assert client.get("/metrics").status_code == 401
    assert client.get("/metrics", headers=nobody).status_code == 403
    assert client.get("/metrics", headers=ada).status_code == 200


def test_metrics_speak_openmetrics_to_those_who_ask(client: TestClient, ada: Headers) -> None:
    asked = ada | {"Accept": "application/openmetrics-text;version=1.0.0"}
    answer = client.get("/metrics", headers=asked)
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")
