"""Alerts: in over HTTP, on the page, out to a receiver.

Two processes as in production, one that answers and one that works, the load and the receiver
on the same machine. What is answered is durable. Half of what is pushed is new, half repeats.
"""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from socket import create_server
from tempfile import TemporaryDirectory
from threading import Event
from time import monotonic, perf_counter

import httpx2
import uvloop
from sqlalchemy import text

from bench._databases import NAMES, database
from quarterdeck.access.principals import service as principals
from quarterdeck.access.principals.model import Kind, Scope, installation
from quarterdeck.access.tenants import service as tenants
from quarterdeck.access.tokens import service as tokens
from quarterdeck.access.tokens.model import Wanted
from quarterdeck.api.app import build_app
from quarterdeck.console.app import install
from quarterdeck.kernel.clock import utc_now
from quarterdeck.kernel.db import open_engine, reading
from quarterdeck.kernel.installation import Installation
from quarterdeck.kernel.settings import Settings, Source
from quarterdeck.kernel.supervise import stop_on_signals
from quarterdeck.kernel.telemetry import log_to_stderr
from quarterdeck.kernel.work import begin
from quarterdeck.migrations.tables import metadata
from quarterdeck.operations.alerts import hearing
from quarterdeck.operations.alerts.store import placing
from quarterdeck.operations.escalation import hearing as escalation
from quarterdeck.trail.ingest import service as ingest
from quarterdeck.trail.keys.keystore import KeyStore
from quarterdeck.trail.log.opening import open_trail
from quarterdeck.web.server import Serving, run
from quarterdeck.wiring import build_runtime
from quarterdeck.wiring.alerting import alerting
from quarterdeck.wiring.paging import paging
from quarterdeck.wiring.telling import telling
from quarterdeck.worker.delivery import deliver_all
from quarterdeck.worker.pulse import Pulse
from servers import sink
from waiting import until

SECONDS = float(os.environ.get("BENCH_SECONDS", "15"))
FILLED = int(os.environ.get("BENCH_ALERTS", "100000"))
STORM, STORM_GROUPS = int(os.environ.get("BENCH_STORM", "50000")), 200
BATCH, CONNECTIONS, PER_SECOND, LOOKS = 100, 4, 100, 60
PAGES = {
    "page of alerts": "/api/v1/alerts?limit=50",
    "page of critical ones of a cluster": "/api/v1/alerts?severity=critical&label=cluster=eu-3",
    "page in the console": "/alerts",
}
PUSHED_BAR, PAGE_BAR_MS, TOLD_BAR_MS = 2_000, 50, 1_000


class Load:
    """One program that pushes, and a person who looks."""

    def __init__(self, port: int, secret: str) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.headers = {"Authorization": f"Bearer {secret}"}
        self.number = 0

    def body(self, alerts: int, prefix: str, *, again: bool) -> bytes:
        """So many alerts: half of them new, if ``again``; else all."""
        step = alerts // 2 if again else alerts
        first, self.number = self.number, self.number + step
        return json.dumps([self.alert(prefix, n) for n in range(first, first + alerts)]).encode()

    def alert(self, prefix: str, number: int) -> dict[str, object]:
        labels = {
            "alertname": f"{prefix}{number % 200}",
            "cluster": f"eu-{number % 7}",
            "instance": f"10.0.{number // 250}.{number % 250}:9100",
            "job": "node",
            "number": str(number),
            "severity": ("critical", "warning", "info")[number % 3],
        }
        notes = {"summary": f"Node {number} is in trouble", "runbook_url": "https://wiki/x"}
        return {"labels": labels, "annotations": notes, "generatorURL": "http://prometheus/graph"}


def main() -> None:
    """Print a table; ``serve`` and ``work`` are the processes that it starts."""
    log_to_stderr("ERROR", "text")  # standard output says that a process is ready, and no more
    if sys.argv[1:2] == ["serve"]:
        return _serve(sys.argv[2], Path(sys.argv[3]), int(sys.argv[4]))
    if sys.argv[1:2] == ["work"]:
        return _work(sys.argv[2], Path(sys.argv[3]))
    for name in sys.argv[1:] or NAMES:
        with database(name) as url, TemporaryDirectory() as folder, sink.running() as team:
            if url:
                _measured(name, url, Path(folder), team)
    return None


def _measured(name: str, url: str, folder: Path, team: sink.Sink) -> None:
    secret = prepared(url)
    with running(url, folder) as port:
        load = Load(port, secret)
        _apply(load, team.url)
        took = sorted(uvloop.run(_tell(load, team)))
        show(name, f"alert to receiver at {PER_SECOND}/s, group_wait 0", took, TOLD_BAR_MS)
        pushed, whole, posts_told = uvloop.run(_storm(load, team))
        storm = f"storm of {STORM:,} in {STORM_GROUPS} groups"
        print(f"{name:<9} {storm}: in {pushed:.1f} s, all told {whole:.1f} s, {posts_told} posts")
        rate, posts = uvloop.run(_push_all(load))
        print(f"{name:<9} alerts in, {BATCH} a post {rate:>22,.0f} /s of {PUSHED_BAR:,}")
        show(name, "  each post", sorted(posts), 0)
        filled = uvloop.run(_fill(load))
        print(f"{name:<9} filled to {load.number:,} alerts at {filled:,.0f} /s")
        with httpx2.Client(base_url=load.url, headers=load.headers, timeout=60) as client:
            for state in ("while the worker places them", "at rest"):
                for what, path in PAGES.items():
                    words = f"{what}, at {load.number:,} {state}"
                    show(name, words, _looked(client, path), PAGE_BAR_MS)
                _rest(url)
            began = perf_counter()
            found = len(client.get("/api/v2/alerts").json())
            print(f"{name:<9} all {found:,} by /api/v2/alerts: {perf_counter() - began:.1f} s")


def _rest(url: str) -> None:
    """Wait until all alerts were put into their groups, and PostgreSQL has counted them."""
    engine = open_engine(url)

    def placed() -> bool:
        with reading(engine) as db:
            return not placing.tenants_with_unplaced(db)

    until(placed, 120, "the last alert in its group")
    if engine.dialect.name == "postgresql":
        with engine.begin() as db:
            db.execute(text("ANALYZE"))  # as autovacuum does within a minute
    engine.dispose()


def _looked(client: httpx2.Client, path: str) -> list[float]:
    took = []
    for _ in range(LOOKS):
        began = perf_counter()
        answer = client.get(path, headers={"Accept": "text/html,application/json"})
        took.append(perf_counter() - began)
        assert answer.is_success, answer.text
    return sorted(took)


def show(name: str, what: str, took: list[float], bar_ms: float) -> None:
    p50, p95, p99 = (1e3 * took[len(took) * part // 100] for part in (50, 95, 99))
    bar = f"of {bar_ms:,.0f} ms" if bar_ms else ""
    print(f"{name:<9} {what:<58} p50 {p50:.1f}  p95 {p95:.1f}  p99 {p99:.1f} ms {bar}")


async def _tell(load: Load, team: sink.Sink) -> list[float]:
    """Push so many a second, each a group of its own; how long until the receiver has each."""
    pushed: dict[str, float] = {}
    async with httpx2.AsyncClient(base_url=load.url, headers=load.headers, timeout=30) as client:
        began = perf_counter()
        for number in range(int(SECONDS * PER_SECOND / 10)):
            await asyncio.sleep(max(0.0, began + number * 10 / PER_SECOND - perf_counter()))
            body = [load.alert("Page", load.number + n) for n in range(10)]
            load.number += 10
            at = monotonic()
            pushed |= {one["labels"]["number"]: at for one in body}  # type: ignore[index]
            answer = await client.post("/api/v2/alerts", json=body)
            assert answer.is_success, answer.text
    until(lambda: len(team.of("/team")) >= len(pushed), 60, "the last notification")
    return [
        got.at - pushed[alert["labels"]["number"]]
        for got in team.of("/team")
        for alert in got.body["alerts"]
    ]


async def _storm(load: Load, team: sink.Sink) -> tuple[float, float, int]:
    """Push very many at once; when they were in, when the receiver knew all, in how many posts."""
    began, first = perf_counter(), load.number
    async with httpx2.AsyncClient(base_url=load.url, headers=load.headers, timeout=60) as client:
        while load.number < first + STORM:
            body = load.body(1000, "Flood", again=False)
            headers = {"Content-Type": "application/json"}
            answer = await client.post("/api/v2/alerts", content=body, headers=headers)
            assert answer.is_success, answer.text
    pushed = perf_counter() - began
    known: set[str] = set()
    read = 0

    def told() -> int:
        nonlocal read
        new = team.of("/storm")[read:]
        read += len(new)
        known.update(one["fingerprint"] for got in new for one in got.body["alerts"])
        return len(known)

    until(lambda: told() >= STORM, 120, "the last of the storm")
    return pushed, perf_counter() - began, len(team.of("/storm"))


async def _push_all(load: Load) -> tuple[float, list[float]]:
    ends, took, sent = perf_counter() + SECONDS, [], 0

    async def push() -> None:
        nonlocal sent
        async with httpx2.AsyncClient(base_url=load.url, timeout=30) as client:
            while perf_counter() < ends:
                body = load.body(BATCH, "Storm", again=True)
                began = perf_counter()
                headers = load.headers | {"Content-Type": "application/json"}
                answer = await client.post("/api/v2/alerts", content=body, headers=headers)
                took.append(perf_counter() - began)
                assert answer.is_success, answer.text
                sent += BATCH

    began = perf_counter()
    await asyncio.gather(*(push() for _ in range(CONNECTIONS)))
    return sent / (perf_counter() - began), took


async def _fill(load: Load) -> float:
    first, began = load.number, perf_counter()
    async with httpx2.AsyncClient(base_url=load.url, timeout=60) as client:
        while load.number < FILLED:
            headers = load.headers | {"Content-Type": "application/json"}
            body = load.body(1000, "Storm", again=False)
            answer = await client.post("/api/v2/alerts", content=body, headers=headers)
            assert answer.is_success, answer.text
    return (load.number - first) / max(perf_counter() - began, 1e-6)


def _apply(load: Load, url: str) -> None:
    """Pages at once, each by itself; a flood in 200 groups, to one; the rest to nobody."""
    routes: list[dict[str, object]] = [
        {"matchers": ["alertname=~Page.*"], "receiver": "team", "group_by": ["..."]},
        {"matchers": ["alertname=~Flood.*"], "receiver": "storm", "group_interval": "1s"},
    ]
    route: dict[str, object] = {"receiver": "nobody", "group_by": ["alertname"], "group_wait": "0s"}
    route["routes"] = routes
    hooks = [{"url": f"{url}/team"}]
    receivers: list[dict[str, object]] = [
        {"name": "nobody"},
        {"name": "team", "webhook_configs": hooks},
        {"name": "storm", "webhook_configs": [{"url": f"{url}/storm"}]},
    ]
    text = json.dumps({"route": route, "receivers": receivers})
    path = f"{load.url}/api/v1/routing/acme"
    answer = httpx2.put(path, json={"text": text}, headers=load.headers, timeout=30)
    assert answer.is_success, answer.text


def prepared(url: str) -> str:
    """Tables, a tenant, and the secret of its SRE."""
    engine = open_engine(url)
    metadata.create_all(engine)
    engine.dispose()
    return known(url)


def known(url: str) -> str:
    """A tenant, and the secret of its SRE."""
    engine = open_engine(url)
    with begin(engine, installation(), utc_now) as work:
        tenants.create(work, "acme", "Acme")
        program = principals.create(work, Kind.PROGRAM, "prometheus", home="acme")
        principals.grant(work, program.id, "sre", "acme")
        ends = work.now + timedelta(hours=1)
        wanted = Wanted(principal=program.id, name="b", expires_at=ends, scope=Scope())
        secret = tokens.create(work, wanted).secret
    engine.dispose()
    return secret


@contextmanager
def running(url: str, folder: Path) -> Iterator[int]:
    with create_server(("127.0.0.1", 0)) as found:
        port = int(found.getsockname()[1])
    commands = (["serve", url, str(folder), str(port)], ["work", url, str(folder)])
    started = []
    try:
        for command in commands:
            child = subprocess.Popen(
                [sys.executable, "-m", "bench.signals_alerts", *command], stdout=subprocess.PIPE
            )
            started.append(child)
            assert child.stdout is not None
            assert child.stdout.readline(), "it did not start"
        yield port
    finally:
        for child in started:
            child.terminate()
            child.wait()


def _serve(url: str, folder: Path, port: int) -> None:
    settings = Settings(
        secret="s" * 32,
        port=port,
        log_level="WARNING",
        rate_limit_per_s=10_000,
        rate_limit_burst=100_000,
    )
    engine = open_engine(url)
    with closing(open_trail(engine, folder / "trail", lasting=True)) as trail:
        app = build_app(build_runtime(settings, Installation(folder), engine, trail))
        install(app, dict.fromkeys(Settings.__dataclass_fields__, Source.DEFAULT))
        told = Serving(
            settings=settings,
            listening=create_server(("127.0.0.1", port)),
            stopping=app.state.stopping,
            ready=lambda: print("ready", flush=True),
        )
        run(app, told)


def _work(url: str, folder: Path) -> None:
    """What a worker does about alerts: expire, put together, send, page; deliver what happened."""
    engine, stopping = open_engine(url), Event()
    stop_on_signals(stopping)
    with closing(open_trail(engine, folder / "trail", lasting=False)) as trail:
        settings = Settings(
            secret="s" * 32, notifications_per_minute=1_000_000, webhook_networks="127.0.0.0/8"
        )
        runtime = build_runtime(settings, Installation(folder), engine, trail)
        to = [
            ingest.subscriber(engine, KeyStore(folder / "keys"), trail.sequencer),
            hearing.subscriber(),
            escalation.subscriber(),
        ]
        with alerting(runtime) as told, paging(runtime) as paged, telling(runtime) as messages:
            beats = {
                **told,
                **paged,
                **messages,
                "deliver": (0.1, lambda: deliver_all(engine, utc_now, to)),
            }
            pulses = [
                Pulse(name=name, every_s=every, beat=beat, stop=stopping)
                for name, (every, beat) in beats.items()
            ]
            for pulse in pulses:
                pulse.start()
            print("ready", flush=True)
            stopping.wait()
            for pulse in pulses:
                pulse.join(20)


if __name__ == "__main__":
    main()
