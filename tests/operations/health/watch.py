"""Where the tests of health play: a registry, a prober, a clock that one sets."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine

from quarterdeck.access.principals.model import installation
from quarterdeck.access.tenants import service as tenants
from quarterdeck.kernel import outbox
from quarterdeck.kernel.ids import TenantId
from quarterdeck.kernel.outbox import Fact
from quarterdeck.kernel.work import Actor, Work, begin, read
from quarterdeck.operations.health.model.registry import Probe, ProbeKind, Service
from quarterdeck.operations.health.model.state import State
from quarterdeck.operations.health.prober import Prober
from quarterdeck.operations.health.probing.looking import Means
from quarterdeck.operations.health.service import registry
from waiting import until

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ROOT = installation()
ACME = TenantId("acme")


@dataclass
class Watch:
    """An installation that looks at services when told to."""

    engine: Engine
    now: datetime = NOON
    environment: dict[str, str] = field(default_factory=dict)
    commands: Path | None = None
    cafile: Path | None = None

    def __post_init__(self) -> None:
        with self.work() as work:
            tenants.create(work, "acme", "Acme")
            tenants.create(work, "other", "Other")

    def means(self) -> Means:
        return Means(
            clock=lambda: self.now,
            trust=ssl.create_default_context(cafile=self.cafile),
            environment=self.environment,
            commands=self.commands,
        )

    @contextmanager
    def work(self, actor: Actor = ROOT) -> Iterator[Work]:
        with begin(self.engine, actor, lambda: self.now) as work:
            yield work

    @contextmanager
    def look(self, actor: Actor = ROOT) -> Iterator[Work]:
        with read(self.engine, actor, lambda: self.now) as work:
            yield work

    def register(self, name: str, *probes: Probe, **more: object) -> None:
        with self.work() as work:
            registry.register(work, service(name, *probes, **more))

    def pass_time(self, **span: float) -> None:
        self.now += timedelta(**span)

    def states(self) -> dict[str, State]:
        with self.look() as work:
            return {one.service.name: one.state for one in registry.standings(work)}

    def told(self, *names: str) -> list[Fact]:
        with self.engine.connect() as db:
            facts = outbox.after(db, "acme", 0, 1000)
        return [fact for fact in facts if not names or fact.name in names]

    def probed(self, prober: Prober) -> dict[str, State]:
        """The states after one look at each service whose turn it is."""
        prober.beat()
        until(lambda: (prober.beat(), not prober.open)[1], what="every look came back")
        return self.states()


def http(target: str, name: str = "ready", **more: object) -> Probe:
    return Probe(name=name, kind=ProbeKind.HTTP, target=target, **{"failures": 1, **more})  # type: ignore[arg-type]


def service(name: str, *probes: Probe, **more: object) -> Service:
    said = {"tenant": ACME, "environment": "prod", "name": name, "probes": probes, **more}
    return Service(**said)  # type: ignore[arg-type]
