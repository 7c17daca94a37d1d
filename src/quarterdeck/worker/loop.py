"""Runs jobs: claims what is due, runs it in threads, settles what ended."""

from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from threading import Event
from time import sleep

import structlog
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from quarterdeck.kernel.clock import Clock
from quarterdeck.kernel.db import reading, storable, writing
from quarterdeck.kernel.errors import QuarterdeckError
from quarterdeck.kernel.jobs import queue
from quarterdeck.kernel.jobs.journal import Journal
from quarterdeck.kernel.jobs.kind import JobKind, pause
from quarterdeck.kernel.jobs.model import (
    Cancelled,
    GiveUp,
    Job,
    JobState,
    LeaseLost,
    RetryLater,
    StepUnknown,
    Stopping,
)
from quarterdeck.kernel.jobs.queue import Ending
from quarterdeck.kernel.jobs.run import Run
from quarterdeck.kernel.telemetry import JOBS_ENDED, JOBS_RUNNING

IDLE_S = 0.1
RETRY_S = 0.5  # between tries while the database is away
log = structlog.get_logger("worker")


@dataclass(slots=True, kw_only=True)
class Worker:
    """One process's share of the queue.

    Attributes:
        name: shown beside the jobs it holds; unique a process.
        lease: how long others wait before they take over what it held.
    """

    name: str
    engine: Engine
    clock: Clock
    kinds: Mapping[str, JobKind]
    threads: int
    lease: timedelta
    stop: Event = field(default_factory=Event)
    _running: dict[Future[list[Ending]], list[Run]] = field(default_factory=dict)
    _ended: list[Ending] = field(default_factory=list)
    _failing: bool = False
    _journal: Journal = field(init=False)
    _groups: deque[tuple[int, dict[str, int]]] = field(init=False)

    def __post_init__(self) -> None:
        self._journal = Journal(self.engine, self.lease)
        sizes = sorted({kind.batch for kind in self.kinds.values()})
        self._groups = deque((size, self._versions(size)) for size in sizes)

    def run(self) -> None:
        """Work until ``stop`` is set; then hand back what runs, and return.

        It goes on when the database goes away: what ended meanwhile is settled afterwards.
        """
        with ThreadPoolExecutor(self.threads, thread_name_prefix="job") as pool:
            while not self.stop.is_set():
                if not self._survived(lambda: self.turn(pool)):
                    self.stop.wait(RETRY_S)
            while self._running or self._ended:
                wait(self._running, return_when=FIRST_COMPLETED)
                if not self._survived(lambda: self._exchange(0)):
                    sleep(RETRY_S)  # until whoever asked to stop loses patience

    def turn(self, pool: Executor) -> None:
        """Settle what ended and claim what is due, in one transaction; with neither, wait."""
        self._collect()
        free = self.threads - len(self._running)
        if self._ended or (free and self._due()):
            for batch in self._exchange(free):
                runs = [self._open(job) for job in batch]
                self._running[pool.submit(self._run_all, runs)] = runs
            JOBS_RUNNING.set(sum(map(len, self._running.values())))
        elif self._running:
            wait(self._running, IDLE_S, return_when=FIRST_COMPLETED)
        else:
            self.stop.wait(IDLE_S)

    def renew(self) -> None:
        """Prolong the leases of what runs, and hear which of it is cancelled or lost."""
        runs = [run for batch in list(self._running.values()) for run in batch]
        with writing(self.engine) as db:
            held = queue.renew(db, [r.job for r in runs], self.lease)
        for run in runs:
            if run.job.id not in held:
                run.lost.set()
            elif held[run.job.id]:
                run.cancelled.set()

    def _survived(self, act: Callable[[], object]) -> bool:
        try:
            act()
        except (QuarterdeckError, SQLAlchemyError) as error:
            if not self._failing:  # said once, not ten times a second
                log.exception("worker cannot go on for now", error=str(error))
            self._failing = True
            return False
        self._failing = False
        return True

    def _versions(self, batch: int) -> dict[str, int]:
        return {name: kind.version for name, kind in self.kinds.items() if kind.batch == batch}

    def _due(self) -> bool:
        with reading(self.engine) as db:
            return queue.due(db, {name: kind.version for name, kind in self.kinds.items()})

    def _collect(self) -> None:
        for future in [future for future in self._running if future.done()]:
            self._ended += future.result()
            del self._running[future]

    def _exchange(self, free: int) -> list[list[Job]]:
        """Settle what ended, and claim for ``free`` threads: the jobs that each shall run."""
        self._collect()
        ended = list(self._ended)
        with writing(self.engine) as db:
            queue.settle(db, ended)
            claimed = self._claim(db, free)
        del self._ended[: len(ended)]
        return claimed

    def _claim(self, db: Connection, free: int) -> list[list[Job]]:
        batches: list[list[Job]] = []
        self._groups.rotate()  # none goes first each time
        for size, versions in self._groups:
            most = size * (free - len(batches))
            if most:
                jobs = queue.claim(db, versions, self.name, self.lease, most)
                batches += [jobs[n : n + size] for n in range(0, len(jobs), size)]
        return batches

    def _open(self, job: Job) -> Run:
        return Run(
            job=job,
            engine=self.engine,
            clock=self.clock,
            lease=self.lease,
            stop=self.stop,
            journal=self._journal,
        )

    def _run_all(self, runs: list[Run]) -> list[Ending]:
        return [self._run(run) for run in runs]

    def _run(self, run: Run) -> Ending:
        with structlog.contextvars.bound_contextvars(job=run.job.id, kind=run.job.kind):
            ending = self._ending(run)
        JOBS_ENDED.labels(run.job.kind, ending.state).inc()
        return ending

    def _ending(self, run: Run) -> Ending:
        job, kind = run.job, self.kinds[run.job.kind]
        if run.stop.is_set():
            return _after(Stopping(job.id), run, kind)
        if job.cancel:
            return _after(Cancelled(job.id), run, kind)
        if job.attempts > kind.max_attempts:
            words = job.detail or "each attempt ended with its worker"
            return Ending(job=job, state=JobState.FAILED, detail=words)
        try:
            kind.run(run)
        except (Exception, SystemExit) as error:  # noqa: BLE001  any failure of a job ends here
            return _after(error, run, kind)
        return Ending(job=job, state=JobState.DONE)


def _after(error: BaseException, run: Run, kind: JobKind) -> Ending:
    ending = partial(Ending, job=run.job, kept=dict(run.kept))
    words = storable(str(error) or type(error).__name__)
    match error:
        case Cancelled():
            return ending(state=JobState.CANCELLED, detail="cancelled on request")
        case Stopping() | LeaseLost():
            return ending(state=JobState.READY, counted=False)
        case StepUnknown():
            return ending(state=JobState.UNKNOWN, detail=words)
        case RetryLater():
            return ending(state=JobState.READY, detail=words, again=error.after, counted=False)
    if isinstance(error, GiveUp) or run.job.attempts >= kind.max_attempts:
        log.error("job failed", error=words, exc_info=error)
        return ending(state=JobState.FAILED, detail=words)
    log.warning("job attempt failed", attempt=run.job.attempts, error=words, exc_info=error)
    return ending(state=JobState.READY, detail=words, again=pause(kind, run.job.attempts))
