"""What a job is, and how a run can end."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from quarterdeck.kernel.ids import JobId

Json = Any
"""What ``json`` reads and writes."""


class JobState(StrEnum):
    """Where a job is. ``unknown``: an effect began, and nobody knows whether it happened."""

    READY = "ready"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"


LIVE = (JobState.READY, JobState.RUNNING, JobState.UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJob:
    """A job to enqueue.

    Attributes:
        dedup: while a live job bears this key, enqueuing it again is that same job.
        once: the key holds for ever, also after the job ended.
        due_at: not before; None is at once.
    """

    kind: str
    tenant: str
    body: dict[str, Json] = field(default_factory=dict)
    version: int = 1
    dedup: str | None = None
    once: bool = False
    due_at: datetime | None = None
    actor: str = "quarterdeck"
    request: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job as a worker or a person sees it.

    Attributes:
        attempts: how often it was claimed, this run included.
        fence: grows with each claim; whoever holds an older one may write nothing.
        done, total, unit: progress; total is 0 while it is not known.
        detail: the failure's or the open question's words; empty where there are none.
    """

    id: JobId
    kind: str
    version: int
    tenant: str
    body: dict[str, Json]
    state: JobState
    actor: str
    request: str
    attempts: int
    fence: int
    done: int
    total: int
    unit: str
    detail: str
    cancel: bool
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    due_at: datetime


class Cancelled(Exception):
    """Somebody asked this job to stop."""


class Stopping(Exception):
    """The worker is going down: the job goes back, for another to resume."""


class LeaseLost(Exception):
    """Another worker holds this job now; what this run was about to write is refused."""


class StepUnknown(Exception):
    """An effect was begun earlier and left no outcome: a person decides."""


class RetryLater(Exception):
    """The run asks to be taken up again after ``after``; it counts as no failure."""

    def __init__(self, reason: str, after: timedelta) -> None:
        super().__init__(reason)
        self.after = after


class GiveUp(Exception):
    """Trying again will not help: the job fails at once, with these words."""
