"""Where the tests of governance play: a clock that one sets, clouds that do as told."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import count
from time import sleep

from sqlalchemy import Engine, select, update

from quarterdeck.access.principals.model import installation
from quarterdeck.access.tenants import service as tenants
from quarterdeck.governance.cloud.ports import (
    Cloud,
    CloudCondition,
    CloudFailure,
    CloudStatus,
    CostBasis,
    Page,
    Pause,
    Subscription,
    Tracked,
)
from quarterdeck.governance.connections.model import Connection
from quarterdeck.governance.connections.service import NewConnection
from quarterdeck.governance.sync.jobs import kinds
from quarterdeck.governance.sync.marks import WEEK
from quarterdeck.governance.sync.model import Policies, Run, policies
from quarterdeck.governance.sync.onboarding import connect, connect_tenant, disconnect
from quarterdeck.governance.sync.readings.costs import USUAL, Options
from quarterdeck.governance.sync.service import queries
from quarterdeck.governance.sync.service.freshness import evaluate_freshness
from quarterdeck.governance.sync.service.requests import request_sync
from quarterdeck.kernel import outbox
from quarterdeck.kernel.clock import utc_now
from quarterdeck.kernel.ids import JobId, TenantId
from quarterdeck.kernel.jobs.kind import JobKind
from quarterdeck.kernel.jobs.model import Job
from quarterdeck.kernel.jobs.queue import COLUMNS, job_of
from quarterdeck.kernel.jobs.table import jobs
from quarterdeck.kernel.work import Actor, Work, begin, read
from quarterdeck.operations.alerts import hearing
from quarterdeck.worker.delivery import deliver_all
from quarterdeck.worker.loop import Worker
from quarterdeck.worker.schedule import tick_all

ROOT = installation()
EVERY = policies(timedelta(hours=1), among=["resources"])


WELL = CloudStatus(condition=CloudCondition.HEALTHY, detail="all is well")


def arm(name: str, *, kind: str = "Microsoft.Web/sites", **fields: object) -> bytes:
    """A resource as Azure would send it."""
    path = f"/subscriptions/s1/resourceGroups/rg/providers/{kind}/{name}"
    return json.dumps({"id": path, "name": name, "type": kind, **fields}).encode()


@dataclass
class FakeCloud:
    """A cloud of one subscription or more, each with pages; a failure stands for what raises.

    ``refusal`` is raised by the token, ``between`` is called before each page. ``said`` holds
    the pages of every other call, by its name alone or with its arguments; ``asked`` what was
    asked. ``marks`` are where the changes of a listing begin, by its name; each round adds a
    plus.
    """

    pages: dict[str, list[list[bytes] | CloudFailure]] = field(default_factory=dict)
    refusal: CloudFailure | None = None
    listed: list[str] = field(default_factory=list)
    between: list[object] = field(default_factory=list)
    said: dict[tuple[object, ...], list[list[bytes] | CloudFailure]] = field(default_factory=dict)
    asked: list[tuple[object, ...]] = field(default_factory=list)
    marks: dict[str, str] = field(default_factory=dict)

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

    def costs(
        self, subscription: str, first: date, last: date, basis: CostBasis, by: tuple[str, ...]
    ) -> Iterator[Page]:
        return self._say("costs", subscription, first, last, basis, by)

    def cost_total(self, subscription: str, first: date, last: date, basis: CostBasis) -> Page:
        nothing = Page(items=(), request_id="")
        return next(self._say("cost_total", subscription, first, last, basis), nothing)

    def budgets(self, subscription: str) -> Iterator[Page]:
        return self._say("budgets", subscription)

    def policy_states(self, subscription: str, since: datetime | None = None) -> Iterator[Page]:
        if since is not None:
            self.asked.append(("policy_states since", subscription, since))
            return self._say("policy_states", subscription, "new")
        return self._say("policy_states", subscription)

    def policy_definition(self, cloud_id: str) -> Page:
        nothing = Page(items=(), request_id="")
        return next(self._say("policy_definition", cloud_id), nothing)

    def secure_scores(self, subscription: str) -> Iterator[Page]:
        return self._say("secure_scores", subscription)

    def advice(self, subscription: str) -> Iterator[Page]:
        return self._say("advice", subscription)

    def users(self) -> Iterator[Page]:
        return self._say("users")

    def groups(self) -> Iterator[Page]:
        return self._say("groups")

    def group_members(self, group: str) -> Iterator[Page]:
        return self._say("group_members", group)

    def directory_roles(self) -> Iterator[Page]:
        return self._say("directory_roles")

    def role_assignments(self, subscription: str) -> Iterator[Page]:
        return self._say("role_assignments", subscription)

    def registrations(self) -> Iterator[Page]:
        return self._say("registrations")

    def conditional_access(self) -> Iterator[Page]:
        return self._say("conditional_access")

    def applications(self) -> Iterator[Page]:
        return self._say("applications")

    def service_principals(self) -> Iterator[Page]:
        return self._say("service_principals")

    def mark(self, listing: Tracked) -> str:
        self.asked.append(("mark", listing))
        return self.marks.get(listing, "")

    def changes(self, listing: Tracked, mark: str) -> Iterator[tuple[Page, str]]:
        pages = list(self._say("changes", listing, mark))
        nothing = [Page(items=(), request_id="changes")]
        for number, page in enumerate(pages or nothing, 1):
            yield page, f"{mark}+" if number == len(pages or nothing) else ""

    def sign_ins(self, since: datetime) -> Iterator[Page]:
        self.asked.append(("sign_ins since", since))
        return self._say("sign_ins")

    def _say(self, what: str, *about: object) -> Iterator[Page]:
        self.asked.append((what, *about))
        for page in self.said.get((what, *about), self.said.get((what,), [])):
            if isinstance(page, CloudFailure):
                raise page
            yield Page(items=tuple(page), request_id=what)

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
    more: list[JobKind] = field(default_factory=list)
    status: CloudStatus = WELL
    options: Options = USUAL
    identity_whole: timedelta = WEEK

    def clock(self) -> datetime:
        return self.now

    def pass_time(self, **span: float) -> None:
        self.now += timedelta(**span)

    def work(self, actor: Actor = ROOT) -> AbstractContextManager[Work]:
        return begin(self.engine, actor, self.clock)

    def look(self, actor: Actor = ROOT) -> AbstractContextManager[Work]:
        return read(self.engine, actor, self.clock)

    def connect(self, directory: str, known: Policies = EVERY) -> tuple[Connection, FakeCloud]:
        """A tenant with one connection to a cloud of one subscription with nothing in it."""
        self.clouds[directory] = FakeCloud(pages={"s1": []})
        with self.work() as work:
            new = NewConnection(directory=directory, name=directory.title(), secret="env:X")
            return connect_tenant(work, known, new), self.clouds[directory]

    def connect_more(self, tenant: str, directory: str) -> FakeCloud:
        """One more connection of a tenant."""
        self.clouds[directory] = FakeCloud(pages={"s1": []})
        with self.work() as work:
            new = NewConnection(directory=directory, name=directory.title(), secret="env:X")
            connect(work, EVERY, TenantId(tenant), new)
        return self.clouds[directory]

    def disconnect(self, connection: Connection) -> None:
        with self.work() as work:
            disconnect(work, EVERY, connection.id)

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

    def wake(self) -> None:
        """Have whatever waits be due now; jobs go by the database's clock."""
        with self.engine.begin() as db:
            db.execute(update(jobs).where(jobs.c.state == "ready").values(due_at=0))

    def tick(self) -> int:
        """What a worker does with schedules that are due."""
        return tick_all(self.engine, self.clock)

    def worker(self) -> Worker:
        return Worker(
            name=f"worker-{next(self.workers)}",
            engine=self.engine,
            clock=self.clock,
            kinds={kind.name: kind for kind in self._kinds()},
            threads=8,
            lease=timedelta(seconds=15),
        )

    def _kinds(self) -> list[JobKind]:
        usual = kinds(
            self.open,
            lambda: self.status,
            costs=self.options,
            identity_whole=self.identity_whole,
        )
        return [*usual, *self.more]

    def open(self, connection: Connection, _pause: Pause = sleep, /) -> Cloud:
        return self.clouds[connection.directory]

    def evaluate(self) -> int:
        """What the web process's clock does: how many edges it told."""
        return evaluate_freshness(self.engine, self.clock, EVERY)

    def deliver(self) -> None:
        """Have alerts hear all that happened."""
        while deliver_all(self.engine, self.clock, [hearing.subscriber()]):
            pass

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
