"""A whole installation as wiring builds it, and what breaks one dependency of it for real."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from resource import RLIMIT_FSIZE, getrlimit, setrlimit

from sqlalchemy import Engine

from quarterdeck.access.principals.model import installation as itself
from quarterdeck.access.tenants import service as tenants
from quarterdeck.events.access import TokenRevoked
from quarterdeck.kernel import beats, deliveries, health
from quarterdeck.kernel.checks import EXPECTED
from quarterdeck.kernel.clock import micros, utc_now
from quarterdeck.kernel.db import writing
from quarterdeck.kernel.health import Entry, Health
from quarterdeck.kernel.installation import Installation
from quarterdeck.kernel.settings import Settings
from quarterdeck.kernel.work import begin
from quarterdeck.runtime import Runtime
from quarterdeck.trail.deliveries.local import LocalTopic
from quarterdeck.trail.deliveries.model import Limits
from quarterdeck.trail.deliveries.ports import Topic
from quarterdeck.trail.deliveries.service.consuming import Consuming
from quarterdeck.trail.deliveries.service.control import enroll
from quarterdeck.trail.deliveries.service.relaying import Relay
from quarterdeck.trail.ingest.service import subscriber
from quarterdeck.trail.log.integrator import Integrator
from quarterdeck.trail.log.model import Prepared
from quarterdeck.trail.log.opening import Trail, open_trail
from quarterdeck.trail.log.storage.sql import SqlCheckpointStore
from quarterdeck.trail.proof.tree import leaf_hash
from quarterdeck.wiring.assembling import build_runtime, default_policies
from quarterdeck.wiring.readiness import roles
from quarterdeck.wiring.trail import catching_up

SECRET = "of-the-tests-and-32-bytes-or-longer"
WORKER = "tests:1"

Unwell = dict[str, set[str]]
"""The entries of each role that are not healthy."""


@dataclass
class House:
    """An installation with the tenant ``acme``, whose worker is moved one step at a time."""

    runtime: Runtime
    home: Installation
    trail: Trail
    topic: Topic = field(init=False)

    def __post_init__(self) -> None:
        self.topic = LocalTopic(self.runtime.reader)

    @property
    def engine(self) -> Engine:
        return self.runtime.engine

    def settled(self, **changes: object) -> None:
        """The same installation with other settings."""
        self.changed(settings=replace(self.runtime.settings, **changes))  # type: ignore[arg-type]  # as each field says

    def changed(self, **parts: object) -> None:
        """The same installation with other parts."""
        runtime = replace(self.runtime, **parts)  # type: ignore[arg-type]  # as each field says
        self.runtime = replace(runtime, roles=roles(runtime, lambda: self.topic))

    def work(self) -> None:
        """All that a worker does: it beats, appends what happened, publishes and delivers it."""
        with writing(self.engine) as db:
            beats.beat(db, WORKER, "worker")
        trail = subscriber(self.engine, self.runtime.keys, self.runtime.sequencer)
        for tenant, at in deliveries.behind(self.engine, trail.name):
            place = at
            while moved := deliveries.deliver(self.engine, utc_now, trail, tenant, place):
                place += moved
        self.deliver()

    def deliver(self) -> None:
        """Publish what was appended, and hand it to every consumer."""
        runtime = self.runtime
        enroll(self.engine, utc_now, runtime.consumers, [])
        relay = Relay(engine=self.engine, reader=runtime.reader, topic=self.topic, clock=utc_now)
        relay.beat()
        relay.close()
        for consumer in runtime.consumers:
            consuming = Consuming(
                engine=self.engine,
                reader=runtime.reader,
                feed=self.topic.subscribe(consumer.name),
                consumer=consumer,
                clock=utc_now,
                limits=Limits(),
                ask_s=0.0,
            )
            while consuming.beat():
                pass
            consuming.close()
        for _, beat in catching_up(runtime, patience_s=0).values():
            beat()
            beat()  # it leaves to the deliveries what moves between two beats

    def sign(self) -> None:
        """Have checkpoints cover all that was appended."""
        Integrator(
            engine=self.engine,
            keys=self.runtime.keys,
            checkpoints=SqlCheckpointStore(self.engine),
            clock=utc_now,
            reader=self.trail.reader,
            tiles=self.trail.tiles,
        ).integrate()

    def happen(self) -> None:
        """Something of which a leaf will tell."""
        with begin(self.engine, itself(), utc_now) as work:
            work.publish(TokenRevoked(tenant="acme", token="t1"))

    def append_poison(self) -> None:
        """A leaf that no version of this program wrote."""
        entry = b"{}"
        self.runtime.sequencer.append(
            [
                Prepared(
                    log="acme",
                    record="none",
                    entry=entry,
                    hash=leaf_hash(entry),
                    moment=micros(utc_now()),
                    tag=leaf_hash(entry),
                )
            ]
        )

    def later(self, by: timedelta) -> None:
        """Have the checks believe that so much time has passed."""
        self.changed(clock=lambda: utc_now() + by)

    def entries(self, role: str) -> Mapping[str, Entry]:
        return health.run(self.runtime.roles[role], EXPECTED).entries

    def unwell(self) -> Unwell:
        """The backends of the gateway aside, which repeat what others say."""
        found = {
            role: {
                name
                for name, entry in self.entries(role).items()
                if entry.status is not Health.HEALTHY and name != "backends"
            }
            for role in self.runtime.roles
        }
        return {role: names for role, names in found.items() if names}


@contextmanager
def house(engine: Engine, root: Path, **settings: object) -> Iterator[House]:
    """An installation in which all is well."""
    home = Installation(root / "data")
    home.prepare()
    configured = Settings(
        data=str(home.root),
        database=engine.url.render_as_string(hide_password=False),
        secret=SECRET,
        search=True,
        **settings,  # type: ignore[arg-type]  # as each field says
    )
    with ExitStack() as ends:
        trail = ends.enter_context(closing(open_trail(engine, home.trail, lasting=True)))
        built = House(build_runtime(configured, home, engine, trail), home, trail)
        ends.callback(built.runtime.explorer.read.dispose)
        ends.callback(built.runtime.metrics.close)
        with begin(engine, itself(), utc_now) as work:
            tenants.create(work, "acme", "Acme")
        default_policies(engine)
        built.work()
        yield built


@contextmanager
def full_disk() -> Iterator[None]:
    """No file may grow: what the kernel does to a process that is over its limit of a file."""
    soft, hard = getrlimit(RLIMIT_FSIZE)
    setrlimit(RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        setrlimit(RLIMIT_FSIZE, (soft, hard))


Break = Callable[[House], None]
"""Takes one dependency away."""
