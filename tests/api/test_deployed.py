"""What is shipped to be deployed with fits what is deployed."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from quarterdeck.api.app import build_app
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
        ["quarterdeck", "serve"],
        ["quarterdeck", "serve"],
    ]
    flags = {word for command in commands for word in command if word.startswith("--")}
    assert [flag for flag in sorted(flags) if flag not in documented] == []
