"""A full sync of resources, stored: 100 tenants of 1,000 each, from a cloud 50 ms away.

Bars: the first <= 20 s, the second <= 8 s, which writes only what changed; < 300 MB of memory a
process; meanwhile sign-in and the resolving of an alert stay p99 < 200 ms. A whole
installation runs (``up``), the simulated cloud beside it, both on this machine.

``python -m bench.estate_sync [sqlite|postgres] [--tenants N]``
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory
from threading import Event, Thread
from time import perf_counter, sleep
from typing import Any

import httpx2

from bench._databases import NAMES, database
from demonstration import ADDRESS, PROGRAM

TENANTS = int(sys.argv[sys.argv.index("--tenants") + 1]) if "--tenants" in sys.argv else 100
EACH, ALERTS, REFUSED, DAY_S = 1_000, 20, 15, 86_400
DOMAINS = ("resources", "compliance", "identity", "costs")
BETWEEN_S = 0.1  # ten people a second sign in, and as many resolve an alert
POLL_S = 0.5
MOST_RUNS = 500
UNLIMITED = {"QUARTERDECK_RATE_LIMIT_PER_S": "10000", "QUARTERDECK_RATE_LIMIT_BURST": "100000"}
TRUSTED = {"QUARTERDECK_DEMO": "true"}  # who asks from this machine needs no token


Seen = dict[int, tuple[float, int]]
"""Processes: seconds of a processor used, megabytes of memory at most."""


def main() -> None:
    """Print, for each database, the syncs."""
    for name in [n for n in NAMES if n in sys.argv] or NAMES:
        with database(name) as url, TemporaryDirectory() as folder:
            if url:
                print(f"{name}, {TENANTS} tenants x {EACH:,} resources", flush=True)
                _measured(url, Path(folder))


def _measured(url: str, folder: Path) -> None:
    with cloud(folder) as said, house(url, folder, said) as (client, pid):
        secret, alerts = _token(client), _alerts(client)
        connect(client, folder, said)
        for word in ("first", "second", "after a day"):
            if word == "after a day":
                _pass_a_day(said)
            before = processes(pid)
            took = _synced(client, secret, alerts)
            _show(word, took, before, processes(pid))


@contextmanager
def cloud(folder: Path) -> Iterator[dict[str, Any]]:
    """A simulated cloud; what it says of itself."""
    command = [str(PROGRAM), "simulate", "azure", "--data", str(folder / "cloud")]
    command += ["--latency-ms", "50", "--tenants", str(TENANTS)]
    command += ["--resources", str(TENANTS * EACH)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        yield json.loads(process.stdout.readline())
        process.terminate()


@contextmanager
def house(url: str, folder: Path, said: dict[str, Any]) -> Iterator[tuple[httpx2.Client, int]]:
    """A whole installation that reads that cloud: who asks it, and its process."""
    os.environ.update(
        UNLIMITED
        | TRUSTED
        | {
            "QUARTERDECK_DATABASE": "" if url.startswith("sqlite") else url,
            "QUARTERDECK_AZURE_ENDPOINT": said["url"],
            "QUARTERDECK_AZURE_AUTHORITY": said["authority"],
            "QUARTERDECK_AZURE_CA": said["ca_file"],
            "QUARTERDECK_LOG_LEVEL": "ERROR",
        }
    )
    command, said_of_it = [str(PROGRAM), "up", "--data", str(folder / "data"), "--port", "0"], ""
    # A file, not a pipe: who logs into a pipe that nobody reads waits for ever.
    with (folder / "log").open("w") as log, subprocess.Popen(command, stderr=log) as house:
        while not (found := ADDRESS.search(said_of_it.partition("answers at")[2])):
            sleep(POLL_S)
            said_of_it = (folder / "log").read_text()
            if house.poll() is not None:
                sys.exit(said_of_it)
        try:
            with httpx2.Client(base_url=found.group(), timeout=60) as client:
                yield client, house.pid
        finally:
            house.send_signal(signal.SIGINT)


def _token(client: httpx2.Client) -> str:
    who = client.post("/api/v1/principals", json={"kind": "program", "name": "bench"})
    body = {"name": "bench", "principal": who.raise_for_status().json()["id"]}
    return str(client.post("/api/v1/tokens", json=body).raise_for_status().json()["secret"])


def _alerts(client: httpx2.Client) -> list[int]:
    """Alerts to resolve: tenants whose credential the cloud refuses fail in every domain."""
    for number in range(REFUSED):
        _post_tenant(client, f"00000000-0000-4000-8000-{number:012}", "nobody", "env:HOME")
    while len(found := client.get("/api/v1/sync/alerts").json()["alerts"]) < ALERTS:
        sleep(POLL_S)
    return [one["id"] for one in found]


def connect(client: httpx2.Client, folder: Path, said: dict[str, Any]) -> None:
    """Have every tenant of the cloud known, its credential checked, and nothing synced yet."""
    for domain in DOMAINS:
        client.post(f"/api/v1/sync/policies/{domain}/pause").raise_for_status()
    for one in said["tenants"]:
        _connect(client, folder, one)
    _wait_for_checks(client)


def begin_sync(client: httpx2.Client) -> set[str]:
    """Have the resources of all tenants read; the runs that had ended before."""
    # One that still runs may be what a tenant gets: it is asked for no other meanwhile.
    before = {run["id"] for run in _runs(client, "history") if run["ended_at"] is not None}
    client.post("/api/v1/sync/policies/resources/resume").raise_for_status()
    client.post("/api/v1/sync/resources").raise_for_status()
    return before


def _connect(client: httpx2.Client, folder: Path, one: dict[str, Any]) -> None:
    path = folder / f"{one['tenant_id']}.secret"
    path.write_text(one["client_secret"])
    path.chmod(0o600)
    _post_tenant(client, one["tenant_id"], one["client_id"], f"file:{path}")


def _post_tenant(client: httpx2.Client, directory: str, application: str, secret: str) -> None:
    body = {"name": directory, "tenant_id": directory, "description": "", "use_lighthouse": False}
    body |= {"client_id": application, "client_secret_ref": secret}
    client.post("/api/v1/tenants", json=body).raise_for_status()


def _wait_for_checks(client: httpx2.Client) -> None:
    """Until what a new tenant brings along has been done: its credential's and rights' checks."""
    while any(
        job["state"] in {"ready", "running"} and job["kind"] == "governance.preflight"
        for job in client.get("/api/v1/jobs").json()["jobs"]
    ):
        sleep(POLL_S)


def _pass_a_day(said: dict[str, Any]) -> None:
    with httpx2.Client(base_url=said["url"], verify=False, trust_env=False) as cloud:
        cloud.post("/_simulator/clock", json={"seconds": DAY_S}).raise_for_status()


@dataclass(slots=True, kw_only=True)
class Took:
    """What a sync took: seconds, the milliseconds of those who waited, and what it wrote."""

    seconds: float = 0.0
    signing: list[float] = field(default_factory=list)
    resolving: list[float] = field(default_factory=list)
    runs: list[dict[str, Any]] = field(default_factory=list)


def _synced(client: httpx2.Client, secret: str, alerts: list[int]) -> Took:
    took, done = Took(), Event()
    address = str(client.base_url)
    people = [
        Thread(target=_sign_in, args=(address, secret, took.signing, done)),
        Thread(target=_resolve, args=(address, alerts, took.resolving, done)),
    ]
    for person in people:
        person.start()
    began = perf_counter()
    before = begin_sync(client)
    while not all_ended(client, before):
        sleep(POLL_S)
    took.seconds = perf_counter() - began
    took.runs = [run for run in _runs(client, "runs") if run["id"] not in before]
    done.set()
    for person in people:
        person.join()
    return took


def all_ended(client: httpx2.Client, before: set[str]) -> bool:
    """Whether every tenant has been read since then."""
    runs = _runs(client, "history")
    ended = [run for run in runs if run["ended_at"] is not None and run["id"] not in before]
    return len({run["tenant_id"] for run in ended}) >= TENANTS  # some are read twice meanwhile


def _runs(client: httpx2.Client, page: str) -> list[dict[str, Any]]:
    """The newest runs of resources, from the list that says little or from that which says all."""
    params = {"limit": MOST_RUNS}  # those of refused tenants stand among them
    answer = client.get(f"/api/v1/sync/{page}", params=params).raise_for_status().json()
    found: list[dict[str, Any]] = answer["logs" if page == "history" else "runs"]
    return [run for run in found if run["job_type"] == "resources" and run["error_class"] is None]


def _sign_in(address: str, secret: str, times: list[float], done: Event) -> None:
    with httpx2.Client(base_url=address, timeout=60) as browser:
        while not done.wait(BETWEEN_S):
            started = perf_counter()
            answer = browser.post("/sign-in", data={"token": secret})
            times.append(1000 * (perf_counter() - started))
            assert answer.status_code == httpx2.codes.SEE_OTHER, answer.text
            browser.cookies.clear()


def _resolve(address: str, alerts: list[int], times: list[float], done: Event) -> None:
    with httpx2.Client(base_url=address, timeout=60) as client:
        for alert in cycle(alerts):
            if done.wait(BETWEEN_S):
                return
            started = perf_counter()
            client.post(f"/api/v1/sync/alerts/{alert}/resolve").raise_for_status()
            times.append(1000 * (perf_counter() - started))


def _show(word: str, took: Took, before: Seen, after: Seen) -> None:
    seen = sum(run["records"] for run in took.runs)
    wrote = {w: sum(run[w] for run in took.runs) for w in ("added", "changed", "removed")}
    waits = "  ".join(
        f"{what} p50 {quantiles(times, n=2)[0]:.0f} p99 {quantiles(times, n=100)[-1]:.0f}"
        f" max {max(times):.0f} ms ({len(times)})"
        for what, times in (("sign-in", took.signing), ("resolve", took.resolving))
        if len(times) > 1
    )
    print(f"  {word:12} {took.seconds:6.1f} s  {seen:,} read, {wrote}", flush=True)
    print(f"               {waits}")
    used = [f"{now[0] - before[pid][0]:.1f} s, {now[1]} MB" for pid, now in after.items()]
    print(f"               up, worker, jobs, web: {'; '.join(used)}", flush=True)


def processes(pid: int) -> Seen:
    """Of a process and its descendants: seconds of a processor, and the largest resident set."""
    status = Path(f"/proc/{pid}/status").read_text()
    peak_mb = int(status.partition("VmHWM:")[2].split()[0]) // 1024
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    seen = {pid: ((int(user) + int(system)) / os.sysconf("SC_CLK_TCK"), peak_mb)}
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        seen |= processes(int(child))
    return seen


if __name__ == "__main__":
    main()
