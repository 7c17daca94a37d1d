"""A run: what a kind's function is handed, and the journal of its steps.

Each step says what a second execution would mean. ``read``: nothing, it is simply run
again. ``keyed``: the same, under the same key, so whoever receives it can tell. ``effect``
(when in doubt, this one): never silently run again nor skipped; an intent without an
outcome is UNKNOWN until a probe or a person decides.

A keyed step's outcome is written with the run's next transaction, not in one of its own:
until then a crash runs that step again, under its key, and nothing was built upon it.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Event
from typing import TypeVar

from sqlalchemy import Connection, Engine, delete, insert, select, update

from quarterdeck.kernel.clock import MICROSECOND, Clock
from quarterdeck.kernel.db import now_micros, reading, writing
from quarterdeck.kernel.jobs import queue
from quarterdeck.kernel.jobs.model import (
    Cancelled,
    Job,
    Json,
    LeaseLost,
    RetryLater,
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
        kept: outcomes of keyed steps that wait for the next transaction.
    """

    job: Job
    engine: Engine
    clock: Clock
    lease: timedelta
    stop: Event = field(default_factory=Event)
    cancelled: Event = field(default_factory=Event)
    lost: Event = field(default_factory=Event)
    kept: dict[str, str] = field(default_factory=dict)
    _journal: dict[str, str | None] | None = None

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
        with self._held(done=done, total=total, unit=unit) as db:
            asked = db.scalar(select(jobs.c.cancel).where(jobs.c.id == self.job.id))
        if asked:
            self.cancelled.set()
            self.check()

    @contextmanager
    def work(self) -> Iterator[Work]:
        """A unit of work that commits only if this run still holds the job."""
        request = self.job.request or self.job.id
        with begin(self.engine, self.actor, self.clock, request) as work:
            kept = self._guard(work.db)
            yield work
        self._written(kept)

    def read(self, step: Callable[[], T]) -> T:
        """Run a step that changes nothing; after a take-over it is run again."""
        self.check()
        return step()

    def keyed(self, name: str, step: Callable[[str], Json]) -> Json:
        """Run a step under a key that stays the same over retries; its outcome is kept.

        What is returned is the outcome as a later attempt would find it: through JSON.
        """
        outcome = self._steps().get(name)
        if outcome is None:
            self.check()
            outcome = json.dumps(step(f"{self.job.id}:{name}"))
            self._steps()[name] = self.kept[name] = outcome
        return json.loads(outcome)

    def effect(self, name: str, step: Callable[[], Json], probe: Probe | None = None) -> Json:
        """Run a step at most once. Its intent is on disk before it begins, its outcome after.

        A step that raises RetryLater says that nothing happened. After any other error
        nobody knows. What is returned comes through JSON, as in ``keyed``.

        Raises:
            StepUnknown: an earlier run began it and left no outcome, and there is no probe.
        """
        known = self._steps()
        if name not in known:
            self.check()
            self._intend(name)
            return json.loads(self._done(name, step))
        outcome = known[name]
        if outcome is None:
            found = self._probed(name, probe)
            outcome = self._done(name, step if found is None else lambda: found)
        return json.loads(outcome)

    def _intend(self, name: str) -> None:
        with self._held() as db:
            row = {"job": self.job.id, "name": name, "state": "intent", "at": now_micros()}
            db.execute(insert(steps).values(row))
        self._steps()[name] = None

    def _probed(self, name: str, probe: Probe | None) -> Json:
        if probe is None:
            raise StepUnknown(f"step {name} was begun and left no outcome")
        return probe()

    def _done(self, name: str, step: Callable[[], Json]) -> str:
        mine = (steps.c.job == self.job.id, steps.c.name == name)
        try:
            outcome = json.dumps(step())
        except RetryLater:
            with self._held() as db:
                db.execute(delete(steps).where(*mine))
            del self._steps()[name]
            raise
        with self._held() as db:
            values = {"state": "done", "outcome": outcome, "at": now_micros()}
            db.execute(update(steps).where(*mine).values(values))
        self._steps()[name] = outcome
        return outcome

    def _steps(self) -> dict[str, str | None]:
        # Only the holder writes the journal, so once a run is often enough to read it;
        # and who holds the job first finds nothing there.
        if self._journal is None:
            self._journal = {} if self.job.fence == 1 else self._read_steps()
        return self._journal

    def _read_steps(self) -> dict[str, str | None]:
        query = select(steps.c.name, steps.c.state, steps.c.outcome)
        with reading(self.engine) as db:
            rows = db.execute(query.where(steps.c.job == self.job.id)).all()
        return {row.name: row.outcome if row.state == "done" else None for row in rows}

    @contextmanager
    def _held(self, **values: object) -> Iterator[Connection]:
        """A transaction that commits only if this run still holds the job."""
        with writing(self.engine) as db:
            kept = self._guard(db, **values)
            yield db
        self._written(kept)

    def _guard(self, db: Connection, **values: object) -> list[str]:
        lease = now_micros() + self.lease // MICROSECOND
        if not queue.guard(db, self.job, due_at=lease, **values):
            self.lost.set()
            raise LeaseLost(self.job.id)
        queue.keep(db, self.job, self.kept)
        return list(self.kept)

    def _written(self, kept: list[str]) -> None:
        for name in kept:
            del self.kept[name]
