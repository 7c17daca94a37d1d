"""Runs in SQL."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    and_,
    func,
    insert,
    not_,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.exc import IntegrityError

from quarterdeck.governance.sync.model import Counts, Run, RunState
from quarterdeck.governance.sync.store.tables import quarantine, runs
from quarterdeck.kernel.clock import instant, micros
from quarterdeck.kernel.ids import ConnectionId, TenantId
from quarterdeck.kernel.jobs.model import LIVE, JobState
from quarterdeck.kernel.jobs.table import jobs
from quarterdeck.kernel.work import Tenants

ORDER = (runs.c.started_at, runs.c.id)
WITH_PROGRESS = runs.outerjoin(jobs, jobs.c.id == runs.c.id)
COLUMNS = [*runs.c, func.coalesce(jobs.c.done, runs.c.seen).label("done"), jobs.c.total]
WHOLE = runs.c.whole.is_(True)
UNSUCCESSFUL = and_(runs.c.state.in_([RunState.FAILED, RunState.PARTIAL]), not_(WHOLE))
ENDED = or_(WHOLE, UNSUCCESSFUL)
"""Whatever was not cancelled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Ended runs of one domain, summed up.

    Attributes:
        ended: how many were not cancelled, successful or not.
    """

    domain: str
    ended: int
    succeeded: int
    mean_ms: float
    last_run: datetime
    last_success: datetime | None
    last_failure: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """Runs of one tenant and domain that ended within a while; ``failed`` of ``ended``."""

    tenant: str
    domain: str
    ended: int
    failed: int


def begin(db: Connection, run: Run) -> bool:
    """Insert a running ``run``; False if another of its connection and domain runs."""
    try:
        with db.begin_nested():
            db.execute(insert(runs).values(_row(run)))
    except IntegrityError:
        return False
    return True


def end(db: Connection, tenants: Tenants, run: Run) -> bool:
    """Write how ``run`` ended; False if it had ended before."""
    mine = (
        runs.c.id == run.id,
        runs.c.state == RunState.RUNNING,
        tenants.clause(runs.c.tenant),
    )
    return db.execute(update(runs).where(*mine).values(_row(run))).rowcount == 1


def lost(db: Connection, tenants: Tenants) -> list[Run]:
    """Running runs whose job is over: their worker gave up and wrote no end."""
    live = select(jobs.c.id).where(jobs.c.state.in_(LIVE))
    query = (
        select(*COLUMNS)
        .select_from(WITH_PROGRESS)
        .where(
            runs.c.state == RunState.RUNNING,
            runs.c.id.not_in(live),
            tenants.clause(runs.c.tenant),
        )
    )
    return [_run(row) for row in db.execute(query)]


def of_id(db: Connection, tenants: Tenants, run: str) -> Run | None:
    """One run, if it is there."""
    query = select(*COLUMNS).select_from(WITH_PROGRESS)
    row = db.execute(query.where(runs.c.id == run, tenants.clause(runs.c.tenant))).one_or_none()
    return None if row is None else _run(row)


def newest(
    db: Connection,
    tenants: Tenants,
    *,
    states: Sequence[str] = (),
    domains: Sequence[str] = (),
    before: tuple[int, str] | None = None,
    limit: int,
) -> list[Run]:
    """The next ``limit`` runs, newest first, ``before`` a spot (started_at, id)."""
    query = select(*COLUMNS).select_from(WITH_PROGRESS).where(tenants.clause(runs.c.tenant))
    if states:
        query = query.where(runs.c.state.in_(states))
    if domains:
        query = query.where(runs.c.domain.in_(domains))
    if before is not None:
        query = query.where(tuple_(*ORDER) < tuple_(*before))
    newest_first = query.order_by(*(column.desc() for column in ORDER)).limit(limit)
    return [_run(row) for row in db.execute(newest_first)]


def running(db: Connection, tenants: Tenants) -> list[Run]:
    """Runs that have not ended, newest first; at most 200."""
    return newest(db, tenants, states=[RunState.RUNNING], limit=200)


def ahead(db: Connection, tenants: Tenants, kind: str, job: str) -> int:
    """How many jobs of ``kind`` of these tenants run and were asked for before ``job``."""
    mine = (jobs.c.kind == kind, jobs.c.state == JobState.RUNNING, jobs.c.id < job)
    query = select(func.count()).select_from(jobs)
    return db.scalars(query.where(*mine, tenants.clause(jobs.c.tenant))).one()


def failures_since(db: Connection, tenants: Tenants, since: datetime) -> int:
    """How many runs ended without success since then."""
    query = select(func.count()).where(
        tenants.clause(runs.c.tenant),
        UNSUCCESSFUL,
        runs.c.ended_at >= micros(since),
    )
    return db.scalars(query).one()


def rates(db: Connection, tenants: Tenants, since: datetime) -> list[Rate]:
    """How many runs of each tenant and domain ended since then, and how many of them badly."""
    query = (
        select(
            runs.c.tenant,
            runs.c.domain,
            func.count().label("ended"),
            func.count().filter(UNSUCCESSFUL).label("failed"),
        )
        .where(tenants.clause(runs.c.tenant), ENDED, runs.c.ended_at >= micros(since))
        .group_by(runs.c.tenant, runs.c.domain)
    )
    return [Rate(**row._asdict()) for row in db.execute(query)]


def tally(db: Connection, tenants: Tenants, since: datetime) -> dict[tuple[str, str], int]:
    """How many runs began since then, by domain and state."""
    query = (
        select(runs.c.domain, runs.c.state, func.count().label("many"))
        .where(tenants.clause(runs.c.tenant), runs.c.started_at >= micros(since))
        .group_by(runs.c.domain, runs.c.state)
    )
    return {(row.domain, row.state): row.many for row in db.execute(query)}


def since(db: Connection, tenants: Tenants, moment: datetime, limit: int) -> list[Run]:
    """The newest ``limit`` runs that began since ``moment``, newest first."""
    query = (
        select(*COLUMNS)
        .select_from(WITH_PROGRESS)
        .where(tenants.clause(runs.c.tenant), runs.c.started_at >= micros(moment))
        .order_by(*(column.desc() for column in ORDER))
        .limit(limit)
    )
    return [_run(row) for row in db.execute(query)]


def figures(db: Connection, tenants: Tenants) -> list[Figures]:
    """Ended runs summed up by domain; a domain without one is left out."""
    query = (
        select(
            runs.c.domain,
            func.count().label("ended"),
            func.count().filter(WHOLE).label("succeeded"),
            func.avg(runs.c.ended_at - runs.c.started_at).label("mean"),
            func.max(runs.c.started_at).label("last_run"),
            _latest(WHOLE).label("last_success"),
            _latest(UNSUCCESSFUL).label("last_failure"),
        )
        .where(tenants.clause(runs.c.tenant), ENDED)
        .group_by(runs.c.domain)
        .order_by(runs.c.domain)
    )
    return [_figures(row) for row in db.execute(query)]


def hold(db: Connection, row: dict[str, object]) -> None:
    """Keep what could not be read, once: a repeated step brings the same id."""
    known = select(quarantine.c.id).where(quarantine.c.id == row["id"])
    if db.scalar(known) is None:
        db.execute(insert(quarantine).values(row))


def held(db: Connection, tenants: Tenants, run: str) -> int:
    """How many pages and items of a run are in quarantine."""
    mine = and_(quarantine.c.run == run, tenants.clause(quarantine.c.tenant))
    return db.scalars(select(func.count()).select_from(quarantine).where(mine)).one()


def _latest(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.max(runs.c.ended_at).filter(condition)


def _figures(row: Row[tuple[object, ...]]) -> Figures:
    return Figures(
        domain=row.domain,
        ended=row.ended,
        succeeded=row.succeeded,
        mean_ms=float(row.mean) / 1000,
        last_run=instant(row.last_run),
        last_success=None if row.last_success is None else instant(row.last_success),
        last_failure=None if row.last_failure is None else instant(row.last_failure),
    )


def _row(run: Run) -> dict[str, object]:
    return {
        "id": run.id,
        "tenant": run.tenant,
        "connection": run.connection,
        "directory": run.directory,
        "domain": run.domain,
        "state": run.state,
        "attempt": run.attempt,
        "started_at": micros(run.started_at),
        "ended_at": None if run.ended_at is None else micros(run.ended_at),
        "failure": run.failure,
        "error": run.error,
        "action": run.action,
        "request": run.request,
        "missing": json.dumps(run.missing),
        "whole": run.whole,
        "since": None if run.since is None else micros(run.since),
        "drift": run.drift,
        **asdict(run.counts),
    }


def _run(row: Row[tuple[object, ...]]) -> Run:
    return Run(
        id=row.id,
        tenant=TenantId(row.tenant),
        connection=ConnectionId(row.connection),
        directory=row.directory,
        domain=row.domain,
        state=RunState(row.state),
        attempt=row.attempt,
        started_at=instant(row.started_at),
        ended_at=None if row.ended_at is None else instant(row.ended_at),
        counts=Counts(
            seen=row.seen,
            added=row.added,
            changed=row.changed,
            removed=row.removed,
            quarantined=row.quarantined,
            unread=row.unread,
        ),
        done=row.done,
        total=row.total or 0,
        failure=row.failure,
        error=row.error,
        action=row.action,
        request=row.request,
        missing=tuple(json.loads(row.missing)),
        whole=row.whole,
        since=None if row.since is None else instant(row.since),
        drift=row.drift,
    )
