"""/api/v1/sync/history and /api/v1/sync/runs: what was synced, and how it went."""

from datetime import datetime, timedelta
from typing import Annotated, Self

from fastapi import Query, Response
from pydantic import BaseModel, Field

from quarterdeck.api.governance.policies import InPolicies
from quarterdeck.governance.sync.model import Policies, Run, RunState
from quarterdeck.governance.sync.service import policies, queries
from quarterdeck.governance.sync.service.changes import Change
from quarterdeck.kernel.work import Work
from quarterdeck.web.deps import InRead, InWork
from quarterdeck.web.paging import InPage, Key
from quarterdeck.web.permissions import needs
from quarterdeck.web.problems import problems
from quarterdeck.web.routes import api_router

router = api_router(prefix="/sync", tags=["sync"])

MILLISECOND = timedelta(milliseconds=1)
OfState = Annotated[RunState | None, Query(description="Only runs in this state.")]


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
    records: int = Field(description="Items read, or told by what changed to be as they were.")
    missing: list[str] = Field(
        description="Roles, permissions or licences for want of which something is not known."
    )

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
            missing=list(run.missing),
        )


class Logs(BaseModel):
    """Runs, newest first; ``Link`` leads to older ones."""

    logs: list[Log]


class RunBody(Log):
    """One run with all its counts."""

    connection: str
    attempt: int = Field(description="Runs in a row for one request, this included.")
    done: int = Field(description="Items so far.")
    total: int = Field(description="Items expected; 0 while that is not known.")
    added: int
    changed: int
    removed: int
    quarantined: int = Field(description="Pages and items that could not be read.")
    unreadable: int = Field(description="Items that could not be read in whole listings.")
    current: bool = Field(description="Every listing came to its end: the data is current.")
    changes_since: datetime | None = Field(
        description="Of what can be read by its changes, those since then were; null: all was."
    )
    drift: int = Field(
        description="Items that a whole reading found otherwise than the changes had told."
    )
    over_limit: bool = Field(description="It took longer than its kind may.")
    request_id: str | None = Field(description="The cloud's id of the exchange that failed.")


class Runs(BaseModel):
    """Runs, newest first; ``Link`` leads to older ones."""

    runs: list[RunBody]


class Report(BaseModel):
    """The report of a failure, in Markdown."""

    run: str
    text: str


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
    kept = policies.listed(work, known)
    return Runs(runs=[_body(work, run, kept) for run in found])


@router.get("/runs/{run}", responses=problems(401, 403, 404), **needs("sync:read"))
def get_sync_run(run: str, work: InRead, known: InPolicies) -> RunBody:
    """One run."""
    found = queries.run_of(work, run)
    return _body(work, found, policies.listed(work, known))


@router.get("/runs/{run}/changes", responses=problems(401, 403, 404), **needs("resources:read"))
def list_sync_changes(
    run: str, work: InRead, after: Annotated[int, Query(ge=-1, le=2**31 - 1)] = -1
) -> list[ChangeLeaf]:
    """The next 1,000 changes of a run after number ``after``, in order: a bare array."""
    return [_leaf(change) for change in queries.changes_of(work, run, after)]


@router.get("/runs/{run}/report", responses=problems(401, 403, 404), **needs("sync:read"))
def get_sync_report(run: str, work: InRead) -> Report:
    """What was prepared of a failure that nobody knows and that recurred, to be sent."""
    return Report(run=run, text=queries.report_of(work, run))


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


def _body(work: Work, run: Run, kept: Policies) -> RunBody:
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
        unreadable=run.counts.unread,
        current=run.whole,
        changes_since=run.since,
        drift=run.drift,
        over_limit=queries.over_limit(work, run, kept),
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
