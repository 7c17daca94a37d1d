"""Debian's amtool and Prometheus talk to us as they talk to Alertmanager."""

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from api.conftest import Issue
from api.serving import Served, served
from quarterdeck.runtime import Runtime
from servers import prometheus
from waiting import until

Amtool = Callable[..., str]

RULES = """
groups:
  - name: test
    interval: 200ms
    rules:
      - alert: Burning
        expr: vector(1)
        labels: {severity: critical}
        annotations: {summary: 'It burns', runbook_url: 'https://wiki.example/burning'}
"""
CONFIG = """
global: {{evaluation_interval: 200ms, external_labels: {{cluster: eu-1}}}}
rule_files: ['rules.yml']
alerting:
  alertmanagers:
    - static_configs: [{{targets: ['{target}']}}]
      path_prefix: '{prefix}'
      {auth}
"""


@pytest.fixture(autouse=True)
def programs() -> None:
    if reason := prometheus.missing(prometheus.PROMETHEUS, prometheus.AMTOOL):
        pytest.skip(reason)


@pytest.fixture
def site(app: FastAPI, runtime: Runtime) -> Iterator[Served]:
    with served(app, runtime) as found:
        yield found


@pytest.fixture
def sre(issue: Issue) -> str:
    """The token of an SRE of acme alone: it says which tenant is meant."""
    return issue("sre", "acme", home="acme")["Authorization"].removeprefix("Bearer ")


@pytest.fixture
def amtool(site: Served, sre: str, tmp_path: Path) -> Amtool:
    """Runs amtool; what it printed. It fails where amtool does."""
    http = tmp_path / "http.yml"
    http.write_text(f"authorization: {{credentials: {sre}}}\n")

    def ran(*words: str, fails: bool = False) -> str:
        line = ["amtool", f"--alertmanager.url={site.url}", f"--http.config.file={http}", *words]
        done = subprocess.run(line, capture_output=True, text=True, check=False)
        assert (done.returncode != 0) is fails, done.stderr
        return done.stderr if fails else done.stdout

    return ran


def alerts(amtool: Amtool, *words: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(amtool("-o", "json", "alert", "query", *words))
    return found


def test_amtool_adds_alerts_and_finds_them(amtool: Amtool) -> None:
    amtool("alert", "add", "Down", "node=a", "severity=critical", "--annotation=summary=it is down")
    amtool("alert", "add", "Down", "node=b")
    assert {one["labels"]["node"] for one in alerts(amtool)} == {"a", "b"}
    [one] = alerts(amtool, "node=~a|c", "severity=critical")
    assert one["annotations"] == {"summary": "it is down"}
    assert one["status"] == {"inhibitedBy": [], "silencedBy": [], "state": "active"}
    assert "Down" in amtool("alert", "query", "Down")
    assert alerts(amtool, "node=~x.*") == []


def test_amtool_silences_changes_and_expires(amtool: Amtool) -> None:
    amtool("alert", "add", "Down", "node=a")
    amtool("alert", "add", "Down", "node=b")
    made = amtool("silence", "add", "alertname=Down", "node=~a|c", "-c", "at work", "-d", "2h")
    silence = made.strip()
    [one] = json.loads(amtool("-o", "json", "silence", "query"))
    assert (one["id"], one["comment"], one["status"]["state"]) == (silence, "at work", "active")
    assert {m["name"]: m["isRegex"] for m in one["matchers"]} == {
        "alertname": False,
        "node": True,
    }
    # amtool leaves silenced ones out unless it is told to show them.
    assert {a["labels"]["node"] for a in alerts(amtool)} == {"b"}
    [muted] = [a for a in alerts(amtool, "--silenced") if a["labels"]["node"] == "a"]
    assert muted["status"]["state"] == "suppressed"
    assert muted["status"]["silencedBy"] == [silence]
    amtool("silence", "update", silence, "-c", "longer", "-d", "5h")
    [one] = json.loads(amtool("-o", "json", "silence", "query"))
    assert (one["id"], one["comment"]) == (silence, "longer")
    amtool("silence", "expire", silence)
    assert json.loads(amtool("-o", "json", "silence", "query")) == []
    assert {a["labels"]["node"] for a in alerts(amtool)} == {"a", "b"}
    [gone] = json.loads(amtool("-o", "json", "silence", "query", "--expired"))
    assert gone["status"]["state"] == "expired"


def test_amtool_is_told_why_a_silence_is_refused(amtool: Amtool) -> None:
    words = amtool("silence", "add", "node=~.*", "-c", "all", fails=True)
    assert "at least one matcher must not match the empty string" in words


@pytest.mark.parametrize("way", ["bearer", "basic"])
def test_prometheus_pushes_an_alert_and_its_end(
    site: Served, sre: str, amtool: Amtool, tmp_path: Path, way: str
) -> None:
    auth = {
        "bearer": f"authorization: {{credentials: {sre}}}",
        "basic": f"basic_auth: {{username: any, password: {sre}}}",
    }[way]
    target = site.url.removeprefix("http://")
    prefix = "/t/acme" if way == "basic" else "/"
    config = CONFIG.format(target=target, auth=auth, prefix=prefix)
    with prometheus.prometheus(tmp_path / "prometheus", config, RULES) as changed:
        [one] = until(lambda: alerts(amtool))
        assert one["labels"] == {
            "alertname": "Burning",
            "cluster": "eu-1",
            "severity": "critical",
        }
        assert one["annotations"]["runbook_url"] == "https://wiki.example/burning"
        assert one["generatorURL"].startswith("http")
        changed(RULES.replace("vector(1)", "vector(1) > 2"))
        until(lambda: not alerts(amtool), what="its end")
