"""Where the tests of governance play: a clock that one sets, clouds that do as told."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count

from sqlalchemy import Engine, select

from quarterdeck.access.principals.model import installation
from quarterdeck.access.tenants import service as tenants
from quarterdeck.governance.connections.model import Connection
from quarterdeck.governance.connections.service import NewConnection
from quarterdeck.governance.sync.jobs import kinds
from quarterdeck.governance.sync.model import Policies, Run, policies
from quarterdeck.governance.sync.onboarding import connect_tenant
from quarterdeck.governance.sync.ports import Cloud, CloudFailure, Page, Subscription
from quarterdeck.governance.sync.service import queries
from quarterdeck.governance.sync.service.requests import request_sync
from quarterdeck.kernel import outbox
from quarterdeck.kernel.clock import utc_now
from quarterdeck.kernel.ids import JobId
from quarterdeck.kernel.jobs.model import Job
from quarterdeck.kernel.jobs.queue import COLUMNS, job_of
from quarterdeck.kernel.jobs.table import jobs
from quarterdeck.kernel.work import Actor, Work, begin, read
from quarterdeck.worker.loop import Worker

ROOT = installation()
EVERY = policies(timedelta(hours=1))


def arm(name: str, *, kind: str = "Microsoft.Web/sites", **fields: object) -> bytes:
    """A resource as Azure would send it."""
    path = f"/subscriptions/s1/resourceGroups/rg/providers/{kind}/{name}"
    return json.dumps({"id": path, "name": name, "type": kind, **fields}).encode()


@dataclass
class FakeCloud:
    """A cloud of one subscription or more, each with pages; a failure stands for what raises.

    ``refusal`` is raised by the token, ``between`` is called before each page.
    """

    pages: dict[str, list[list[bytes] | CloudFailure]] = field(default_factory=dict)
    refusal: CloudFailure | None = None
    listed: list[str] = field(default_factory=list)
    between: list[object] = field(default_factory=list)

    def check(self) -> None:
        if self.refusal is not None:
            raise self.refusal

    def subscriptions(self) -> Iterator[Subscription]:
        for name in self.pages:
            yield Subscription(id=name, name=f"{name} by name", state="Enabled")

    def resources(self, subscription: str) -> Iterator[Page]:
        self.listed.append(subscription)
        for number, page in enumerate(self.pages[subscription]):
            for hook in self.between:
                assert callable(hook)
                hook()
            if isinstance(page, CloudFailure):
                raise page
            yield Page(items=tuple(page), request_id=f"{subscription}-{number}")

    def hold(self, *names: str, subscription: str = "s1") -> None:
        """Have these resources, on one page."""
        self.pages[subscription] = [[arm(name) for name in names]]


@dataclass
class Estate:
    """An installation with clouds by directory."""

    engine: Engine
    clouds: dict[str, FakeCloud] = field(default_factory=dict)
    now: datetime = field(default_factory=lambda: utc_now() - timedelta(days=30))
    workers: Iterator[int] = field(default_factory=lambda: count(1))

    def clock(self) -> datetime:
        return self.now

    def pass_time(self, **span: float) -> None:
        self.now += timedelta(**span)

    def work(self, actor: Actor = ROOT) -> AbstractContextManager[Work]:
        return begin(self.engine, actor, self.clock)

    def look(self, actor: Actor = ROOT) -> AbstractContextManager[Work]:
        return read(self.engine, actor, self.clock)

    def connect(self, directory: str, known: Policies = EVERY) -> tuple[Connection, FakeCloud]:
        """A tenant with one connection to a cloud that is empty."""
        self.clouds[directory] = FakeCloud()
        with self.work() as work:
            new = NewConnection(directory=directory, name=directory.title(), secret="env:X")
            return connect_tenant(work, known, new), self.clouds[directory]

    def tenant(self, name: str) -> None:
        with self.work() as work:
            tenants.create(work, name, name.title())

    def ask(self, actor: Actor = ROOT) -> list[JobId]:
        """Ask for a sync of everything."""
        with self.work(actor) as work:
            return request_sync(work, EVERY, "resources")

    def sync(self, actor: Actor = ROOT) -> Run:
        """Ask, have a worker run what is due, and look at the newest run."""
        self.ask(actor)
        self.run_due()
        return self.runs()[0]

    def run_due(self) -> None:
        """One round of a worker, a second later: what is due now, to its end."""
        self.pass_time(seconds=1)  # ids sort by time: without this, in no order
        worker = self.worker()
        with ThreadPoolExecutor(4) as pool:
            worker.turn(pool)
        worker.stop.set()
        worker.run()

    def worker(self) -> Worker:
        return Worker(
            name=f"worker-{next(self.workers)}",
            engine=self.engine,
            clock=self.clock,
            kinds={kind.name: kind for kind in kinds(self.open)},
            threads=8,
            lease=timedelta(seconds=15),
        )

    def open(self, connection: Connection) -> Cloud:
        return self.clouds[connection.directory]

    def runs(self) -> list[Run]:
        """All runs, newest first."""
        with self.look() as work:
            return queries.history(work, limit=100)

    def jobs(self, state: str) -> list[Job]:
        with self.engine.connect() as db:
            query = select(*COLUMNS).where(jobs.c.state == state).order_by(jobs.c.id)
            return [job_of(row) for row in db.execute(query)]

    def told(self, *names: str) -> list[outbox.Fact]:
        """What the platform was told under these names, in order."""
        with self.engine.connect() as db:
            among = db.scalars(select(outbox.sequences.c.tenant)).all()
            facts = [fact for tenant in among for fact in outbox.after(db, tenant, 0, 10_000)]
        return [f for f in sorted(facts, key=lambda f: f.moment) if f.name in names]
