"""Roles apart on PostgreSQL, pgbouncer between: two webs, two workers, one of which dies.

They share the database and the folder of keys, as a production installation does.
"""

import json
import signal
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any

import httpx2
import psycopg
import pytest
from sqlalchemy.engine import make_url

from api.test_stream import next_of, parsed
from scenarios.installation import Program, get, program, run
from servers import pgbouncer, postgres
from waiting import until

LEASE_S, HEARTBEAT_S, TAKE_OVER_S = 8.0, 0.5, 2.0
"""The lease is long beside the heartbeat: no worker of a loaded machine may seem dead."""
RESOURCES = 300
SYNCS = """kind = 'governance.sync' AND body LIKE '%"resources"%'"""

pytestmark = pytest.mark.postgres


@dataclass(kw_only=True)
class Plant:
    """An installation whose roles run apart."""

    environment: dict[str, str]
    data: Path
    cloud: dict[str, Any]
    webs: list[str]
    workers: list[Program]
    database: Callable[[], psycopg.Connection[tuple[object, ...]]]
    headers: dict[str, str] = field(default_factory=dict)

    def ask(self, method: str, path: str, web: int = 0, **more: Any) -> httpx2.Response:  # noqa: ANN401  a client's
        headers = more.pop("headers", self.headers)
        return httpx2.request(method, f"{self.webs[web]}{path}", headers=headers, **more)

    def read(self, path: str) -> Any:  # noqa: ANN401  JSON
        return get(f"{self.webs[0]}{path}", **self.headers)

    def runs(self) -> list[dict[str, Any]]:
        """Those of resources; the other domains come when they may."""
        found = self.read("/api/v1/sync/runs?limit=100")["runs"]
        return [run for run in found if run["job_type"] == "resources"]

    def lever(self, method: str, path: str, **more: Any) -> None:  # noqa: ANN401  a client's
        trust = ssl.create_default_context(cafile=self.cloud["ca_file"])
        url = f"{self.cloud['url']}/_simulator/{path}"
        with httpx2.Client(verify=trust) as client:
            assert client.request(method, url, **more).is_success

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with self.database() as db:
            return db.execute(query.encode()).fetchall()


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plant]:
    if reason := pgbouncer.missing():
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("plant")
    with postgres.database(postgres.server()) as direct, ExitStack() as stack:
        pooled = pgbouncer.before(make_url(direct)).render_as_string(hide_password=False)
        cloud = simulated(stack, folder)
        environment = {
            "QUARTERDECK_DATA": str(folder / "data"),
            "QUARTERDECK_DATABASE": pooled,
            "QUARTERDECK_LEASE_S": str(LEASE_S),
            "QUARTERDECK_HEARTBEAT_S": str(HEARTBEAT_S),
            "QUARTERDECK_AZURE_ENDPOINT": cloud["url"],
            "QUARTERDECK_AZURE_AUTHORITY": cloud["authority"],
            "QUARTERDECK_AZURE_CA": cloud["ca_file"],
        }
        migrated = run("migrate", **environment)
        assert migrated.returncode == 0, migrated.stderr
        plant = Plant(
            environment=environment,
            data=folder / "data",
            cloud=cloud,
            webs=[started_web(stack, environment) for _ in range(2)],
            workers=[
                stack.enter_context(program("serve", "--role", "worker", **environment))
                for _ in range(2)
            ],
            database=lambda: postgres.connect(direct),
        )
        token = (folder / "data" / "first-token").read_text().strip()
        plant.headers = {"Authorization": f"Bearer {token}"}
        for url in plant.webs:
            until(partial(answers, url), 120, f"{url} answers")
        connect(plant, folder)
        yield plant


def simulated(stack: ExitStack, folder: Path) -> dict[str, Any]:
    arguments = ["--resources", str(RESOURCES), "--data", str(folder / "cloud")]
    running = stack.enter_context(program("simulate", "azure", *arguments))
    line = running.await_words('"tenants"')
    said: dict[str, Any] = json.loads(line)
    return said


def started_web(stack: ExitStack, environment: dict[str, str]) -> str:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    arguments = ["serve", "--role", "web", "--port", str(port)]
    stack.enter_context(program(*arguments, **environment))
    return f"http://127.0.0.1:{port}"


def answers(url: str) -> bool:
    try:
        return httpx2.get(f"{url}/health/live").is_success
    except httpx2.TransportError:
        return False


def connect(plant: Plant, folder: Path) -> None:
    """Connect every directory of the simulated cloud, and wait until all is read."""
    told = {
        **plant.environment,
        "QUARTERDECK_URL": plant.webs[0],
        "QUARTERDECK_TOKEN": plant.headers["Authorization"].removeprefix("Bearer "),
    }
    for tenant in plant.cloud["tenants"]:
        secret = folder / tenant["tenant_id"]
        secret.write_text(tenant["client_secret"])
        secret.chmod(0o600)
        words = ["--client-id", tenant["client_id"], "--client-secret-ref", f"file:{secret}"]
        done = run("tenant", "connect", tenant["tenant_id"], tenant["name"], *words, **told)
        assert done.returncode == 0, done.stderr
    until(lambda: complete(plant), 40, "every tenant synced")


def complete(plant: Plant) -> bool:
    synced = {r["tenant"] for r in plant.runs() if r["status"] == "success"}
    open_ones = f"SELECT id FROM kernel_job WHERE {SYNCS} AND state IN ('ready', 'running')"  # noqa: S608
    waiting = plant.rows(open_ones)
    return len(synced) == len(plant.cloud["tenants"]) and not waiting


@pytest.mark.census("AG-043")
def test_each_job_ran_once_and_all_is_there(plant: Plant) -> None:
    assert plant.read("/api/v1/resources?limit=1")["total_resources"] == RESOURCES
    assert sum(run["added"] for run in plant.runs()) == RESOURCES
    until(lambda: both_have_worked(plant), 40, "each worker has had its turn")
    jobs = plant.rows(f"SELECT state, attempts FROM kernel_job WHERE {SYNCS}")  # noqa: S608  our own
    assert len(jobs) >= 6
    assert {(state, attempts) for state, attempts in jobs} == {("done", 1)}
    assert {run["status"] for run in plant.runs()} == {"success"}
    until(lambda: each_is_one_leaf(plant), 20, "every run is a leaf of a log, and one alone")


def test_a_killed_workers_run_is_taken_over_within_the_lease(plant: Plant) -> None:
    tenant = plant.cloud["tenants"][0]["tenant_id"]
    have = plant.read(f"/api/v1/resources?limit=1&tenant_ids={tenant}")["total_resources"]
    for api in ("resources", "resource_graph"):
        slow = {"kind": "slow", "seconds": 5, "tenant": tenant, "on": api}
        plant.lever("POST", "faults", json=slow)
    assert plant.ask("POST", f"/api/v1/sync/resources?tenant_ids={tenant}").is_success
    running = f"SELECT id, worker FROM kernel_job WHERE {SYNCS} AND state = 'running'"  # noqa: S608
    ((job, worker),) = until(lambda: plant.rows(running), 10, "the run has begun")
    until(lambda: any(r["id"] == job for r in plant.runs()), 10, "the run is in mid-sync")
    victim = next(w for w in plant.workers if str(w.child.pid) == worker.rpartition(":")[2])
    plant.lever("DELETE", "faults")
    assert victim.end(signal.SIGKILL) == -signal.SIGKILL
    killed = monotonic()
    until(lambda: plant.rows(running) not in ([(job, worker)], []) or ended(plant, job), 10)
    assert monotonic() - killed < LEASE_S + TAKE_OVER_S
    found = until(lambda: ended(plant, job), 20, "the run ends")
    assert found
    assert (found["status"], found["records"], found["removed"]) == ("success", have, 0)
    ((attempts, successor),) = plant.rows(
        f"SELECT attempts, worker FROM kernel_job WHERE id = '{job}'"  # noqa: S608  our own id
    )
    assert (attempts, successor != worker) == (2, True)
    until(lambda: leaves(plant).get(job) == 1, 10, "one leaf of the run")


def test_a_token_revoked_at_one_web_ends_at_the_other(plant: Plant) -> None:
    tenant = plant.cloud["tenants"][0]["tenant_id"]
    me = {"name": "watcher", "kind": "program"}
    watcher = plant.ask("POST", "/api/v1/principals", json=me).json()["id"]
    role = {"principal": watcher, "role": "auditor", "tenant": tenant}
    assert plant.ask("POST", "/api/v1/grants", json=role).is_success
    wanted = {"principal": watcher, "name": "watching"}
    issued = plant.ask("POST", "/api/v1/tokens", json=wanted).json()
    bearer = {"Authorization": f"Bearer {issued['secret']}"}
    params = {"tenant": tenant}
    url = f"{plant.webs[1]}/api/v1/stream"
    with httpx2.stream("GET", url, params=params, headers=bearer, timeout=10) as stream:
        events = parsed(stream.iter_lines())
        next_of("heartbeat", events)
        assert plant.ask("GET", "/api/v1/freshness", web=1, headers=bearer).status_code == 200
        revoked = plant.ask("DELETE", f"/api/v1/tokens/{issued['id']}")
        assert revoked.is_success
        at = monotonic()
        assert plant.ask("GET", "/api/v1/freshness", web=1, headers=bearer).status_code == 401
        last = next(e for e in events if e["event"] == "end" or monotonic() - at > TAKE_OVER_S)
        assert last["event"] == "end"
        assert last["data"]["reason"] == "refused"


def test_every_log_verifies(plant: Plant, tmp_path: Path) -> None:
    done = run(
        *("trail", "verify", "--json"),
        XDG_CONFIG_HOME=str(tmp_path),
        QUARTERDECK_URL=plant.webs[1],
        QUARTERDECK_TOKEN=plant.headers["Authorization"].removeprefix("Bearer "),
    )
    assert done.returncode == 0, done.stderr
    verdicts = json.loads(done.stdout)
    assert {v["log"] for v in verdicts} >= {t["tenant_id"] for t in plant.cloud["tenants"]}
    assert all(v["intact"] for v in verdicts)


def both_have_worked(plant: Plant) -> bool:
    """Sync everything once more; whether both workers have had a run by now."""
    assert plant.ask("POST", "/api/v1/sync/resources").is_success
    until(lambda: complete(plant), 20, "the syncs end")
    found = plant.rows(f"SELECT DISTINCT worker FROM kernel_job WHERE {SYNCS}")  # noqa: S608  our own
    return len(found) == len(plant.workers)


def each_is_one_leaf(plant: Plant) -> bool:
    return leaves(plant).items() >= {run["id"]: 1 for run in plant.runs()}.items()


def ended(plant: Plant, job: str) -> dict[str, Any] | None:
    found = (r for r in plant.runs() if r["id"] == job and r["ended_at"])
    return next(found, None)


def leaves(plant: Plant) -> dict[str, int]:
    """How many leaves each run has."""
    counts: dict[str, int] = {}
    for tenant in plant.cloud["tenants"]:
        path = f"/api/v1/trail/logs/{tenant['tenant_id']}/records?limit=100"
        for found in plant.read(path)["records"]:
            record = found["record"]
            if record["action"] == "sync:complete":
                counts[record["resource"]["id"]] = counts.get(record["resource"]["id"], 0) + 1
    return counts
