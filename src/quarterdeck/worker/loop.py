"""Runs jobs: claims what is due, runs it in threads, settles what ended."""

from collections.abc import Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Event

import structlog
from sqlalchemy import Engine

from quarterdeck.kernel.clock import Clock
from quarterdeck.kernel.db import reading, writing
from quarterdeck.kernel.jobs import queue
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
    _running: dict[Future[Ending], Run] = field(default_factory=dict)

    def run(self) -> None:
        """Work until ``stop`` is set; then hand back what runs, and return."""
        with ThreadPoolExecutor(self.threads, thread_name_prefix="job") as pool:
            while not self.stop.is_set():
                self.turn(pool)
            while self._running:
                wait(self._running, return_when=FIRST_COMPLETED)
                self._settle(self._ended())

    def turn(self, pool: ThreadPoolExecutor) -> None:
        """Settle what ended and claim what is due, in one transaction; with neither, wait."""
        ended = self._ended()
        free = self.threads - len(self._running)
        if ended or (free and self._due()):
            for job in self._settle(ended, free):
                run = self._open(job)
                self._running[pool.submit(self._run, run)] = run
            JOBS_RUNNING.set(len(self._running))
        elif self._running:
            wait(self._running, IDLE_S, return_when=FIRST_COMPLETED)
        else:
            self.stop.wait(IDLE_S)

    def renew(self) -> None:
        """Prolong the leases of what runs, and hear which of it is cancelled or lost."""
        runs = list(self._running.values())
        with writing(self.engine) as db:
            held = queue.renew(db, [r.job for r in runs], self.lease)
        for run in runs:
            if run.job.id not in held:
                run.lost.set()
            elif held[run.job.id]:
                run.cancelled.set()

    def _versions(self) -> dict[str, int]:
        return {name: kind.version for name, kind in self.kinds.items()}

    def _due(self) -> bool:
        with reading(self.engine) as db:
            return queue.due(db, self._versions())

    def _ended(self) -> list[Ending]:
        ended = [future for future in list(self._running) if future.done()]
        for future in ended:
            del self._running[future]
        return [future.result() for future in ended]

    def _settle(self, ended: list[Ending], free: int = 0) -> list[Job]:
        with writing(self.engine) as db:
            queue.settle(db, ended)
            if not free:
                return []
            return queue.claim(db, self._versions(), self.name, self.lease, free)

    def _open(self, job: Job) -> Run:
        return Run(job=job, engine=self.engine, clock=self.clock, lease=self.lease, stop=self.stop)

    def _run(self, run: Run) -> Ending:
        with structlog.contextvars.bound_contextvars(job=run.job.id, kind=run.job.kind):
            ending = self._ending(run)
        JOBS_ENDED.labels(run.job.kind, ending.state).inc()
        return ending

    def _ending(self, run: Run) -> Ending:
        kind = self.kinds[run.job.kind]
        if run.job.attempts > kind.max_attempts:
            words = run.job.detail or "each attempt ended with its worker"
            return Ending(job=run.job, state=JobState.FAILED, detail=words)
        try:
            kind.run(run)
        except Exception as error:  # noqa: BLE001  the one place where any failure of a job ends
            return _after(error, run.job, kind)
        return Ending(job=run.job, state=JobState.DONE)


def _after(error: Exception, job: Job, kind: JobKind) -> Ending:
    match error:
        case Cancelled():
            return Ending(job=job, state=JobState.CANCELLED, detail="cancelled on request")
        case Stopping() | LeaseLost():
            return Ending(job=job, state=JobState.READY, counted=False)
        case StepUnknown():
            return Ending(job=job, state=JobState.UNKNOWN, detail=str(error))
        case RetryLater():
            return Ending(
                job=job, state=JobState.READY, detail=str(error), again=error.after, counted=False
            )
    words = str(error) or type(error).__name__
    if isinstance(error, GiveUp) or job.attempts >= kind.max_attempts:
        log.error("job failed", error=words, exc_info=error)
        return Ending(job=job, state=JobState.FAILED, detail=words)
    log.warning("job attempt failed", attempt=job.attempts, error=words, exc_info=error)
    return Ending(job=job, state=JobState.READY, detail=words, again=pause(kind, job.attempts))
