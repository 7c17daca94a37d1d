"""Services, environments and health checks on the command line."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cli.access.conftest import ada, app, database, issue, run, runtime, settings, silent_logs
from operations.health.endpoints import Endpoint, endpoint

__all__ = ["ada", "app", "database", "issue", "run", "runtime", "settings", "silent_logs"]

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def web() -> Iterator[Endpoint]:
    with endpoint() as opened:
        yield opened


def entry(folder: Path, web: Endpoint, **more: object) -> Path:
    probe = {"name": "ready", "kind": "http", "target": web.url, "failures": 1}
    file = folder / "entry.json"
    file.write_text(json.dumps({"probes": [probe], **more}))
    return file


@pytest.mark.census("PX-002", "PX-004")
def test_a_check_exits_by_what_it_found(run: Run, web: Endpoint, tmp_path: Path) -> None:
    file = entry(tmp_path, web)
    for name in ("webapp", "api", "database"):
        assert run(f"service set acme/prod/{name} --file {file}")[0] == 0
    asked = "health check --environment prod --components webapp,api,database"
    code, table, words = run(asked)
    assert (code, words) == (0, "prod: all 3 healthy")
    assert [line.split("\t")[:2] for line in table.splitlines()[1:]] == [
        ["api", "healthy"],
        ["database", "healthy"],
        ["webapp", "healthy"],
    ]
    web.status = 503
    code, _, words = run("health check --environment prod --components api")
    assert (code, words) == (1, "prod: not healthy: api (of 1)")
    assert run("health check --environment moon")[0] == 2
    assert run("health check --environment prod --components moon")[0] == 2
    assert "prod\tdown\tapi" in run("health list --environment prod")[1]


def test_services_are_shown_and_removed(run: Run, web: Endpoint, tmp_path: Path) -> None:
    assert run("service list")[2].startswith("no service is registered")
    run(f"service set acme/prod/web --file {entry(tmp_path, web, depends_on=['db'])}")
    assert "acme/prod/web\tunknown" in run("service list --tenant acme")[1]
    code, shown, _ = run("service show acme/prod/web --json")
    assert (code, json.loads(shown)["depends_on"]) == (0, ["db"])
    assert run("service show acme/prod/web")[0] == 0
    assert run("service remove acme/prod/web --yes")[0] == 0
    assert run("service show acme/prod/web")[0] == 2
    (tmp_path / "bad.yaml").write_text("a: [")
    assert run(f"service set acme/prod/web --file {tmp_path / 'bad.yaml'}")[0] == 2


def test_environments_show_facts_that_scripts_can_use(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "prod.yaml"
    file.write_text("facts: {cluster: aks-prod, nodes: 3}\nlinks: [{title: G, url: 'https://g.x'}]")
    assert run(f"environment set acme/prod --file {file}")[::2] == (0, "acme/prod has 2 facts")
    assert json.loads(run("environment show acme/prod --json")[1])["facts"]["nodes"] == 3
    assert "cluster\taks-prod" in run("environment show acme/prod")[1]
    assert "acme/prod" in run("environment list")[1]
    assert run("environment remove acme/prod")[0] == 0


def test_restarts_of_a_service_are_shown(run: Run) -> None:
    assert run("service restarts acme/prod/web")[2] == "it was never started again"
    code, shown, _ = run("service restarts _platform/installation/worker --json")
    assert (code, json.loads(shown)) == (0, [])
