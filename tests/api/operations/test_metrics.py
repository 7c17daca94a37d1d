"""Metrics over HTTP: in by JSON, by remote-write and from ourselves; out as series and panels."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx2
import pytest
import yaml
from fastapi import FastAPI
from prometheus_client import REGISTRY
from starlette.testclient import TestClient

from api.serving import Served, served
from operations.metrics.test_remotewrite import packed, series
from quarterdeck.kernel.clock import rfc3339, utc_now
from quarterdeck.kernel.telemetry import watch_statements
from quarterdeck.operations.metrics.exposition import samples
from quarterdeck.operations.metrics.own import CacheAnswers, OwnMetrics
from quarterdeck.operations.metrics.panels import DASHBOARDS, promql
from quarterdeck.runtime import Runtime
from quarterdeck.web.observe import LATENCY, REQUESTS
from quarterdeck.wiring import problems
from servers import scraper
from waiting import until

Headers = dict[str, str]
METRICS, SERIES = "/api/v1/metrics", "/api/v1/series"
NAMES = re.compile(r"(quarterdeck_\w+?)(?:_bucket|_total)?\b")
CPU = {"metric": "CpuPercentage", "labels": {"resource": "web-1"}}


def send(client: TestClient, headers: Headers, *some: object, **more: object) -> Any:  # noqa: ANN401
    said = {"samples": list(some), **more}
    return client.post(f"{METRICS}/samples", json=said, headers=headers, params={"tenant": "acme"})


@pytest.mark.census("PX-040")
def test_a_resources_metric_is_listed_by_the_hour(client: TestClient, ada: Headers) -> None:
    top = utc_now().replace(minute=0, second=0, microsecond=0)
    sent = [
        {**CPU, "value": value, "at": rfc3339(top - timedelta(minutes=minutes))}
        for minutes, value in ((150, 10), (130, 30), (90, 50), (70, 70))
    ]
    answer = send(client, ada, *sent)
    assert (answer.status_code, answer.json()) == (200, {"accepted": 4, "refused": {}})
    asked = {
        "selector": 'CpuPercentage{resource="web-1"}',
        "tenant": "acme",
        "interval": "PT1H",
        "start": rfc3339(top - timedelta(hours=3)),
        "end": rfc3339(top),
    }
    [series] = client.get(SERIES, params=asked, headers=ada).json()["series"]
    assert series["labels"] == {"resource": "web-1"}
    assert [(p["at"], p["value"]) for p in series["points"]] == [
        (rfc3339(top - timedelta(hours=2)), 20),
        (rfc3339(top - timedelta(hours=1)), 60),
    ]
    raw = client.get(SERIES, params=asked | {"interval": ""}, headers=ada).json()["series"]
    assert [p["value"] for p in raw[0]["points"]] == [10, 30, 50, 70]


def test_metrics_and_labels_are_listed(client: TestClient, ada: Headers) -> None:
    send(client, ada, {**CPU, "value": 1})
    listed = client.get(METRICS, params={"tenant": "acme"}, headers=ada).json()["metrics"]
    assert [(one["name"], one["series"]) for one in listed] == [("CpuPercentage", 1)]
    one = client.get(f"{METRICS}/CpuPercentage", params={"tenant": "acme"}, headers=ada)
    assert one.json() == {"name": "CpuPercentage", "labels": {"resource": ["web-1"]}}
    assert client.get(f"{METRICS}/absent?tenant=acme", headers=ada).status_code == 404


def test_what_is_not_kept_is_counted_in_the_answer(client: TestClient, ada: Headers) -> None:
    future = rfc3339(utc_now() + timedelta(hours=1))
    answer = send(client, ada, {**CPU, "value": 1, "at": future}, {"metric": "1x", "value": 1})
    assert answer.json() == {"accepted": 0, "refused": {"future": 1, "name": 1}}


@pytest.mark.parametrize(
    "query",
    [
        {"selector": "{"},
        {"selector": "up", "interval": "1h"},
        {"selector": "up", "interval": "PT1S", "start": "2026-01-01T00:00:00Z"},
        {"selector": "up", "function": "best"},
        {"selector": "up", "start": "2026-01-01T00:00:00"},
        {},
    ],
)
def test_a_question_that_is_none_is_refused(
    client: TestClient, ada: Headers, query: dict[str, str]
) -> None:
    assert client.get(SERIES, params=query, headers=ada).status_code == 422


def test_an_answer_that_would_be_too_long_is_refused(
    client: TestClient, ada: Headers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("quarterdeck.api.operations.metrics.MOST_POINTS", 1)
    now = utc_now()
    at = (rfc3339(now - timedelta(seconds=n)) for n in (2, 1))
    send(client, ada, *({**CPU, "value": 1, "at": one} for one in at))
    asked = {"selector": "CpuPercentage", "tenant": "acme"}
    assert client.get(SERIES, params=asked, headers=ada).status_code == 422


def test_a_number_that_json_cannot_hold_is_refused(client: TestClient, ada: Headers) -> None:
    words = '{"samples": [{"metric": "m", "value": 1e999}]}'
    kind = {"Content-Type": "application/json"}
    assert client.post(f"{METRICS}/samples", content=words, headers=ada | kind).status_code == 422


def test_who_may_not_is_refused(client: TestClient, eve: Headers, nobody: Headers) -> None:
    assert send(client, eve, {**CPU, "value": 1}).status_code == 404
    assert client.get(SERIES, params={"selector": "up"}, headers=nobody).status_code == 403
    assert client.get(f"{METRICS}/panels", headers=eve).status_code in (403, 404)


def own(runtime: Runtime, ahead: timedelta = timedelta()) -> OwnMetrics:
    return OwnMetrics(
        engine=runtime.engine,
        metrics=runtime.metrics,
        clock=lambda: utc_now() + ahead,
        process="web",
        instance="here",
        region="north",
    )


@pytest.mark.census("ATP-089", "ATP-090", "ATP-091", "ATP-096")
def test_the_panels_show_what_this_process_recorded_of_itself(
    runtime: Runtime, client: TestClient, ada: Headers
) -> None:
    problems.measure(runtime)
    first = own(runtime, -timedelta(seconds=60))
    client.get("/api/v1/tenants", headers=ada)
    first.beat()
    for _ in range(5):
        client.get("/api/v1/tenants", headers=ada)
    first.clock = utc_now
    first.beat()
    end = rfc3339(utc_now() + timedelta(seconds=10))
    asked = {"end": end, "interval": "PT10S"}
    found = client.get(f"{METRICS}/panels", params=asked, headers=ada).json()["panels"]
    lines = {panel["key"]: {one["name"] for one in panel["lines"]} for panel in found}
    assert len(found) == 10
    assert "estate" in lines["error-rate"]
    assert "estate" in lines["request-rate"]
    assert {"P50 estate", "P95 estate", "P99 estate"} <= lines["latency"]
    pools = ("database", "read models")
    assert lines["pool"] == {f"{name} {pool}" for name in ("used", "max") for pool in pools}
    none = client.get(f"{METRICS}/panels", params={"end": "2026-01-01T00:00:00Z"}, headers=ada)
    assert all(panel["lines"] == [] for panel in none.json()["panels"])


def test_a_series_that_is_there_no_more_ends(runtime: Runtime) -> None:
    told = own(runtime, -timedelta(seconds=30))
    told.beat()
    told.registry = type(REGISTRY)()
    told.clock = utc_now
    told.beat()
    assert told._told == {}  # noqa: SLF001  what the next beat ends


@pytest.mark.census("ATP-095")
def test_caches_are_counted_by_their_answers(runtime: Runtime) -> None:
    cache = runtime.caches.named("summaries", 60)
    cache.get("a", lambda: 1)
    cache.get("a", lambda: 1)
    [family] = CacheAnswers(runtime.caches.each).collect()
    found = {(s.labels["cache"], s.labels["answer"]): s.value for s in family.samples}
    assert found[("summaries", "hit")] == 1
    assert found[("summaries", "miss")] == 1


@pytest.mark.census("ATP-030")
@pytest.mark.parametrize("accept", ["application/openmetrics-text", "text/plain"])
def test_our_own_metrics_are_good_in_both_forms(
    client: TestClient, ada: Headers, accept: str
) -> None:
    answer = client.get("/metrics", headers=ada | {"Accept": f"{accept}; version=1.0.0"})
    assert answer.headers["content-type"].startswith(accept)
    if "openmetrics" in accept:
        assert list(samples(answer.content, utc_now()))


@pytest.fixture
def server(app: FastAPI, runtime: Runtime) -> Iterator[Served]:
    with served(app, runtime) as found:
        yield found


def configuration(server: Served, token: str) -> str:
    bearer = {"type": "Bearer", "credentials": token}
    return yaml.safe_dump(
        {
            "global": {"scrape_interval": "1s", "scrape_timeout": "1s"},
            "scrape_configs": [
                {
                    "job_name": "quarterdeck",
                    "authorization": bearer,
                    "static_configs": [{"targets": [f"127.0.0.1:{server.port}"]}],
                }
            ],
            "remote_write": [
                {
                    "url": f"{server.url}{METRICS}/write?tenant=acme",
                    "authorization": bearer,
                    "queue_config": {"batch_send_deadline": "1s"},
                }
            ],
        }
    )


def asked(url: str, query: str) -> list[dict[str, Any]]:
    answer = httpx2.get(f"{url}/api/v1/query", params={"query": query}).json()
    assert answer["status"] == "success", answer
    found: list[dict[str, Any]] = answer["data"]["result"]
    return found


@pytest.mark.census("ATP-087", "CG-031", "ATP-027")
def test_a_real_prometheus_reads_us_and_writes_to_us(
    server: Served, runtime: Runtime, client: TestClient, ada: Headers, tmp_path: Path
) -> None:
    """Each shipped query runs in it without an error, and what it scraped stands in our store."""
    if reason := scraper.missing():
        pytest.skip(reason)
    problems.measure(runtime)
    token = ada["Authorization"].removeprefix("Bearer ")
    for _ in range(3):
        client.get("/api/v1/tenants", headers=ada)
    with scraper.server(tmp_path / "prometheus", configuration(server, token)) as url:
        rate = "sum(rate(quarterdeck_http_requests_total[1m])) > 0"
        until(lambda: asked(url, rate), 20, "two scrapes")
        queries = {promql(q) for _, some in DASHBOARDS.values() for p in some for q in p.queries}
        with_data = {query for query in queries if asked(url, query)}
        written = {"selector": "scrape_samples_scraped", "tenant": "acme"}
        until(
            lambda: client.get(SERIES, params=written, headers=ada).json()["series"],
            20,
            "what Prometheus wrote",
        )
    assert {query for query in queries if "http_request" in query} <= with_data
    assert {query for query in queries if "pool" in query} <= with_data


@pytest.mark.census("CG-031", "ATP-087")
def test_each_query_asks_for_a_family_that_we_have() -> None:
    for process in ("answering", "working"):
        import_module(f"quarterdeck.wiring.{process}")
    families = {f.name for f in REGISTRY.collect()} | {"quarterdeck_cache_answers"}
    asked = dict(_asked())
    assert {file for file, _ in asked} >= {"atp-ops.json", "rules.yml"}
    for (file, query), names in asked.items():
        assert names, f"{file}: {query}"
        assert names <= families, f"{file}: {names - families}"


def _asked() -> Iterator[tuple[tuple[str, str], set[str]]]:
    """Each query that we ship, by its file, and the families that it asks for."""
    deploy = Path(__file__).parents[3] / "deploy"
    for file in deploy.glob("grafana/*.json"):
        for panel in json.loads(file.read_text())["panels"]:
            for target in panel["targets"]:
                yield (file.name, target["expr"]), set(NAMES.findall(target["expr"]))
    rules = yaml.safe_load((deploy / "prometheus" / "rules.yml").read_text())
    for rule in (rule for group in rules["groups"] for rule in group["rules"]):
        yield ("rules.yml", rule["expr"]), set(NAMES.findall(rule["expr"]))


@pytest.mark.parametrize("kind", ["application/openmetrics-text", "text/csv"])
def test_exposed_text_is_kept(client: TestClient, ada: Headers, kind: str) -> None:
    text = '# TYPE jobs counter\njobs_total{queue="a"} 7\n# EOF\n'
    sent = client.post(
        f"{METRICS}/exposition?tenant=acme", content=text, headers=ada | {"Content-Type": kind}
    )
    assert (sent.status_code, sent.json()) == (200, {"accepted": 1, "refused": {}})
    bad = client.post(
        f"{METRICS}/exposition?tenant=acme", content="jobs 7", headers=ada | {"Content-Type": kind}
    )
    assert bad.status_code == 422


def test_a_write_that_is_kept_in_part_says_so(client: TestClient, ada: Headers) -> None:
    kind = ada | {"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy"}
    now = round(utc_now().timestamp() * 1000)
    good, bad = series("up", {}, (now, 1.0)), series("1x", {}, (now, 1.0))
    whole = client.post(f"{METRICS}/write?tenant=acme", content=packed(good), headers=kind)
    assert whole.status_code == 204
    again = client.post(f"{METRICS}/write?tenant=acme", content=packed(good), headers=kind)
    assert again.status_code == 204
    part = client.post(f"{METRICS}/write?tenant=acme", content=packed(good + bad), headers=kind)
    assert part.status_code == 422
    assert "1 name" in part.json()["detail"]
    assert client.post(f"{METRICS}/write", content=b"x", headers=kind).status_code == 422


def test_of_what_was_never_recorded_nothing_is_known(client: TestClient, ada: Headers) -> None:
    found = client.get(f"{METRICS}/system-health", headers=ada).json()
    assert found["web_app"] == {"response_time_ms": None, "error_rate": None}
    assert found["database"]["connection_pool"] == {"used": None, "max": None}


@pytest.mark.census("PX-006", "PX-007", "PX-008", "PX-009", "PX-010", "PX-011", "PX-012")
def test_the_monitoring_tree_has_its_six_values(
    runtime: Runtime, client: TestClient, ada: Headers
) -> None:
    watch_statements(runtime.engine, 1000)
    problems.measure(runtime)
    told = own(runtime, -timedelta(seconds=60))
    labels = ("GET", "/x", "200"), ("GET", "/x", "500")
    for service in ("console", "query"):
        for rest in labels:
            REQUESTS.labels(service, *rest).inc(0)
        LATENCY.labels(service, "GET", "/x").observe(0.02)
    client.get("/api/v1/tenants", headers=ada)
    told.beat()
    for service, good, bad in (("console", 3, 1), ("query", 9, 1)):
        REQUESTS.labels(service, *labels[0]).inc(good)
        REQUESTS.labels(service, *labels[1]).inc(bad)
        LATENCY.labels(service, "GET", "/x").observe(0.02)
    client.get("/api/v1/tenants", headers=ada)
    told.clock = utc_now
    told.beat()
    found = client.get(f"{METRICS}/system-health", headers=ada).json()
    assert found["web_app"]["error_rate"] == pytest.approx(0.25)
    assert 0 < found["web_app"]["response_time_ms"] <= 25
    assert 0.8 < found["api_service"]["success_rate"] < 1
    assert found["api_service"]["api_latency_ms"] > 0
    pool = found["database"]["connection_pool"]
    assert 0 <= pool["used"] <= pool["max"]
    assert all(value > 0 for value in found["database"]["query_performance"].values())
