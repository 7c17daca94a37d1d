"""A small installation for the tests of the trail: a database, keys, and what happens in it."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count

from sqlalchemy import Engine

from quarterdeck.events.access import PrincipalCreated, TokenRevoked
from quarterdeck.kernel import deliveries
from quarterdeck.kernel.event import Event
from quarterdeck.kernel.work import Actor, Work, begin, read
from quarterdeck.trail.ingest.service import subscriber
from quarterdeck.trail.keys.keystore import KeyStore
from quarterdeck.trail.log import service
from quarterdeck.trail.log.integrator import integrate
from quarterdeck.trail.log.storage.sql import SqlCheckpointStore

NOON = datetime(2026, 2, 28, 12, tzinfo=UTC)
ADA = Actor("ada", frozenset({("trail:read", "acme"), ("trail:disclose", "acme")}))
READER = Actor("rita", frozenset({("trail:read", "acme")}))
OTHER = Actor("otto", frozenset({("trail:read", "zeta")}))


@dataclass
class Installation:
    """An installation whose clock stands until moved."""

    engine: Engine
    keys: KeyStore
    now: datetime = NOON
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        self.checkpoints = SqlCheckpointStore(self.engine)

    def clock(self) -> datetime:
        return self.now

    def later(self, by: timedelta) -> None:
        self.now += by

    def happen(self, *events: Event, actor: Actor = ADA) -> None:
        """Events, as use cases publish them, all in one transaction."""
        with begin(self.engine, actor, self.clock, "request-1") as work:
            for event in events:
                work.publish(event)

    def revoke(self, times: int, tenant: str = "acme") -> None:
        self.happen(
            *(TokenRevoked(tenant=tenant, token=f"t{next(self.numbers)}") for _ in range(times))
        )

    def name_somebody(self, name: str = "Ada Lovelace") -> None:
        self.happen(PrincipalCreated(tenant="acme", principal="p1", kind="person", name=name))

    def deliver(self) -> None:
        """What the worker does: facts to the trail, leaves to checkpoints."""
        trail = subscriber(self.keys)
        for tenant, place in deliveries.behind(self.engine, trail.name):
            while moved := deliveries.deliver(self.engine, self.clock, trail, tenant, place):
                place += moved  # noqa: PLW2901  the place moves with what was received

    def integrate(self) -> int:
        return integrate(self.engine, self.keys, self.checkpoints, self.clock)

    def grow(self, leaves: int) -> None:
        """Let the log of acme grow by so many leaves, and be signed."""
        self.revoke(leaves)
        self.deliver()
        self.integrate()

    def reading(self, actor: Actor = READER) -> AbstractContextManager[Work]:
        return read(self.engine, actor, self.clock)

    def serve(self, path: str) -> bytes | None:
        """What stands at ``path`` below the URL of acme's log."""
        with self.reading() as work:
            return service.resource(work, "acme", path)

    @property
    def vkey(self) -> str:
        return self.keys.signer("acme").verifier.vkey
