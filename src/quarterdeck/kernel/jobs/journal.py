"""The journal of steps, written for all the threads of a worker together.

Whoever comes while another commits is written with the next: eight effects that begin at
once cost one transaction, and wait for the disk once.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Lock

from sqlalchemy import Connection, Engine, and_, bindparam, delete, insert, select, update

from quarterdeck.kernel.db import now_micros, reading, writing
from quarterdeck.kernel.ids import JobId
from quarterdeck.kernel.jobs import queue
from quarterdeck.kernel.jobs.model import Job, LeaseLost
from quarterdeck.kernel.jobs.table import steps

MINE = and_(steps.c.job == bindparam("of"), steps.c.name == bindparam("step"))
INTEND = insert(steps).values(state="intent", at=now_micros())
FORGET = delete(steps).where(MINE)
FINISH = update(steps).where(MINE).values(state="done", outcome=bindparam("told"), at=now_micros())
STEPS = select(steps.c.name, steps.c.state, steps.c.outcome).where(steps.c.job == bindparam("of"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What one run writes; all of it, or nothing if it no longer holds its job.

    Attributes:
        kept: outcomes (JSON) of keyed steps.
        begun, undone: names of effects whose intent is put down, or taken back.
        finished: outcomes (JSON) of effects that were begun.
    """

    job: Job
    kept: Mapping[str, str] = field(default_factory=dict)
    begun: Sequence[str] = ()
    undone: Sequence[str] = ()
    finished: Mapping[str, str] = field(default_factory=dict)


class Journal:
    """Where the runs of one worker write their steps."""

    def __init__(self, engine: Engine, lease: timedelta) -> None:
        self._engine = engine
        self._lease = lease
        self._waiting: list[tuple[Entry, Future[bool]]] = []
        self._turn = Lock()

    def write(self, entry: Entry) -> None:
        """Return when ``entry`` is on disk. Prolongs the lease of its job.

        Raises:
            LeaseLost: another worker holds the job; nothing of this entry was written.
            DatabaseUnavailable: nothing was written, unless the answer to the commit was lost.
        """
        written: Future[bool] = Future()
        self._waiting.append((entry, written))
        with self._turn:
            if not written.done():  # else whoever had the turn before wrote it too
                self._write_waiting()
        if not written.result():
            raise LeaseLost(entry.job.id)

    def read(self, job: JobId) -> dict[str, str | None]:
        """The outcome (JSON) of each step by its name; None after an intent without one."""
        with reading(self._engine) as db:
            rows = db.execute(STEPS, {"of": job}).all()
        return {row.name: row.outcome if row.state == "done" else None for row in rows}

    def _write_waiting(self) -> None:
        # Entries that are added from now on wait for the next turn.
        batch = self._waiting[:]
        del self._waiting[: len(batch)]
        try:
            held = self._commit([entry for entry, _ in batch])
        except BaseException as error:  # each who waits must hear of it, or would wait for ever
            for _, written in batch:
                written.set_exception(error)
            raise
        for entry, written in batch:
            written.set_result(entry.job.id in held)

    def _commit(self, entries: Sequence[Entry]) -> set[JobId]:
        with writing(self._engine) as db:
            held = queue.hold(db, [entry.job for entry in entries], self._lease)
            write(db, [entry for entry in entries if entry.job.id in held])
        return held


def write(db: Connection, entries: Sequence[Entry]) -> None:
    """Put ``entries`` down; the caller has made sure that their jobs are held."""
    kept = [{"job": e.job.id, "name": n, "outcome": o} for e in entries for n, o in e.kept.items()]
    begun = [{"job": e.job.id, "name": name} for e in entries for name in e.begun]
    undone = [{"of": e.job.id, "step": name} for e in entries for name in e.undone]
    finished = [
        {"of": e.job.id, "step": n, "told": o} for e in entries for n, o in e.finished.items()
    ]
    for statement, rows in (
        (queue.KEEP, kept),
        (INTEND, begun),
        (FORGET, undone),
        (FINISH, finished),
    ):
        if rows:
            db.execute(statement, rows)
