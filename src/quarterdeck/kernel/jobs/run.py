"""A run: what a kind's function is handed, and the journal of its steps.

Each step says what a second execution would mean. ``read``: nothing, it is simply run
again. ``keyed``: the same, under the same key, so whoever receives it can tell. ``effect``
(when in doubt, this one): never silently run again nor skipped; an intent without an
outcome is UNKNOWN until a probe or a person decides.

A keyed step's outcome is written with the run's next transaction, not in one of its own:
until then a crash runs that step again, under its key, and nothing was built upon it.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Event
from time import monotonic
from typing import TypeVar

from sqlalchemy import Connection, Engine

from quarterdeck.kernel.clock import Clock
from quarterdeck.kernel.db import DatabaseUnavailable, writing
from quarterdeck.kernel.jobs import queue
from quarterdeck.kernel.jobs.journal import Entry, Journal
from quarterdeck.kernel.jobs.model import (
    Cancelled,
    Job,
    Json,
    LeaseLost,
    RetryLater,
    StepUnknown,
    Stopping,
)
from quarterdeck.kernel.work import Actor, Tenants, Work, begin

RETRY_S = 0.2  # between tries to write an outcome while the database is away
CHECK_S = 0.25  # a cancelled run stands still no longer than this
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
        journal: the worker's; None is one of its own.
    """

    job: Job
    engine: Engine
    clock: Clock
    lease: timedelta
    stop: Event = field(default_factory=Event)
    cancelled: Event = field(default_factory=Event)
    lost: Event = field(default_factory=Event)
    kept: dict[str, str] = field(default_factory=dict)
    journal: Journal | None = None
    _known: dict[str, str | None] | None = None

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

    def pause(self, seconds: float) -> None:
        """Wait, but no longer than this run should go on; raise as ``check`` does."""
        ends = monotonic() + seconds
        self.check()
        while (left_s := ends - monotonic()) > 0:
            self.stop.wait(min(left_s, CHECK_S))
            self.check()

    def progress(self, done: int, total: int, unit: str) -> None:
        """Say how far it is (``total`` 0: not known yet); raise as ``check`` does."""
        self.check()
        with writing(self.engine) as db:
            asked = queue.progress(db, self.job, self.lease, done, total, unit)
            kept = self._keep(db, held=asked is not None)
        self._written(kept)
        if asked:
            self.cancelled.set()
            self.check()

    @contextmanager
    def work(self) -> Iterator[Work]:
        """A unit of work that commits only if this run still holds the job."""
        request = self.job.request or self.job.id
        with begin(self.engine, self.actor, self.clock, request) as work:
            held = queue.hold(work.db, [self.job], self.lease)
            kept = self._keep(work.db, held=bool(held))
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
            self._write(begun=[name])
            known[name] = None
            return json.loads(self._done(name, step))
        outcome = known[name]
        if outcome is None:
            found = self._probed(name, probe)
            outcome = self._done(name, step if found is None else lambda: found)
        return json.loads(outcome)

    def _probed(self, name: str, probe: Probe | None) -> Json:
        if probe is None:
            raise StepUnknown(f"step {name} was begun and left no outcome")
        return probe()

    def _done(self, name: str, step: Callable[[], Json]) -> str:
        try:
            outcome = json.dumps(step())
        except RetryLater:
            self._write(undone=[name])
            del self._steps()[name]
            raise
        self._finish(name, outcome)
        self._steps()[name] = outcome
        return outcome

    def _finish(self, name: str, outcome: str) -> None:
        # The effect has happened: an outcome that is lost costs a person's decision.
        ends = self.clock() + self.lease
        while True:
            try:
                return self._write(finished={name: outcome})
            except DatabaseUnavailable:
                if self.clock() > ends or self.stop.wait(RETRY_S):
                    raise

    def _steps(self) -> dict[str, str | None]:
        # Only the holder writes the journal, so once a run is often enough to read it;
        # and who holds the job first finds nothing there.
        if self._known is None:
            self._known = {} if self.job.fence == 1 else self._book().read(self.job.id)
        return self._known

    def _book(self) -> Journal:
        self.journal = self.journal or Journal(self.engine, self.lease)
        return self.journal

    def _write(
        self,
        begun: Sequence[str] = (),
        undone: Sequence[str] = (),
        finished: Mapping[str, str] | None = None,
    ) -> None:
        kept = dict(self.kept)
        entry = Entry(job=self.job, kept=kept, begun=begun, undone=undone, finished=finished or {})
        try:
            self._book().write(entry)
        except LeaseLost:
            self.lost.set()
            raise
        self._written(kept)

    def _keep(self, db: Connection, *, held: bool) -> list[str]:
        if not held:
            self.lost.set()
            raise LeaseLost(self.job.id)
        queue.keep(db, self.job, self.kept)
        return list(self.kept)

    def _written(self, kept: Iterable[str]) -> None:
        for name in kept:
            del self.kept[name]
