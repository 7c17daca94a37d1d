"""Ingest over HTTP: batches of 100, with and without secret fields, and one event a request.

Two processes as in production, one that answers and appends, and a worker with all its duties,
and the load on the same machine. Everything is on: tokens, idempotency, classification, proofs,
relay, read models.

BENCH_SECONDS of each kind, BENCH_TENANTS; BENCH_ONLY for some (plain, secret, one); BENCH_NAMES
for one database; BENCH_RATE events a second instead of as many as can be; BENCH_CATCH_UP=1 to say
after how long the read models had all of it. Each kind begins once they have: what one leaves to do
is not the next one's.
"""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from socket import create_server
from tempfile import TemporaryDirectory
from threading import Event
from time import perf_counter, process_time

import uvloop

from bench._databases import NAMES, database
from bench._following import EVERY_S, Following, rss_mb
from quarterdeck.access.principals import service as principals
from quarterdeck.access.principals.model import Kind, Scope, installation
from quarterdeck.access.tenants import service as tenants
from quarterdeck.access.tokens import service as tokens
from quarterdeck.access.tokens.model import Wanted
from quarterdeck.api.app import build_app
from quarterdeck.kernel.clock import utc_now
from quarterdeck.kernel.db import open_engine
from quarterdeck.kernel.installation import Installation
from quarterdeck.kernel.settings import Settings
from quarterdeck.kernel.supervise import stop_on_signals
from quarterdeck.kernel.work import begin
from quarterdeck.migrations.tables import metadata
from quarterdeck.trail.log.opening import open_trail
from quarterdeck.trail.policy import service as policy
from quarterdeck.trail.policy.model import Kind as PolicyKind
from quarterdeck.trail.projections.opening import open_read
from quarterdeck.web.server import Serving, run
from quarterdeck.wiring import build_runtime
from quarterdeck.wiring.working import do_work

NAMED = os.environ.get("BENCH_NAMES", ",".join(NAMES)).split(",")
ONLY = os.environ.get("BENCH_ONLY", "plain,secret,one").split(",")
RATE = float(os.environ.get("BENCH_RATE", "inf"))
CATCH_UP = os.environ.get("BENCH_CATCH_UP", "")
SECONDS = float(os.environ.get("BENCH_SECONDS", "20"))
TENANTS = int(os.environ.get("BENCH_TENANTS", "1"))
BATCH, CONNECTIONS, SINGLES = 100, 8, 64
FILLING = "x" * 520
PLAIN = b'"payload":{"amount":12.5,"note":"%b"}' % FILLING.encode()
SECRET = b'"payload":{"amount":12.5,"note":"%b","email":"ada@example.com","iban":"DE00"}' % (
    FILLING.encode()
)
EVENT = (
    b'{"id":"%d","occurred_at":"%b","actor":{"type":"user","id":"u-%d"},"action":"orders:create",'
    b'"resource":{"type":"order","id":"o-%d"},%b}\n'
)
RULES = {
    "rules": [
        {"path": "/payload/email", "class": "secret.pi"},
        {"path": "/payload/iban", "class": "secret.pi"},
        {"path": "/payload/*", "class": "public"},
        {"action": "orders:*", "retention": "seven-years"},
    ]
}
BARS = {
    "plain": {"sqlite": 30_000, "postgres": 15_000},
    "secret": {"sqlite": 20_000},
    "one": {"sqlite": 8_000},
}


@dataclass(slots=True)
class Load:
    """What was sent, and how long each request took."""

    port: int
    secrets: list[str]
    server: int = 0
    worker: int = 0
    number: int = 0
    events: int = 0
    took: list[float] = field(default_factory=list)

    def body(self, events: int, payload: bytes) -> bytes:
        """So many events that never came before."""
        first, self.number = self.number, self.number + events
        at = utc_now().isoformat().encode()
        return b"".join(EVENT % (n, at, n % 1000, n, payload) for n in range(first, first + events))


def main() -> None:
    """Print a table; ``serve`` and ``work`` are the processes that it starts."""
    if sys.argv[1:2] == ["serve"]:
        return _serve(sys.argv[2], Path(sys.argv[3]), int(sys.argv[4]))
    if sys.argv[1:2] == ["work"]:
        return _work(sys.argv[2], Path(sys.argv[3]))
    paced = "" if float("inf") == RATE else f", {RATE:,.0f} events/s asked for"
    print(f"{TENANTS} tenants, {SECONDS:g} s each{paced}", flush=True)
    for name in NAMED:
        with database(name) as url, TemporaryDirectory() as folder:
            if url:
                _measured(name, url, Path(folder))
    return None


def _measured(name: str, url: str, folder: Path) -> None:
    secrets = _prepared(url)
    with _running(url, folder) as (port, server, worker):
        load = Load(port, secrets, server, worker)
        engine = open_engine(url)
        read = open_read(engine, Installation(folder).read)
        follow = Following(engine, read, lambda: load.events)
        for number, what in enumerate(ONLY):
            if number:
                _caught_up(follow, load.number)
            events, connections = (1, SINGLES) if what == "one" else (BATCH, CONNECTIONS)
            payload = SECRET if what == "secret" else PLAIN
            rate, told = _timed(load, follow, payload, events, connections)
            bar = BARS[what].get(name, 0)
            kind = "one a request" if what == "one" else f"batches of {BATCH}, {what}"
            print(f"{name:<9}{kind:<23}{rate:>9,.0f} events/s of {bar:>6,}  {told}", flush=True)
        read.dispose()
        engine.dispose()


def _timed(
    load: Load, follow: Following, payload: bytes, events: int, connections: int
) -> tuple[float, str]:
    load.events, load.took = 0, []
    follow.lags.clear()
    began, spent, work = perf_counter(), _cpu_s(load.server), _cpu_s(load.worker)
    sent = process_time()
    uvloop.run(_send_all(load, follow, payload, events, connections))
    took, took_s = sorted(load.took), perf_counter() - began
    mine = 1e6 * (_cpu_s(load.server) - spent) / load.events
    workers = 1e6 * (_cpu_s(load.worker) - work) / load.events
    loads = 1e6 * (process_time() - sent) / load.events
    p50, p99 = (1e3 * took[len(took) * part // 100] for part in (50, 99))
    told = (
        f"p50 {p50:.1f} p99 {p99:.1f} ms; CPU {mine:.1f} + {workers:.1f} us an event, "
        f"{loads:.1f} of the load; "
        f"p95 to proof {follow.p95('proof'):.2f} s, to visible {follow.p95('visible'):.2f} s; "
        f"RSS {rss_mb(load.server):.0f} + {rss_mb(load.worker):.0f} MB"
    )
    if CATCH_UP:
        told += f"; caught up after {_caught_up(follow, load.number):.0f} s"
    return load.events / took_s, told


def _caught_up(follow: Following, size: int) -> float:
    """Seconds until every read model had so many records."""
    began = perf_counter()
    while follow.behind(size):
        time.sleep(EVERY_S)
    return perf_counter() - began


def _cpu_s(process: int) -> float:
    """Seconds of processor time that a process has had (proc(5), stat)."""
    told = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")


async def _send_all(
    load: Load, follow: Following, payload: bytes, events: int, connections: int
) -> None:
    following = asyncio.create_task(follow.follow())
    until = perf_counter() + SECONDS
    await asyncio.gather(*(_send(load, n, payload, events, until) for n in range(connections)))
    following.cancel()


async def _send(load: Load, number: int, payload: bytes, events: int, until: float) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", load.port)
    secret = load.secrets[number % len(load.secrets)]
    head = (
        "POST /api/v1/audit/events HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Authorization: Bearer {secret}\r\n"
        "Content-Type: application/x-ndjson\r\nContent-Length: "
    ).encode()
    started = perf_counter()
    while perf_counter() < until:
        early = load.events / RATE - (perf_counter() - started)
        if early > 0:
            await asyncio.sleep(early)
        body = load.body(events, payload)
        began = perf_counter()
        writer.write(b"%b%d\r\n\r\n%b" % (head, len(body), body))
        answered = await reader.readuntil(b"\r\n\r\n")
        length = int(answered.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        told = await reader.readexactly(length)
        load.took.append(perf_counter() - began)
        assert told.count(b'"appended"') == events, answered + told
        load.events += events
    writer.close()


def _prepared(url: str) -> list[str]:
    """Tables, tenants, rules; the secrets of a producer for each tenant."""
    engine = open_engine(url)
    metadata.create_all(engine)
    secrets = []
    with begin(engine, installation(), utc_now) as work:
        policy.put(work, "_platform", PolicyKind.CLASSIFICATION, RULES)
        for number in range(TENANTS):
            name = f"t{number}"
            tenants.create(work, name, name)
            program = principals.create(work, Kind.PROGRAM, name, home=name)
            principals.grant(work, program.id, "producer", name)
            until = work.now + timedelta(hours=1)
            wanted = Wanted(principal=program.id, name="b", expires_at=until, scope=Scope())
            secrets.append(tokens.create(work, wanted).secret)
    policy.take_effect(engine, utc_now, ("_platform", "classification", 1), 0)
    engine.dispose()
    return secrets


@contextmanager
def _running(url: str, folder: Path) -> Iterator[tuple[int, int, int]]:
    with create_server(("127.0.0.1", 0)) as found:
        port = int(found.getsockname()[1])
    commands = (["serve", url, str(folder), str(port)], ["work", url, str(folder)])
    started = []
    try:
        for command in commands:
            child = subprocess.Popen(
                [sys.executable, "-m", "bench.trail_ingest", *command], stdout=subprocess.PIPE
            )
            started.append(child)
            assert child.stdout is not None
            assert child.stdout.readline(), "it did not start"
        yield port, started[0].pid, started[1].pid
    finally:
        for child in started:
            child.terminate()
            child.wait()


def _serve(url: str, folder: Path, port: int) -> None:
    engine = open_engine(url)
    settings = Settings(secret="s" * 32, port=port, data=str(folder))
    with closing(open_trail(engine, folder / "trail", lasting=True)) as trail:
        runtime = build_runtime(settings, Installation(folder), engine, trail)
        app = build_app(runtime)
        listening = create_server(("127.0.0.1", port))
        told = Serving(
            settings=settings,
            listening=listening,
            stopping=app.state.stopping,
            ready=lambda: print("ready", flush=True),
        )
        run(app, told)


def _work(url: str, folder: Path) -> None:
    engine, stopping = open_engine(url), Event()
    settings = Settings(secret="s" * 32, data=str(folder))
    stop_on_signals(stopping)
    with closing(open_trail(engine, folder / "trail", lasting=False)) as trail:
        runtime = build_runtime(settings, Installation(folder), engine, trail)
        print("ready", flush=True)
        do_work(runtime, trail, stopping)


if __name__ == "__main__":
    main()
