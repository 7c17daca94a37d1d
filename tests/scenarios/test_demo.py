"""The demo, as a newcomer meets it: over the wire, from the first command to Ctrl-C."""

import os
import re
import signal
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import httpx2
import pytest

from scenarios.installation import Program, children, get, program, run
from waiting import until

# Longer than the client tries again, so that age alone would be later than the failed renewal.
INTERVAL_S = 10
LINES = re.compile(r"^  ((?:quarterdeck|curl).*)$", re.MULTILINE)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """A demo that syncs every ``INTERVAL_S``."""
    home = str(tmp_path_factory.mktemp("home"))
    arguments = ["demo", "--port", "0", "--resources", "600", "--interval", str(INTERVAL_S)]
    with program(*arguments, TMPDIR=home, HOME=home) as running:
        running.await_words("Ctrl-C ends the demo")
        yield running


@pytest.fixture(scope="module")
def url(demo: Program) -> str:
    found = re.search(r"Console\s+(\S+)", "".join(demo.said))
    assert found
    return found[1]


def data_folder(demo: Program) -> Path:
    found = re.search(r"Data\s+(\S+)", "".join(demo.said))
    assert found
    return Path(found[1])


def every_domain_came(url: str) -> bool:
    ages = get(f"{url}/api/v1/freshness")["freshness"]
    return all(age["state"] != "never" for age in ages)


def test_three_tenants_and_their_resources_came_over_the_wire(url: str) -> None:
    tenants = get(f"{url}/api/v1/tenants")
    assert len(tenants) == 3
    assert get(f"{url}/api/v1/resources?limit=1")["total_resources"] == 600


def test_it_runs_in_its_processes(demo: Program) -> None:
    assert children(demo.child.pid).keys() == {"simulate", "web", "worker", "jobs"}


def test_the_five_commands_that_it_names_work(demo: Program, url: str, tmp_path: Path) -> None:
    lines = LINES.findall("".join(demo.said))
    assert len(lines) == 5
    until(lambda: every_domain_came(url), 120, "costs too")
    for line in lines:
        if line.startswith("quarterdeck"):
            words = line.split()[1:]
            done = run(*words, QUARTERDECK_URL=url, XDG_CONFIG_HOME=str(tmp_path))
            assert done.returncode == 0, (line, done.stdout, done.stderr)


def test_every_log_can_be_verified_and_an_altered_copy_is_found(url: str, tmp_path: Path) -> None:
    home = {"QUARTERDECK_URL": url, "XDG_CONFIG_HOME": str(tmp_path / "config")}
    tenant = get(f"{url}/api/v1/tenants")[0]["tenant_id"]
    assert run("trail", "verify", "--tenant", tenant, **home).returncode == 0
    copy = tmp_path / "copy"
    assert run("trail", "copy", tenant, str(copy), **home).returncode == 0
    key = next(r["vkey"] for r in get(f"{url}/api/v1/trail/logs")["logs"] if r["tenant"] == tenant)
    assert run("trail", "verify", str(copy), "--key", key, **home).returncode == 0
    bundle = next(p for p in (copy / "tile" / "entries").rglob("*") if p.is_file())
    bundle.write_bytes(bundle.read_bytes().replace(b"sync", b"sink", 1))
    assert run("trail", "verify", str(copy), "--key", key, **home).returncode == 1


def test_trust_ends_at_this_machine(url: str) -> None:
    for header in ({"X-Forwarded-For": "192.0.2.1"}, {"Origin": "https://evil.example"}):
        assert httpx2.get(f"{url}/api/v1/tenants", headers=header).status_code == 401
    assert httpx2.get(f"{url}/api/v1/tenants", headers={"Host": "evil.example"}).is_error


def test_a_dead_cloud_turns_the_page_stale_within_one_interval(demo: Program, url: str) -> None:
    def ages() -> list[dict[str, str]]:
        rows = get(f"{url}/api/v1/freshness")["freshness"]
        return [row for row in rows if row["domain"] == "resources"]

    def states() -> set[str]:
        return {row["state"] for row in ages()}

    until(lambda: states() == {"current"}, 10, "all tenants current")
    os.kill(children(demo.child.pid)["simulate"], signal.SIGKILL)
    until(lambda: states() == {"stale"}, 19, "all tenants stale")
    for row in ages():
        began = datetime.fromisoformat(row["stale_at"])
        assert began - datetime.fromisoformat(row["last_success"]) == timedelta(seconds=INTERVAL_S)
    page = httpx2.get(url, headers={"Accept": "text/html"}).text
    assert "stale" in page.lower()


def test_ctrl_c_ends_it_and_leaves_nothing(demo: Program) -> None:
    folder = data_folder(demo)
    assert folder.is_dir()
    assert demo.end(signal.SIGINT) == 0
    assert not folder.exists()
