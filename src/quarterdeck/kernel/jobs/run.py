"""A run: what a kind's function is handed, and the journal of its steps.

Each step says what a second execution would mean. ``read``: nothing, it is simply run
again. ``keyed``: the same, under the same key, so whoever receives it can tell. ``effect``
(when in doubt, this one): never silently run again nor skipped; an intent without an
outcome is UNKNOWN until a probe or a person decides.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Event
from typing import TypeVar

from sqlalchemy import Connection, Engine, insert, select, update

from quarterdeck.kernel.clock import MICROSECOND, Clock, micros
from quarterdeck.kernel.db import now_micros, reading, writing
from quarterdeck.kernel.jobs import queue
from quarterdeck.kernel.jobs.model import (
    Cancelled,
    Job,
    Json,
    LeaseLost,
    StepUnknown,
    Stopping,
)
from quarterdeck.kernel.jobs.table import jobs, steps
from quarterdeck.kernel.work import Actor, Tenants, Work, begin

T = TypeVar("T")
Probe = Callable[[], Json]
"""Looks whether an effect happened: its outcome, None if it did not; raises StepUnknown."""


@dataclass(slots=True, kw_only=True)
class Run:
    """One claim of one job.

    Attributes:
        stop: set when the worker goes down.
        cancelled, lost: set by the worker when a renewal says so.
    """

    job: Job
    engine: Engine
    clock: Clock
    lease: timedelta
    stop: Event = field(default_factory=Event)
    cancelled: Event = field(default_factory=Event)
    lost: Event = field(default_factory=Event)

    @property
    def tenant(self) -> str:
        """Whose job it is."""
        return self.job.tenant

    @property
    def tenants(self) -> Tenants:
        """The one tenant this job may touch."""
        return Tenants(frozenset({self.job.tenant}))

    @property
    def body(self) -> dict[str, Json]:
        """What was asked."""
        return self.job.body

    @property
    def actor(self) -> Actor:
        """In whose name it runs. It holds no grants: the right was checked on enqueuing."""
        return Actor(self.job.actor, frozenset())

    def check(self) -> None:
        """Go on only if this run still should.

        Raises:
            Cancelled, LeaseLost, Stopping: let them pass; the worker knows what to do.
        """
        if self.lost.is_set():
            raise LeaseLost(self.job.id)
        if self.cancelled.is_set():
            raise Cancelled(self.job.id)
        if self.stop.is_set():
            raise Stopping(self.job.id)

    def progress(self, done: int, total: int, unit: str) -> None:
        """Say how far it is (``total`` 0: not known yet); raise as ``check`` does."""
        self.check()
        with writing(self.engine) as db:
            self._guard(db, done=done, total=total, unit=unit)
            asked = db.scalar(select(jobs.c.cancel).where(jobs.c.id == self.job.id))
        if asked:
            self.cancelled.set()
            self.check()

    @contextmanager
    def work(self) -> Iterator[Work]:
        """A unit of work that commits only if this run still holds the job."""
        request = self.job.request or self.job.id
        with begin(self.engine, self.actor, self.clock, request) as work:
            self._guard(work.db)
            yield work

    def read(self, step: Callable[[], T]) -> T:
        """Run a step that changes nothing; after a take-over it is run again."""
        self.check()
        return step()

    def keyed(self, name: str, step: Callable[[str], Json]) -> Json:
        """Run a step under a key that stays the same over retries; its outcome is kept."""
        known, outcome = self._journaled(name)
        if known == "done":
            return outcome
        self.check()
        outcome = step(f"{self.job.id}:{name}")
        self._write(name, "done", outcome)
        return outcome

    def effect(self, name: str, step: Callable[[], Json], probe: Probe | None = None) -> Json:
        """Run a step at most once. Its intent is on disk before it begins, its outcome after.

        Raises:
            StepUnknown: an earlier run began it and left no outcome, and there is no probe.
        """
        known, outcome = self._journaled(name)
        if known == "done":
            return outcome
        if known == "intent":
            outcome = self._probed(name, probe)
        else:
            self.check()
            self._write(name, "intent", None)
        if outcome is None:
            outcome = step()
        self._write(name, "done", outcome)
        return outcome

    def _probed(self, name: str, probe: Probe | None) -> Json:
        if probe is None:
            raise StepUnknown(f"step {name} was begun and left no outcome")
        return probe()

    def _journaled(self, name: str) -> tuple[str, Json]:
        query = select(steps).where(steps.c.job == self.job.id, steps.c.name == name)
        with reading(self.engine) as db:
            row = db.execute(query).one_or_none()
        return ("", None) if row is None else (row.state, json.loads(row.outcome))

    def _write(self, name: str, state: str, outcome: Json) -> None:
        values = {"state": state, "outcome": json.dumps(outcome), "at": micros(self.clock())}
        mine = (steps.c.job == self.job.id, steps.c.name == name)
        with writing(self.engine) as db:
            self._guard(db)
            if db.execute(update(steps).where(*mine).values(values)).rowcount == 0:
                db.execute(insert(steps).values(job=self.job.id, name=name, **values))

    def _guard(self, db: Connection, **values: object) -> None:
        lease = now_micros() + self.lease // MICROSECOND
        if not queue.guard(db, self.job, due_at=lease, **values):
            self.lost.set()
            raise LeaseLost(self.job.id)
