"""What is shipped to be deployed with fits what is deployed."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from quarterdeck.api.app import build_app
from quarterdeck.kernel.settings import configure
from quarterdeck.operations.rules.catalogue import CATALOGUE
from quarterdeck.operations.rules.model import Threshold
from quarterdeck.runtime import Runtime

ROOT = Path(__file__).parents[2]
FILE = ROOT / "deploy/kubernetes/quarterdeck.yaml"


def containers() -> list[dict[str, Any]]:
    found = [one.get("spec", {}) for one in yaml.safe_load_all(FILE.read_text())]
    pods = [spec["template"]["spec"] for spec in found if "template" in spec]
    return [container for pod in pods for container in pod["containers"]]


@pytest.mark.census("ATP-084")
def test_kubernetes_asks_each_probe_every_ten_seconds(runtime: Runtime) -> None:
    [web] = [one for one in containers() if one["name"] == "web"]
    probes = {name: one for name, one in web.items() if name.endswith("Probe")}
    paths = {name: one["httpGet"]["path"] for name, one in probes.items()}
    assert paths == {
        "startupProbe": "/health/startup",
        "livenessProbe": "/health/live",
        "readinessProbe": "/health/ready",
    }
    assert set(paths.values()) <= build_app(runtime).openapi()["paths"].keys()
    assert {one["periodSeconds"] for one in probes.values()} == {10}


def test_its_commands_have_flags_that_there_are() -> None:
    documented = (ROOT / "docs/reference/cli.md").read_text()
    commands = [one["command"] for one in containers()]
    assert [command[:2] for command in commands] == [
        ["quarterdeck", "migrate"],
        *[["quarterdeck", "serve"]] * 3,
    ]
    flags = {word for command in commands for word in command if word.startswith("--")}
    assert [flag for flag in sorted(flags) if flag not in documented] == []


def test_each_role_has_its_deployment_and_all_know_that_jobs_are_apart() -> None:
    serving = [one for one in containers() if "serve" in one["command"]]
    roles = [one["command"][one["command"].index("--role") + 1] for one in serving]
    assert roles == ["web", "worker", "jobs"]
    for one in serving:
        told = {each["name"]: each["value"] for each in one["env"]}
        assert configure({}, told).settings.jobs_apart


def test_workers_are_scaled_by_a_family_that_we_have_where_a_deployment_is() -> None:
    scaling = yaml.safe_load((FILE.with_name("worker-scaling.yaml")).read_text())
    deployed = [one for one in yaml.safe_load_all(FILE.read_text()) if one["kind"] == "Deployment"]
    target = scaling["spec"]["scaleTargetRef"]["name"]
    [worker] = [one for one in deployed if one["metadata"]["name"] == target]
    assert scaling["spec"]["minReplicaCount"] == worker["spec"]["replicas"]
    [trigger] = scaling["spec"]["triggers"]
    [rule] = [one for one in CATALOGUE if one.name == "ProjectionLagHigh"]
    assert isinstance(rule.condition, Threshold)
    assert str(rule.condition.measure.of) in trigger["metadata"]["query"]
    assert float(trigger["metadata"]["threshold"]) == rule.condition.value
    assert f"[{rule.hold // timedelta(minutes=1)}m:" in trigger["metadata"]["query"]
