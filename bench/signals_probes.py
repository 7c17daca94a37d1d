"""How many endpoints one prober looks at, in how much memory, while some hang for ever.

    python -m bench.signals_probes [ENDPOINTS] [PERIOD_S] [SECONDS]

A server in another process answers each path but one in twenty, which it never answers. The
bar: 1,000 endpoints a minute in less than 150 MB, none later than its period because of those
that hang.
"""

import asyncio
import multiprocessing
import resource
import ssl
import sys
import tempfile
from contextlib import closing
from datetime import timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from time import monotonic, sleep

from sqlalchemy import Engine

from quarterdeck.access.principals.model import installation
from quarterdeck.access.tenants import service as tenants
from quarterdeck.kernel.clock import utc_now
from quarterdeck.kernel.db import open_engine
from quarterdeck.kernel.ids import TenantId
from quarterdeck.kernel.work import begin, read
from quarterdeck.migrations import runner
from quarterdeck.operations.health.model.registry import Probe, ProbeKind, Service
from quarterdeck.operations.health.prober import Prober
from quarterdeck.operations.health.probing.looking import Means
from quarterdeck.operations.health.service import registry

HANGS = 20
DAY = timedelta(days=1)
ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
    b"Content-Length: 20\r\nConnection: close\r\n\r\n"
)
BODY = b'{"status":"healthy"}'


def serve(told: Connection) -> None:
    """Answer, or hang where the path says so."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await reader.readuntil(b"\r\n\r\n")
        if b"hang" in asked.split(b"\r\n", 1)[0]:
            await reader.read()  # until the prober gives up
        else:
            writer.write(ANSWER + BODY)
            await writer.drain()
        writer.close()

    async def run() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0, backlog=2048)
        told.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(run())


def register(engine: Engine, port: int, endpoints: int, period_s: int) -> None:
    """Enter every endpoint as a service."""
    with begin(engine, installation(), utc_now) as work:
        tenants.create(work, "acme", "Acme")
        for n in range(endpoints):
            path = f"http://127.0.0.1:{port}/{'hang' if n % HANGS == 0 else 'ok'}/{n}"
            probe = Probe(name="ready", kind=ProbeKind.HTTP, target=path, timeout_s=10)
            registry.register(
                work,
                Service(
                    tenant=TenantId("acme"),
                    environment="prod",
                    name=f"s{n}",
                    period_s=period_s,
                    probes=(probe,),
                ),
            )


def look(engine: Engine, seconds: float) -> float:
    """Beat as a worker does for so long; how long it was busy, seconds."""
    means = Means(clock=utc_now, trust=ssl.create_default_context(), environment={})
    busy_s, ends = 0.0, monotonic() + seconds
    with closing(Prober(engine=engine, means=means)) as prober:
        while monotonic() < ends:
            began = monotonic()
            more = prober.beat()
            busy_s += monotonic() - began
            if not more:
                sleep(0.5)
    return busy_s


def show(engine: Engine, endpoints: int, seconds: float) -> None:
    """Print how many looks there were, and how old the oldest is."""
    with read(engine, installation(), utc_now) as work:
        stood = registry.standings(work, limit=endpoints)
        ages = [(work.now - one.looked_at).total_seconds() for one in stood if one.looked_at]
        some = [one.service.name for one in stood[:100]]
        days = [registry.history(work, "acme", "prod", name, work.now - DAY)[1] for name in some]
    looks = sum(bucket.looks for buckets in days for bucket in buckets) * endpoints / len(some)
    print(f"looks a minute    {looks / seconds * 60:8.0f}")
    print(f"never looked at   {endpoints - len(ages):8d}")
    print(f"oldest look       {max(ages, default=0):8.1f} s")


def main(endpoints: int = 1000, period_s: int = 60, seconds: int = 150) -> None:
    """Print looks, their age, time of the database and memory."""
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    server = spawn.Process(target=serve, args=[theirs], daemon=True)
    server.start()
    with tempfile.TemporaryDirectory() as folder:
        engine = open_engine(f"sqlite:///{folder}/quarterdeck.db")
        runner.migrate(engine, Path(folder))
        register(engine, ours.recv(), endpoints, period_s)
        print(f"endpoints {endpoints}, period {period_s} s; one in {HANGS} never answers")
        busy_s = look(engine, seconds)
        show(engine, endpoints, seconds)
    print(f"busy              {busy_s / seconds * 100:8.1f} % of the time, database and all")
    print(f"peak memory       {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:8.0f} MB")
    server.terminate()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
