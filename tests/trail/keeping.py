"""An installation whose records are held, purged and erased: who does it, and with what."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import Engine, update

from kernel.jobs.queues import LONG, claim, expire, settle
from quarterdeck.access.tenants import service as tenants
from quarterdeck.kernel.clock import micros
from quarterdeck.kernel.ids import JobId
from quarterdeck.kernel.jobs.model import GiveUp, JobState, RetryLater
from quarterdeck.kernel.jobs.queue import Ending
from quarterdeck.kernel.jobs.run import Run
from quarterdeck.kernel.jobs.table import jobs
from quarterdeck.kernel.work import Actor, begin, read
from quarterdeck.trail.erasure import jobs as erasing
from quarterdeck.trail.erasure.service.erasing import Ground as ErasureGround
from quarterdeck.trail.holds import service as holds
from quarterdeck.trail.holds.model import Covers, Hold, Scope
from quarterdeck.trail.log.storage.journal import FileJournal
from quarterdeck.trail.policy import service as policy
from quarterdeck.trail.policy.model import Kind
from quarterdeck.trail.retention.jobs import Purging, daily_kind
from quarterdeck.trail.retention.model import Plan, Residence, Validation
from quarterdeck.trail.retention.service import asking, reports
from quarterdeck.trail.retention.service.planning import Ground
from quarterdeck.trail.segments.model import Retention as Locked
from quarterdeck.trail.segments.model import Sealing
from quarterdeck.trail.segments.ports import SegmentStore
from quarterdeck.trail.segments.sealing import Sealer
from trail.installation import Installation
from trail.logs import Logs, prepared, record
from trail.worms import Folder, Worm

YEAR = timedelta(days=365)

RIGHTS = (
    *("holds:read", "holds:place", "holds:release", "retention:write", "approvals:write"),
    *("erasure:request", "erasure:approve", "trail:read", "trail:verify", "trail:disclose"),
    *("policies:read", "policies:write", "integrity:investigate"),
)


def person(name: str, *rights: str) -> Actor:
    return Actor(name, frozenset((right, "acme") for right in rights or RIGHTS))


CARLA, CONRAD = person("carla"), person("conrad")


@dataclass
class Kept:
    """What compliance works on."""

    installation: Installation
    worm: Worm | None = None
    logs: Logs = field(init=False)

    def __post_init__(self) -> None:
        founder = Actor("fay", frozenset({("tenants:create", "*")}))
        with begin(self.engine, founder, self.installation.clock) as work:
            tenants.create(work, "acme", "Acme")
        self.logs = Logs(self.installation)

    @property
    def engine(self) -> Engine:
        return self.installation.engine

    @property
    def ground(self) -> Ground:
        return Ground(reader=self.installation.reader, removal=self.installation.trail.removal)

    def age(self, **times: float) -> None:
        self.installation.later(timedelta(**times))

    def place(self, covers: str = "tenant", value: str = "", **bounds: int) -> Hold:
        with begin(self.engine, CARLA, self.installation.clock) as work:
            scope = Scope(covers=Covers(covers), value=value, **bounds)
            return holds.place(work, "acme", scope, "a lawsuit")

    def release(self, hold: str, by: Actor) -> Hold:
        with begin(self.engine, by, self.installation.clock) as work:
            return holds.release(work, hold, "the lawsuit ended")

    def set(self, kind: Kind, **document: Any) -> None:  # noqa: ANN401  any policy
        with begin(self.engine, CARLA, self.installation.clock) as work:
            policy.put(work, "acme", kind, document)

    def keep_days(self, days: int) -> None:
        self.set(Kind.RETENTION, classes={"standard": {"days": days}})

    @property
    def store(self) -> SegmentStore:
        return (self.worm or Folder(self.installation.folder / "segments")).store

    def store_away(self, lock: timedelta = YEAR) -> None:
        """Sign, seal, and have no journal file hold what is sealed."""
        self.installation.deliver()
        self.installation.integrate()
        Sealer(
            engine=self.engine,
            keys=self.installation.keys,
            reader=self.installation.reader,
            store=self.store,
            clock=self.installation.clock,
            sealing=Sealing(most=256, retention=Locked(keep=lock)),
        ).beat()
        if not self.installation.in_tables:
            self.roll()

    def roll(self) -> None:
        """End the journal's file, as a day or 128 MB do."""
        self.installation.trail.close()
        folder = self.installation.folder / "trail" / "journal"
        journal = FileJournal(folder, file_bytes=1, reserve_bytes=0)
        number = sum(journal.sizes.values())
        journal.append([prepared(record(number, received_at=self._now()))])
        journal.close()
        self.installation.open()
        self.logs.close()
        self.logs = Logs(self.installation)
        self.installation.integrate()

    def _now(self) -> int:
        return micros(self.installation.now)

    def plan(self) -> Plan:
        with read(self.engine, CARLA, self.installation.clock) as work:
            return asking.plan(work, self.ground, "acme")

    def ask_purge(self) -> JobId:
        with begin(self.engine, CARLA, self.installation.clock) as work:
            return asking.purge(work, "acme")

    def run(self, job: JobId) -> str:
        """One attempt of a job, as a worker makes it: ``done``, or why it is not."""
        expire(self.engine)
        purging = Purging(
            ground=self.ground,
            keys=self.installation.keys,
            sequencer=self.installation.trail.sequencer,
            read=self.logs.read,
            fields=self.logs.explorer.fields,
        )
        ground = ErasureGround(
            reader=self.installation.reader,
            removal=self.installation.trail.removal,
            keys=self.installation.keys,
            read=self.logs.read,
        )
        kinds = {kind.name: kind for kind in (purging.kind(), daily_kind(), erasing.kind(ground))}
        (found,) = claim(self.engine, kinds=dict.fromkeys(kinds, 1))
        assert found.id == job
        run = Run(job=found, engine=self.engine, clock=self.installation.clock, lease=LONG)
        try:
            kinds[found.kind].run(run)
        except (RetryLater, GiveUp) as error:
            return str(error)
        settle(self.engine, Ending(job=found, state=JobState.DONE))
        return "done"

    def run_again(self, job: JobId) -> None:
        """As though the worker had died before it said that the job is done."""
        with self.engine.begin() as db:
            db.execute(update(jobs).where(jobs.c.id == job).values(state=str(JobState.READY)))
        assert self.run(job) == "done"

    def purge(self) -> None:
        """Until nothing is due."""
        job = self.ask_purge()
        while self.run(job) != "done":
            self.installation.deliver()

    def validate(self) -> Validation:
        with read(self.engine, CARLA, self.installation.clock) as work:
            return reports.validate(work, self.ground, "acme")

    def residency(self, region: str) -> Residence:
        with read(self.engine, CARLA, self.installation.clock) as work:
            return reports.residency(work, self.ground, "acme", region)
