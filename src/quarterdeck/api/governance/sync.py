"""/api/v1/sync: the shapes are those of runbook 000, sections 2 and 3."""

from datetime import datetime, timedelta
from typing import Annotated, Literal, Self

from fastapi import Query, Response
from pydantic import BaseModel, Field

from quarterdeck.api.governance.policies import InPolicies
from quarterdeck.governance.connections.service import tenants_named
from quarterdeck.governance.inventory.model import Change
from quarterdeck.governance.sync.model import RESOURCES, Policies, Run, RunState
from quarterdeck.governance.sync.service import queries, requests
from quarterdeck.governance.sync.service.queries import SyncHealth, Upkeep
from quarterdeck.web.deps import InRead, InWork
from quarterdeck.web.paging import InPage, Key
from quarterdeck.web.permissions import needs
from quarterdeck.web.problems import problems
from quarterdeck.web.routes import Router

router = Router(prefix="/sync", tags=["sync"])

MILLISECOND = timedelta(milliseconds=1)
OfState = Annotated[RunState | None, Query(description="Only runs in this state.")]


class Triggered(BaseModel):
    """A sync was asked for."""

    status: Literal["triggered"] = "triggered"
    sync_type: str = Field(examples=["resources"])


class JobRow(BaseModel):
    """How one domain is kept up to date."""

    job_type: str
    status: Literal["running", "idle"]
    running: int = Field(description="Runs on their way.")
    interval_seconds: int
    expected_min_seconds: int
    expected_max_seconds: int
    limit_seconds: int = Field(description="A longer run is flagged.")
    stale_after_seconds: int
    tenants: int
    stale_tenants: int
    last_run_at: datetime | None
    last_success_at: datetime | None
    next_run_at: datetime | None

    @classmethod
    def of(cls, domain: Upkeep) -> Self:
        policy, figures = domain.policy, domain.figures
        return cls(
            job_type=policy.domain,
            status="running" if domain.running else "idle",
            running=domain.running,
            interval_seconds=_seconds(policy.interval),
            expected_min_seconds=_seconds(policy.expected[0]),
            expected_max_seconds=_seconds(policy.expected[1]),
            limit_seconds=_seconds(policy.limit),
            stale_after_seconds=_seconds(policy.stale_after),
            tenants=domain.tenants,
            stale_tenants=domain.stale,
            last_run_at=figures.last_run if figures else None,
            last_success_at=figures.last_success if figures else None,
            next_run_at=domain.next_run,
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


class Log(BaseModel):
    """One run in the history."""

    id: str
    job_type: str
    tenant_id: str = Field(description="The cloud's id of the directory.")
    tenant: str
    status: RunState
    started_at: datetime
    ended_at: datetime | None
    duration_ms: int | None
    error_class: str | None
    error_text: str | None
    recommended_action: str | None
    records: int = Field(description="Resources read.")

    @classmethod
    def of(cls, run: Run) -> Self:
        return cls(
            id=run.id,
            job_type=run.domain,
            tenant_id=run.directory,
            tenant=run.tenant,
            status=run.state,
            started_at=run.started_at,
            ended_at=run.ended_at,
            duration_ms=None if run.duration is None else run.duration // MILLISECOND,
            error_class=run.failure or None,
            error_text=run.error or None,
            recommended_action=run.action or None,
            records=run.counts.seen if run.ended_at else run.done,
        )


class Logs(BaseModel):
    """Runs, newest first; ``Link`` leads to older ones."""

    logs: list[Log]


class RunBody(Log):
    """One run with all its counts."""

    connection: str
    attempt: int = Field(description="Runs in a row for one request, this included.")
    done: int = Field(description="Resources so far.")
    total: int = Field(description="Resources expected; 0 while that is not known.")
    added: int
    changed: int
    removed: int
    quarantined: int = Field(description="Pages and items that could not be read.")
    over_limit: bool = Field(description="It took longer than its kind may.")
    request_id: str | None = Field(description="The cloud's id of the exchange that failed.")


class Runs(BaseModel):
    """Runs, newest first; ``Link`` leads to older ones."""

    runs: list[RunBody]


class Stopped(BaseModel):
    """What became of a run that was asked to stop: ``running`` until its next page."""

    id: str
    status: str


class ChangeLeaf(BaseModel):
    """A change as its run's Merkle tree has it: see docs/explanation/sync.md."""

    number: int
    what: str
    cloud_id: str
    before: str
    after: str
    leaf: str = Field(description="The leaf, canonical JSON.")


@router.post(
    "/resources", status_code=202, responses=problems(401, 403, 404, 409), **needs("sync:trigger")
)
def trigger_resource_sync(
    work: InWork,
    known: InPolicies,
    tenant_ids: Annotated[str, Query(description="Only these, parted by commas.")] = "",
) -> Triggered:
    """Read the resources of every connection now. One that is being read is not read twice."""
    named = [name for name in tenant_ids.split(",") if name]
    only = tenants_named(work, "sync:trigger", named) if named else None
    requests.request_sync(work, known, RESOURCES, only)
    return Triggered(sync_type=RESOURCES)


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


@router.get("/history", responses=problems(401, 403, 422), **needs("sync:read"))
def get_sync_history(
    work: InRead, response: Response, page: InPage, status: OfState = None
) -> Logs:
    """Runs, newest first."""
    return Logs(logs=[Log.of(run) for run in _runs(work, response, page, status)])


@router.get("/runs", responses=problems(401, 403, 422), **needs("sync:read"))
def list_sync_runs(
    work: InRead,
    response: Response,
    page: InPage,
    known: InPolicies,
    status: OfState = None,
) -> Runs:
    """Runs with all their counts, newest first."""
    found = _runs(work, response, page, status)
    return Runs(runs=[_body(run, known) for run in found])


@router.get("/runs/{run}", responses=problems(401, 403, 404), **needs("sync:read"))
def get_sync_run(run: str, work: InRead, known: InPolicies) -> RunBody:
    """One run."""
    found = queries.run_of(work, run)
    return _body(found, known)


@router.get("/runs/{run}/changes", responses=problems(401, 403, 404), **needs("resources:read"))
def list_sync_changes(
    run: str, work: InRead, after: Annotated[int, Query(ge=-1, le=2**31 - 1)] = -1
) -> list[ChangeLeaf]:
    """The next 1,000 changes of a run after number ``after``, in order: a bare array."""
    return [_leaf(change) for change in queries.changes_of(work, run, after)]


@router.post("/runs/{run}/cancel", responses=problems(401, 403, 404, 409), **needs("jobs:cancel"))
def cancel_sync_run(run: str, work: InWork) -> Stopped:
    """Stop a run at its next page; what landed stays. One not begun yet never begins."""
    return Stopped(id=run, status=queries.cancel(work, run).state.value)


def _runs(work: InRead, response: Response, page: InPage, status: RunState | None) -> list[Run]:
    states = [] if status is None else [status]
    found = queries.history(work, states=states, before=_spot(page.after), limit=page.fetch)
    return page.turn(response, found, queries.spot)


def _spot(key: Key | None) -> tuple[int, str] | None:
    return None if key is None else (int(key[0] or 0), str(key[1]))


def _body(run: Run, known: Policies) -> RunBody:
    log = Log.of(run)
    return RunBody(
        **log.model_dump(),
        connection=run.connection,
        attempt=run.attempt,
        done=run.done,
        total=run.total,
        added=run.counts.added,
        changed=run.counts.changed,
        removed=run.counts.removed,
        quarantined=run.counts.quarantined,
        over_limit=run.duration is not None and run.duration > known[run.domain].limit,
        request_id=run.request or None,
    )


def _leaf(change: Change) -> ChangeLeaf:
    return ChangeLeaf(
        number=change.number,
        what=change.what.value,
        cloud_id=change.cloud_id,
        before=change.before,
        after=change.after,
        leaf=change.leaf.decode(),
    )


def _seconds(span: timedelta) -> int:
    return round(span.total_seconds())
