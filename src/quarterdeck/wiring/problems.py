"""Problems of runbook 004 that are seen beside the read models: each a limit, and its value now."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from quarterdeck.kernel import resources
from quarterdeck.kernel.checks import database_bytes, pool_use
from quarterdeck.kernel.db import reading
from quarterdeck.kernel.telemetry import DATABASE_BYTES, POOL_MAX, POOL_USED, SLOWEST
from quarterdeck.trail.deliveries.model import RELAY
from quarterdeck.trail.deliveries.service.queries import figures
from quarterdeck.trail.query.problems import Problem

if TYPE_CHECKING:
    from quarterdeck.runtime import Runtime

LATENCY_MS, WITHIN_S, LEAST_INGESTS = 500.0, 60.0, 20
BACKLOG_S = 30.0


def sources(runtime: Runtime) -> Sequence[Callable[[], Sequence[Problem]]]:
    """Who is asked about problems."""
    return [
        partial(ingest_latency, runtime),
        partial(outbox_backlog, runtime),
        partial(memory_growth, runtime),
    ]


def ingest_latency(runtime: Runtime) -> list[Problem]:
    """P95 of the last minute above 500 ms (ATP-217); of fewer than twenty nothing is said.

    Requests that are not answered yet count with their age: a store that stands still is slow.
    """
    took_s, many = runtime.ingests.percentile_s(95, WITHIN_S)
    if took_s is None or many < LEAST_INGESTS or took_s * 1000 <= LATENCY_MS:
        return []
    words = (
        f"of the last {many} requests with events, 95 % took up to {took_s * 1000:.0f} ms; "
        f"{runtime.ingests.open} are not answered yet"
    )
    return [
        Problem(
            name="HighIngestionLatency",
            value=took_s * 1000,
            limit=LATENCY_MS,
            unit="ms",
            words=words,
        )
    ]


def outbox_backlog(runtime: Runtime) -> list[Problem]:
    """A record has waited for the relay for more than half a minute (ATP-228)."""
    relay = figures(runtime.engine, runtime.reader, runtime.clock)[RELAY]
    if relay.oldest_s <= BACKLOG_S:
        return []
    words = f"{relay.active} records await the relay, which is {relay.standing}"
    return [
        Problem(
            name="OutboxBacklogGrowing",
            value=relay.oldest_s,
            limit=BACKLOG_S,
            unit="s",
            words=words,
        )
    ]


def memory_growth(runtime: Runtime) -> list[Problem]:
    """Memory grows steadily, by more than 32 MiB an hour (ATP-373)."""
    growth, limit = runtime.memory.growth_bytes_per_hour(), resources.LIMIT_BYTES_PER_HOUR
    if growth <= limit:
        return []
    words = f"this process grows by {growth / 1048576:.0f} MiB an hour"
    return [Problem(name="MemoryGrowth", value=growth, limit=limit, unit="B/h", words=words)]


def measure(runtime: Runtime) -> None:
    """Set the gauges of this process and of the database."""
    resources.measure(runtime.memory, monotonic())
    resources.measure_disk(Path(runtime.settings.data))
    for pool, engine in (("database", runtime.engine), ("read models", runtime.explorer.read)):
        used, most = pool_use(engine)
        POOL_USED.labels(pool).set(used)
        POOL_MAX.labels(pool).set(most)
    with reading(runtime.engine) as db:
        size = database_bytes(db)
    if size is not None:
        DATABASE_BYTES.set(size)
    slowest: dict[str, float] = {}
    for timing in runtime.statements.newest():
        verb = timing.name.split(None, 1)[0].upper()
        slowest[verb] = max(slowest.get(verb, 0.0), timing.duration_ms / 1000)
    SLOWEST.clear()
    for verb, took_s in slowest.items():
        SLOWEST.labels(verb).set(took_s)
