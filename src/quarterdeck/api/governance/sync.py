"""/api/v1/sync: the shapes are those of runbook 000, sections 2 and 3."""

from datetime import date, datetime, timedelta
from typing import Annotated, Literal, Self

from fastapi import Query
from pydantic import BaseModel, Field

from quarterdeck.api.governance.policies import InPolicies
from quarterdeck.governance.connections.service import tenants_named
from quarterdeck.governance.sync.service import backfills, queries, requests
from quarterdeck.governance.sync.service.queries import SyncHealth, Upkeep
from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.web.bodies import Body
from quarterdeck.web.deps import InRead, InWork
from quarterdeck.web.permissions import needs
from quarterdeck.web.problems import problems
from quarterdeck.web.routes import api_router

router = api_router(prefix="/sync", tags=["sync"])

Only = Annotated[str, Query(description="Only these tenants, parted by commas.")]


class Triggered(BaseModel):
    """A sync was asked for."""

    status: Literal["triggered"] = "triggered"
    sync_type: str = Field(examples=["resources"])


class Backfilling(Triggered):
    """A backfill was asked for; its runs can be watched as jobs, and cancelled."""

    sync_type: Literal["costs_backfill"] = "costs_backfill"
    runs: list[str]


class JobRow(BaseModel):
    """How one domain is kept up to date."""

    job_type: str
    status: Literal["running", "held", "paused", "idle"]
    enabled: bool = Field(description="False while it is paused for every tenant.")
    running: int = Field(description="Runs on their way.")
    interval_seconds: int
    expected_min_seconds: int
    expected_max_seconds: int
    limit_seconds: int = Field(description="A longer run is flagged.")
    stale_after_seconds: int
    tenants: int
    stale_tenants: int
    paused_tenants: int = Field(description="For which alone it is paused.")
    held: int = Field(description="Connections that wait for their cloud.")
    last_run_at: datetime | None
    last_success_at: datetime | None
    next_run_at: datetime | None
    next_whole_at: datetime | None = Field(
        description="When what is read by its changes is read whole again; null: it always is."
    )

    @classmethod
    def of(cls, domain: Upkeep) -> Self:
        policy, figures = domain.policy, domain.figures
        return cls(
            job_type=policy.domain,
            status=_status(domain),
            enabled=not policy.paused,
            running=domain.running,
            interval_seconds=_seconds(policy.interval),
            expected_min_seconds=_seconds(policy.expected[0]),
            expected_max_seconds=_seconds(policy.expected[1]),
            limit_seconds=_seconds(policy.limit),
            stale_after_seconds=_seconds(policy.stale_after),
            tenants=domain.tenants,
            stale_tenants=domain.stale,
            paused_tenants=domain.paused,
            held=domain.held,
            last_run_at=figures.last_run if figures else None,
            last_success_at=figures.last_success if figures else None,
            next_run_at=domain.next_run,
            next_whole_at=domain.next_whole,
        )


class SyncJobs(BaseModel):
    """One row a job type."""

    jobs: list[JobRow]


class SyncHealthBody(BaseModel):
    """All syncs in five figures."""

    status: SyncHealth
    last_sync: datetime | None
    next_sync: datetime | None
    recent_failures: int = Field(description="Runs without success in the last 24 h.")
    consecutive_failures: int = Field(description="Of the connection that does worst.")


class Metric(BaseModel):
    """Ended runs of one job type."""

    job_type: str
    runs: int
    success_rate: float = Field(description="0 to 100: runs that were whole, of all that ended.")
    avg_duration_ms: float
    last_run_at: datetime
    last_success_at: datetime | None
    last_failure_at: datetime | None


class Metrics(BaseModel):
    """One entry a job type; one that never ran is left out."""

    metrics: list[Metric]


class Backfill(Body):
    """Days whose costs to read, both in it."""

    start_date: date = Field(examples=["2024-01-01"])
    end_date: date = Field(examples=["2024-12-31"])


@router.post(
    "/{domain}", status_code=202, responses=problems(401, 403, 404, 409), **needs("sync:trigger")
)
def trigger_sync(domain: str, work: InWork, known: InPolicies, tenant_ids: Only = "") -> Triggered:
    """Read costs, compliance, resources or identity of every connection now.

    One that is being read is not read twice.
    """
    requests.request_sync(work, known, domain, _only(work, tenant_ids))
    return Triggered(sync_type=domain)


@router.post(
    "/costs/backfill",
    status_code=202,
    responses=problems(401, 403, 404, 409, 422),
    **needs("sync:trigger"),
)
def backfill_costs(
    body: Backfill, work: InWork, known: InPolicies, tenant_ids: Only = ""
) -> Backfilling:
    """Read the costs of past days. Doing it again doubles nothing."""
    only = _only(work, tenant_ids)
    jobs = backfills.request_backfill(work, known, body.start_date, body.end_date, only)
    return Backfilling(runs=[str(job) for job in jobs])


@router.get("/status", responses=problems(401, 403), **needs("sync:read"))
def get_sync_status(work: InRead, known: InPolicies) -> SyncJobs:
    """How each domain is kept up to date."""
    return SyncJobs(jobs=[JobRow.of(domain) for domain in queries.upkeep(work, known)])


@router.get("/health", responses=problems(401, 403), **needs("sync:read"))
def get_sync_health(work: InRead, known: InPolicies) -> SyncHealthBody:
    """How sync does: by the age of the data first, by failures second."""
    found = queries.health(work, known)
    return SyncHealthBody(
        status=found.status,
        last_sync=found.last_sync,
        next_sync=found.next_sync,
        recent_failures=found.recent_failures,
        consecutive_failures=found.consecutive_failures,
    )


@router.get("/metrics", responses=problems(401, 403), **needs("sync:read"))
def get_sync_metrics(work: InRead, known: InPolicies) -> Metrics:
    """How runs did, by job type."""
    ended = [domain.figures for domain in queries.upkeep(work, known) if domain.figures]
    return Metrics(
        metrics=[
            Metric(
                job_type=f.domain,
                runs=f.ended,
                success_rate=round(100 * f.succeeded / f.ended, 2),
                avg_duration_ms=round(f.mean_ms, 3),
                last_run_at=f.last_run,
                last_success_at=f.last_success,
                last_failure_at=f.last_failure,
            )
            for f in ended
        ]
    )


def _only(work: Work, tenant_ids: str) -> Tenants | None:
    named = [name for name in tenant_ids.split(",") if name]
    return tenants_named(work, "sync:trigger", named) if named else None


def _status(domain: Upkeep) -> Literal["running", "held", "paused", "idle"]:
    if domain.running:
        return "running"
    if domain.held:
        return "held"
    return "paused" if domain.policy.paused else "idle"


def _seconds(span: timedelta) -> int:
    return round(span.total_seconds())
