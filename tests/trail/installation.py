"""A small installation for the tests of the trail: a database, keys, and what happens in it."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from sqlalchemy import Engine, delete, update

from quarterdeck.events.access import PrincipalCreated, TokenRevoked
from quarterdeck.kernel import deliveries
from quarterdeck.kernel.event import Event
from quarterdeck.kernel.work import Actor, Work, begin, read
from quarterdeck.trail.ingest.service import subscriber
from quarterdeck.trail.keys.keystore import KeyStore
from quarterdeck.trail.log import service
from quarterdeck.trail.log.integrator import Integrator
from quarterdeck.trail.log.opening import Trail, open_trail
from quarterdeck.trail.log.storage.leaves import leaves
from quarterdeck.trail.log.storage.sql import SqlCheckpointStore, checkpoints
from quarterdeck.trail.proof.tree import leaf_hash

NOON = datetime(2026, 2, 28, 12, tzinfo=UTC)
ADA = Actor("ada", frozenset({("trail:read", "acme"), ("trail:disclose", "acme")}))
READER = Actor("rita", frozenset({("trail:read", "acme")}))
OTHER = Actor("otto", frozenset({("trail:read", "zeta")}))


@dataclass
class Installation:
    """An installation whose clock stands until moved."""

    engine: Engine
    keys: KeyStore
    folder: Path
    shared: Trail | None = None
    now: datetime = NOON
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        self.checkpoints = SqlCheckpointStore(self.engine)
        self.open()

    def open(self) -> None:
        """What a process does when it starts."""
        folder = self.folder / "trail"
        self.trail = self.shared or open_trail(self.engine, folder, lasting=True)
        self.reader = self.trail.reader
        self.integrator = Integrator(
            engine=self.engine,
            keys=self.keys,
            checkpoints=self.checkpoints,
            clock=self.clock,
            reader=self.reader,
            tiles=self.trail.tiles,
        )

    def restart(self) -> None:
        """End, and start again."""
        self.trail.close()
        self.open()

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
        trail = subscriber(self.engine, self.keys, self.trail.sequencer)
        for tenant, place in deliveries.behind(self.engine, trail.name):
            while moved := deliveries.deliver(self.engine, self.clock, trail, tenant, place):
                place += moved  # noqa: PLW2901  the place moves with what was received

    def integrate(self) -> int:
        return self.integrator.integrate()

    def grow(self, leaves: int) -> None:
        """Let the log of acme grow by so many leaves, and be signed."""
        self.revoke(leaves)
        self.deliver()
        self.integrate()

    def alter(self, index: int, *, rehash: bool = False) -> None:
        """Change an entry of acme wherever it is stored; ``rehash``: in tables, its hash too."""
        (old,) = self.reader.entries("acme", index, 1)
        new = old.replace(b"success", b"failure")
        assert new != old
        if self.in_tables:
            with self.engine.begin() as db:
                here = update(leaves).where(leaves.c.log == "acme", leaves.c.idx == index)
                db.execute(here.values(entry=new))
                if rehash:
                    db.execute(here.values(hash=leaf_hash(new)))
            return
        self.reader.close()
        for path in (self.folder / "trail").rglob("*"):
            if path.is_file() and old in (found := path.read_bytes()):
                path.write_bytes(found.replace(old, new))

    def remove(self, index: int) -> None:
        """Take a leaf of acme away; in files, the end of the journal with it."""
        if self.in_tables:
            with self.engine.begin() as db:
                db.execute(delete(leaves).where(leaves.c.log == "acme", leaves.c.idx == index))
            return
        (entry,) = self.reader.entries("acme", index, 1)
        self.reader.close()
        for path in (self.folder / "trail").rglob("*.journal"):
            path.write_bytes(path.read_bytes().partition(entry)[0])

    def roll_back(self, note: bytes, size: int) -> None:
        """Serve a checkpoint of before."""
        with self.engine.begin() as db:
            db.execute(update(checkpoints).values(note=note, size=size))
        if not self.in_tables:
            (self.folder / "trail/logs/acme/checkpoint").write_bytes(note)

    @property
    def in_tables(self) -> bool:
        return self.engine.dialect.name != "sqlite"

    def reading(self, actor: Actor = READER) -> AbstractContextManager[Work]:
        return read(self.engine, actor, self.clock)

    def serve(self, path: str) -> bytes | None:
        """What stands at ``path`` below the URL of acme's log."""
        with self.reading() as work:
            return service.resource(work, self.reader, "acme", path)

    @property
    def vkey(self) -> str:
        return self.keys.signer("acme").verifier.vkey
