"""The platform's own logs over HTTP."""

import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import structlog
from starlette.testclient import TestClient

from api.conftest import BASE, Headers, Issue
from quarterdeck.api.app import build_app
from quarterdeck.kernel.clock import utc_now
from quarterdeck.kernel.telemetry import SHARED, log_also_to
from quarterdeck.operations.logs.files import LogFile
from quarterdeck.runtime import Runtime

LOGS = "/api/v1/logs"


@pytest.fixture
def client(runtime: Runtime, tmp_path: Path) -> Iterator[TestClient]:
    """An installation with a data directory, and lines of two processes in it."""
    for service, minutes, event in (("web", 5, "request"), ("worker", 90, "job failed")):
        log = LogFile(tmp_path / "logs", service)
        line = {
            "timestamp": (utc_now() - timedelta(minutes=minutes)).isoformat(),
            "level": "info" if service == "web" else "error",
            "service": service,
            "event": event,
            "method": "GET",
            "path": "/x",
            "status": 200,
            "duration_ms": 20.0,
        }
        log.emit(logging.makeLogRecord({"msg": json.dumps(line)}))
        log.close()
    settings = replace(runtime.settings, data=str(tmp_path))
    with TestClient(
        build_app(replace(runtime, settings=settings)), base_url=BASE, client=("192.0.2.7", 1)
    ) as opened:
        yield opened


@pytest.mark.census("CG-032")
def test_lines_are_filtered_by_role_level_time_and_words(client: TestClient, ada: Headers) -> None:
    def found(**asked: str) -> list[str]:
        answer = client.get(LOGS, params=asked, headers=ada)
        assert answer.status_code == 200, answer.text
        return [entry["event"] for entry in answer.json()["entries"]]

    hour_ago = (utc_now() - timedelta(hours=1)).isoformat()
    assert found() == ["job failed", "request"]
    assert found(service="web") == ["request"]
    assert found(level="warning") == ["job failed"]
    assert found(since=hour_ago) == ["request"]
    assert found(until=hour_ago) == ["job failed"]
    assert found(text="FAILED") == ["job failed"]
    assert found(limit="1") == ["request"]
    assert client.get(LOGS, params={"level": "loud"}, headers=ada).status_code == 422


@pytest.mark.census("PX-041", "ATP-219")
def test_a_pipe_query_answers_rows_or_says_where_it_is_wrong(
    client: TestClient, ada: Headers
) -> None:
    words = (
        "requests | where timestamp > ago(1h) and cloud_RoleName == 'web' "
        "| summarize P95=percentile(duration,95) by bin(timestamp,5m)"
    )
    answer = client.post(f"{LOGS}/query", json={"query": words}, headers=ada)
    assert answer.json()["columns"] == ["timestamp", "P95"]
    assert [row["P95"] for row in answer.json()["rows"]] == [20.0]
    wrong = client.post(f"{LOGS}/query", json={"query": "requests | wher x"}, headers=ada)
    assert (wrong.status_code, "at 12: expected a step" in wrong.text) == (422, True)


def test_logs_are_the_platforms_and_no_tenants(client: TestClient, issue: Issue) -> None:
    for headers in (issue("sre", "acme"), issue("auditor")):
        assert client.get(LOGS, headers=headers).status_code == 403
        asked = {"query": "traces"}
        assert client.post(f"{LOGS}/query", json=asked, headers=headers).status_code == 403


def test_what_a_process_says_is_a_line_with_its_role(tmp_path: Path) -> None:
    handler = LogFile(tmp_path, "web")
    log_also_to(handler, "web")
    ours = structlog.wrap_logger(
        logging.getLogger("ours"),
        processors=[*SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
    )
    try:
        ours.warning("lost", job=7, path=tmp_path)
        logging.getLogger("library").error("broke %s", "off")
    finally:
        logging.getLogger().removeHandler(handler)
        handler.close()
    (file,) = tmp_path.glob("*.jsonl")
    own, library = map(json.loads, file.read_text().splitlines())
    assert (own["service"], own["event"], own["level"], own["job"]) == ("web", "lost", "warning", 7)
    assert (library["event"], library["service"]) == ("broke off", "web")
