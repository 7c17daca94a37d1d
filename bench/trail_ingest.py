"""Ingest over HTTP: batches of 100, with and without secret fields, and one event a request.

Two processes as in production, one that answers and appends, one that integrates, and the load
on the same machine. Everything is on: tokens, idempotency, classification, proofs.
"""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from socket import create_server
from tempfile import TemporaryDirectory
from threading import Event
from time import perf_counter

import uvloop

from bench._databases import NAMES, database
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
from quarterdeck.kernel.work import begin
from quarterdeck.migrations.tables import metadata
from quarterdeck.trail.keys.keystore import KeyStore
from quarterdeck.trail.log.integrator import Integrator
from quarterdeck.trail.log.opening import open_trail
from quarterdeck.trail.log.storage.sql import SqlCheckpointStore
from quarterdeck.trail.policy import service as policy
from quarterdeck.trail.policy.model import Kind as PolicyKind
from quarterdeck.web.server import Serving, run, stop_on_signals
from quarterdeck.wiring import build_runtime

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
BARS = {"plain": {"sqlite": 30_000, "postgres": 15_000}, "secret": {"sqlite": 20_000}}


@dataclass(slots=True)
class Load:
    """What was sent, and how long each request took."""

    port: int
    secrets: list[str]
    server: int = 0
    number: int = 0
    events: int = 0
    took: list[float] = field(default_factory=list)

    def body(self, events: int, payload: bytes) -> bytes:
        """So many events that never came before."""
        first, self.number = self.number, self.number + events
        at = utc_now().isoformat().encode()
        return b"".join(EVENT % (n, at, n % 1000, n, payload) for n in range(first, first + events))


def main() -> None:
    """Print a table; ``serve`` and ``integrate`` are the processes that it starts."""
    if sys.argv[1:2] == ["serve"]:
        return _serve(sys.argv[2], Path(sys.argv[3]), int(sys.argv[4]))
    if sys.argv[1:2] == ["integrate"]:
        return _integrate(sys.argv[2], Path(sys.argv[3]))
    print(f"{TENANTS} tenants, {SECONDS:g} s each")
    for name in NAMES:
        with database(name) as url, TemporaryDirectory() as folder:
            if url:
                _measured(name, url, Path(folder))
    return None


def _measured(name: str, url: str, folder: Path) -> None:
    secrets = _prepared(url)
    with _running(url, folder) as (port, server):
        load = Load(port, secrets, server)
        for what, payload in (("plain", PLAIN), ("secret", SECRET)):
            rate, p99 = _timed(load, payload, BATCH, CONNECTIONS)
            bar = BARS[what].get(name, 0)
            print(
                f"{name:<9} batches of {BATCH}, {what:<7} {rate:>9,.0f} events/s of {bar:>6,}", p99
            )
        rate, p99 = _timed(load, PLAIN, 1, SINGLES)
        bar = 8_000 if name == "sqlite" else 0
        print(f"{name:<9} one a request, {SINGLES} connections {rate:>9,.0f} /s of {bar:>6,}", p99)


def _timed(load: Load, payload: bytes, events: int, connections: int) -> tuple[float, str]:
    load.events, load.took = 0, []
    began, spent = perf_counter(), _cpu_s(load.server)
    uvloop.run(_send_all(load, payload, events, connections))
    took = sorted(load.took)
    took_s, cpu = perf_counter() - began, 1e6 * (_cpu_s(load.server) - spent) / load.events
    p50, p99 = (1e3 * took[len(took) * part // 100] for part in (50, 99))
    tell = f"p50 {p50:.1f} ms  p99 {p99:.1f} ms  server's CPU {cpu:.1f} us an event"
    return load.events / took_s, tell


def _cpu_s(process: int) -> float:
    """Seconds of processor time that a process has had (proc(5), stat)."""
    told = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")


async def _send_all(load: Load, payload: bytes, events: int, connections: int) -> None:
    until = perf_counter() + SECONDS
    await asyncio.gather(*(_send(load, n, payload, events, until) for n in range(connections)))


async def _send(load: Load, number: int, payload: bytes, events: int, until: float) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", load.port)
    secret = load.secrets[number % len(load.secrets)]
    head = (
        "POST /api/v1/audit/events HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Authorization: Bearer {secret}\r\n"
        "Content-Type: application/x-ndjson\r\nContent-Length: "
    ).encode()
    while perf_counter() < until:
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
def _running(url: str, folder: Path) -> Iterator[tuple[int, int]]:
    with create_server(("127.0.0.1", 0)) as found:
        port = int(found.getsockname()[1])
    commands = (["serve", url, str(folder), str(port)], ["integrate", url, str(folder)])
    started = []
    try:
        for command in commands:
            child = subprocess.Popen(
                [sys.executable, "-m", "bench.trail_ingest", *command], stdout=subprocess.PIPE
            )
            started.append(child)
            assert child.stdout is not None
            assert child.stdout.readline(), "it did not start"
        yield port, started[0].pid
    finally:
        for child in started:
            child.terminate()
            child.wait()


def _serve(url: str, folder: Path, port: int) -> None:
    engine, settings = open_engine(url), Settings(secret="s" * 32, port=port)
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


def _integrate(url: str, folder: Path) -> None:
    engine, stopping = open_engine(url), Event()
    stop_on_signals(stopping)
    with closing(open_trail(engine, folder / "trail", lasting=False)) as trail:
        integrator = Integrator(
            engine=engine,
            keys=KeyStore(folder / "keys"),
            checkpoints=SqlCheckpointStore(engine),
            clock=utc_now,
            reader=trail.reader,
            tiles=trail.tiles,
        )
        print("ready", flush=True)
        while not stopping.wait(0.25):
            integrator.integrate()


if __name__ == "__main__":
    main()
