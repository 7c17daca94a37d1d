"""/monitoring: what this process remembers of its own speed (runbook 000, sections 10.2 and 11).

It is kept in memory, for this process alone: a restart or a reset empties it.
"""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from fastapi import Query, Request
from pydantic import BaseModel, Field

from quarterdeck.api.targets import Measured, Target, targets
from quarterdeck.events.platform import MetricsReset
from quarterdeck.governance.sync.model import Run
from quarterdeck.governance.sync.service import queries
from quarterdeck.kernel.cache import Stats
from quarterdeck.kernel.checks import database_bytes
from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.kernel.work import ANY, Actor, MissingPermission, Work, read
from quarterdeck.runtime import Runtime
from quarterdeck.web.deps import By, InRead, Installation, InWork
from quarterdeck.web.permissions import needs
from quarterdeck.web.problems import problems
from quarterdeck.web.routes import Router

router = Router(prefix="/monitoring", tags=["monitoring"])

LATEST_RUNS = 100


class QueryRow(BaseModel):
    """A statement that this process made; without its values."""

    query: str
    duration_ms: float
    at: datetime


class SyncJobRow(BaseModel):
    """A sync that has ended."""

    job_type: str
    duration_ms: float
    run: str
    tenant: str
    status: str
    started_at: datetime

    @classmethod
    def of(cls, run: Run) -> Self:
        took = run.duration
        return cls(
            job_type=run.domain,
            duration_ms=round(took.total_seconds() * 1000, 3) if took else 0.0,
            run=run.id,
            tenant=run.tenant,
            status=run.state.value,
            started_at=run.started_at,
        )


class CacheNumbers(BaseModel):
    """What a cache was good for since the process began, or since the last reset."""

    hits: int
    misses: int
    entries: int
    hit_rate_percent: float = Field(description="0 to 100.")


class CacheBody(CacheNumbers):
    """All caches together, and each."""

    caches: dict[str, CacheNumbers]


class TargetBody(BaseModel):
    """A target, as it is measured."""

    metric: str
    target: str
    unit: str
    value: float | None
    met: bool | None = Field(description="null: not known.")
    advice: str = Field(description="What to do; empty unless it is missed.")
    reason: str = Field(description="Why it is not known; else empty.")


class Recommendations(BaseModel):
    """The four targets of runbook 000, and what to do where one is missed."""

    recommendations: list[str] = Field(description="Advice for those that are missed.")
    targets: list[TargetBody]


class Reset(BaseModel):
    """What was remembered is forgotten."""

    status: Literal["reset"] = "reset"


@router.post("/reset", responses=problems(401, 403), **needs("config:write"))
def reset_metrics(work: InWork, runtime: Installation) -> Reset:
    """Forget the statements, times and caches of this process; new ones come with new data."""
    work.require("config:write", PLATFORM)
    runtime.caches.clear()
    runtime.statements.clear()
    runtime.requests.clear()
    work.publish(MetricsReset(tenant=PLATFORM))
    return Reset()


@router.get("/queries", responses=problems(401, 403), **needs("metrics:read"))
def list_queries(
    runtime: Installation,
    actor: By,
    *,
    slow_only: Annotated[bool, Query(description="At least slow_query_ms.")] = False,
) -> list[QueryRow]:
    """The last statements, newest first: a bare array."""
    require_anywhere(actor, "metrics:read")
    return [
        QueryRow(query=one.name, duration_ms=one.duration_ms, at=one.at)
        for one in runtime.statements.newest(slow_only=slow_only)
    ]


@router.get("/sync-jobs", responses=problems(401, 403), **needs("sync:read"))
def list_sync_jobs(work: InRead) -> list[SyncJobRow]:
    """How long the last syncs took, newest first: a bare array."""
    return [SyncJobRow.of(run) for run in queries.durations(work, LATEST_RUNS)]


@router.get("/cache", responses=problems(401, 403), **needs("metrics:read"))
def get_cache(runtime: Installation, actor: By) -> CacheBody:
    """What the caches are good for."""
    require_anywhere(actor, "metrics:read")
    return CacheBody(
        **numbers(runtime.caches.stats),
        caches={name: CacheNumbers(**numbers(s)) for name, s in runtime.caches.each().items()},
    )


@router.get("/recommendations", responses=problems(401, 403), **needs("metrics:read"))
def get_recommendations(request: Request, runtime: Installation, actor: By) -> Recommendations:
    """The targets, as they are measured, and the runbook's advice where one is missed."""
    require_anywhere(actor, "metrics:read")
    found = measured(request, runtime, actor)
    return Recommendations(
        recommendations=[one.advice for one in found if one.advice],
        targets=[TargetBody(**asdict(one)) for one in found],
    )


def measured(request: Request, runtime: Runtime, actor: Actor) -> list[Target]:
    """The four targets by what this process and the database know."""
    stats = runtime.caches.stats
    with read(runtime.engine, actor, runtime.clock, request.state.request_id) as work:
        size, longest = database_bytes(work.db), _longest_sync_s(work)
    return list(
        targets(
            Measured(
                hit_rate_percent=stats.hit_rate_percent,
                asked=stats.hits + stats.misses,
                api_ms=runtime.requests.percentile_ms(95),
                longest_sync_s=longest,
                database_bytes=size,
            )
        )
    )


def numbers(stats: Stats) -> dict[str, Any]:
    """A cache's numbers, by the names that answers have."""
    return asdict(stats) | {"hit_rate_percent": stats.hit_rate_percent}


def require_anywhere(actor: Actor, permission: str) -> None:
    """Refuse whoever holds ``permission`` nowhere: what a process knows is of no tenant."""
    if not _holds(actor, permission):
        raise MissingPermission(permission, ANY)


def _holds(actor: Actor, permission: str) -> bool:
    return any(held == permission for held, _ in actor.grants)


def _longest_sync_s(work: Work) -> float | None:
    if not _holds(work.actor, "sync:read"):
        return None
    took = [run.duration for run in queries.durations(work, LATEST_RUNS)]
    return max((one.total_seconds() for one in took if one is not None), default=None)
