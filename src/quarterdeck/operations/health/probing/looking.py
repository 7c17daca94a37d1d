"""One look by a probe of any kind: bounded in time, never an exception."""

import asyncio
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter

import httpx2

from quarterdeck.kernel.clock import Clock
from quarterdeck.operations.health.model.registry import Probe, ProbeKind, Service
from quarterdeck.operations.health.model.state import Outcome, State
from quarterdeck.operations.health.probing import command, http, sockets, sql

MOST_DETAIL = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What looking takes.

    Attributes:
        commands: the folder whose files command probes may run; None: none may be run.
        environment: where sql probes find their addresses.
    """

    clock: Clock
    trust: ssl.SSLContext
    environment: Mapping[str, str]
    commands: Path | None = None


async def look_at(
    services: Sequence[Service], means: Means, client: httpx2.AsyncClient
) -> list[dict[str, Outcome]]:
    """What every probe of each service finds, all at once; in the order of ``services``."""
    return list(await asyncio.gather(*(look_at_one(one, means, client) for one in services)))


async def look_at_one(
    service: Service, means: Means, client: httpx2.AsyncClient
) -> dict[str, Outcome]:
    """What every probe of ``service`` finds, all at once, by the probe's name."""
    found = await asyncio.gather(
        *(_bounded(probe, service, means, client) for probe in service.probes)
    )
    return dict(zip([probe.name for probe in service.probes], found, strict=True))


def look_now(services: Sequence[Service], means: Means) -> list[dict[str, Outcome]]:
    """``look_at`` for who has no loop; takes no longer than the longest timeout."""

    async def looked() -> list[dict[str, Outcome]]:
        async with http.open_client(means.trust) as client:
            return await look_at(services, means, client)

    return asyncio.run(looked())


async def _bounded(
    probe: Probe, service: Service, means: Means, client: httpx2.AsyncClient
) -> Outcome:
    began = perf_counter()
    try:
        async with asyncio.timeout(probe.timeout_s):
            found = await _look(probe, service, means, client)
    except TimeoutError:
        words = f"no answer within {probe.timeout_s:g} s"
        found = Outcome(state=State.DOWN, detail=words, took_ms=0.0)
    took_ms = (perf_counter() - began) * 1000
    return _timed(found, probe, took_ms)


async def _look(
    probe: Probe, service: Service, means: Means, client: httpx2.AsyncClient
) -> Outcome:
    match probe.kind:
        case ProbeKind.HTTP:
            return await http.look(client, probe, service.base_url)
        case ProbeKind.TCP | ProbeKind.TLS:
            return await sockets.look(probe, means.trust, means.clock())
        case ProbeKind.SQL:
            return await sql.look(probe, means.environment)
        case ProbeKind.COMMAND:
            return await command.look(probe, means.commands)


def _timed(found: Outcome, probe: Probe, took_ms: float) -> Outcome:
    detail = "".join(c if c.isprintable() else " " for c in found.detail)[:MOST_DETAIL]
    slow = probe.slow_ms is not None and took_ms >= probe.slow_ms
    if slow and found.state is State.HEALTHY:
        words = f"{detail}; {took_ms:.0f} ms, slow from {probe.slow_ms:g} ms"
        return replace(found, state=State.DEGRADED, detail=words, took_ms=took_ms)
    return replace(found, detail=f"{detail} in {took_ms:.0f} ms", took_ms=took_ms)
