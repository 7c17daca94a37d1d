"""The simulator's process: real HTTPS on loopback, until it is told to stop."""

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event

import msgspec
from starlette.applications import Starlette
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from quarterdeck.kernel.clock import Clock, utc_now
from quarterdeck.providers.simulator.answers import Refused, refused, request_ids
from quarterdeck.providers.simulator.arm import Arm
from quarterdeck.providers.simulator.control import Control
from quarterdeck.providers.simulator.costs.api import Costs
from quarterdeck.providers.simulator.entra import Entra
from quarterdeck.providers.simulator.governing.api import Governing
from quarterdeck.providers.simulator.graph.api import Graph
from quarterdeck.providers.simulator.levers import Levers
from quarterdeck.providers.simulator.options import SimulatorOptions
from quarterdeck.providers.simulator.resourcegraph.api import ResourceGraph
from quarterdeck.providers.simulator.serving import ca_file, serving
from quarterdeck.providers.simulator.status import Status
from quarterdeck.providers.simulator.tls import loopback_tls
from quarterdeck.providers.simulator.vault import Vault
from quarterdeck.providers.simulator.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """How to connect one simulated directory."""

    tenant_id: str
    name: str
    client_id: str
    client_secret: str
    subscriptions: int
    resources: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A simulator that answers.

    Attributes:
        url: the endpoint of Azure Resource Manager.
        authority: the endpoint of Entra ID.
        ca_file: the certificate authority to trust, PEM.
    """

    url: str
    authority: str
    ca_file: str
    tenants: list[Access]


def run(options: SimulatorOptions, ready: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT. ``ready`` gets one line of JSON: a ``Running``.

    Raises Unavailable where the port is taken, Invalid where the folder cannot be written.
    Call it from the main thread, which alone may listen to signals.
    """
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with running(options) as simulator:
        ready(msgspec.json.encode(simulator).decode())
        stop.wait()


@contextmanager
def running(options: SimulatorOptions, clock: Clock = utc_now) -> Iterator[Running]:
    """A simulator in a thread of this process, stopped at the end."""
    tls = loopback_tls(clock())
    file = ca_file(options.folder, tls.ca_pem)
    world = World(options, clock)
    with serving(build_app(world, clock), tls.context, options.port) as url:
        yield described(world, url, file)


def build_app(world: World, clock: Clock) -> ASGIApp:
    """The simulated cloud as an application."""
    costs, graph = Costs(world), Graph(world)
    routes = [
        *Control(world).routes(),
        *Levers(world, costs, graph.hush).routes(),
        *ResourceGraph(world).routes(),
        *costs.routes(),
        *Governing(world).routes(),
        *graph.routes(),
        *Status(world).routes(),
        *Vault(world).routes(),
        *Arm(world).routes(),
        *Entra(world, clock).routes(),
    ]
    app = Starlette(routes=routes, exception_handlers={Refused: refused})
    app.state.now = world.now
    return AzureHeaders(app, world.latency_s)


class AzureHeaders:
    """Gives each answer ids, and holds it back as long as distance would."""

    def __init__(self, app: ASGIApp, latency_s: float) -> None:
        self._app = app
        self._latency_s = latency_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""

        async def identified(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *request_ids()]
            await send(message)

        if self._latency_s:
            await asyncio.sleep(self._latency_s)
        await self._app(scope, receive, identified)


def described(world: World, url: str, file: Path) -> Running:
    """What a client must know."""
    return Running(
        url=url,
        authority=url,
        ca_file=str(file),
        tenants=[
            Access(
                tenant_id=tenant.id,
                name=tenant.name,
                client_id=tenant.client_id,
                client_secret=tenant.client_secret,
                subscriptions=len(tenant.subscriptions),
                resources=sum(one.resources for one in tenant.subscriptions),
            )
            for tenant in world.tenants.values()
        ],
    )
