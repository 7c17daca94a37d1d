"""/api/v1/jobs"""

from datetime import datetime
from typing import Any, Self

from pydantic import BaseModel, Field

from quarterdeck.kernel.ids import JobId
from quarterdeck.kernel.jobs import service as jobs
from quarterdeck.kernel.jobs.model import Job
from quarterdeck.web.deps import InRead, InWork
from quarterdeck.web.permissions import needs
from quarterdeck.web.problems import problems
from quarterdeck.web.routes import api_router

router = api_router(prefix="/jobs", tags=["jobs"])


class JobBody(BaseModel):
    """Long work."""

    id: str
    kind: str
    tenant: str
    domain: str = Field(description="What a sync reads; empty for other work.")
    state: str = Field(description="ready, running, done, failed, cancelled or unknown.")
    attempts: int
    done: int = Field(description="Of ``total``, in ``unit``.")
    total: int = Field(description="0 while it is not known.")
    unit: str
    detail: str = Field(description="What went wrong, or what is asked.")
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @classmethod
    def of(cls, job: Job) -> Self:
        return cls(
            id=job.id,
            kind=job.kind,
            tenant=job.tenant,
            domain=str(job.body.get("domain", "")),
            state=job.state,
            attempts=job.attempts,
            done=job.done,
            total=job.total,
            unit=job.unit,
            detail=job.detail,
            created_at=job.created_at,
            started_at=job.started_at,
            finished_at=job.finished_at,
        )


class Jobs(BaseModel):
    """Work that has not ended, oldest first; at most 200."""

    jobs: list[JobBody]


class Decision(BaseModel):
    """What became of a step that was begun and left no outcome."""

    step: str
    outcome: Any = Field(None, description="Its result; null: it did not happen, do it.")


@router.get("", responses=problems(401, 403), **needs("jobs:read"))
def list_jobs(work: InRead) -> Jobs:
    """Work that has not ended."""
    return Jobs(jobs=[JobBody.of(j) for j in jobs.running(work, work.tenants("jobs:read"))])


@router.get("/{job}", responses=problems(401, 403, 404), **needs("jobs:read"))
def get_job(job: str, work: InRead) -> JobBody:
    """One job."""
    return JobBody.of(jobs.of_id(work, JobId(job)))


@router.post("/{job}/cancel", responses=problems(401, 403, 404, 409), **needs("jobs:cancel"))
def cancel_job(job: str, work: InWork) -> JobBody:
    """Ask a job to stop: one not begun ends at once, one that runs at its next step."""
    return JobBody.of(jobs.cancel(work, JobId(job)))


@router.post("/{job}/decide", responses=problems(401, 403, 404, 409), **needs("jobs:decide"))
def decide_job(job: str, body: Decision, work: InWork) -> JobBody:
    """Say what became of a step that was begun and left no outcome."""
    return JobBody.of(jobs.decide(work, JobId(job), body.step, body.outcome))
