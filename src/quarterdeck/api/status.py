"""/api/v1/status and /metrics: the installation in numbers."""

from dataclasses import asdict
from pathlib import Path
from time import monotonic
from typing import Annotated

from fastapi import Header, Request, Response
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from pydantic import BaseModel, Field

from quarterdeck.api.health import components, report_of
from quarterdeck.api.monitoring import CacheNumbers, TargetBody, measured, numbers, require_anywhere
from quarterdeck.kernel.gathering import FOLDER, Among, Gathered
from quarterdeck.kernel.health import Health
from quarterdeck.kernel.work import ANY, Actor, read
from quarterdeck.operations.alerts import service as alerts
from quarterdeck.runtime import Runtime
from quarterdeck.web.deps import By, Installation
from quarterdeck.web.permissions import needs
from quarterdeck.web.routes import Router
from quarterdeck.web.signin import authenticate, is_local

router = Router(tags=["health"])

NOT_YOURS = "you need alerts:read to know"


class Alerts(BaseModel):
    """Alerts that want somebody."""

    active_count: int | None
    reason: str | None = Field(None, description="Why there is no number.")


class Performance(BaseModel):
    """How fast, and why."""

    uptime_s: float
    cache_stats: CacheNumbers
    database_size_bytes: int | None
    targets: list[TargetBody] = Field(description="With the runbook's advice where one is missed.")


class Status(BaseModel):
    """The installation in one answer."""

    status: Health
    components: dict[str, Health | bool]
    alerts: Alerts
    performance: Performance


@router.get("/api/v1/status", **needs("health:read"))
def get_status(request: Request, runtime: Installation, actor: By) -> Status:
    """The state of the installation, its parts, alerts and cache."""
    require_anywhere(actor, "health:read")
    report = report_of(request, runtime)
    found = measured(request, runtime, actor)
    return Status(
        status=report.status,
        components=components(report.entries),
        alerts=_alerts(request, runtime, actor),
        performance=Performance(
            uptime_s=round(monotonic() - request.app.state.began, 1),
            cache_stats=CacheNumbers(**numbers(runtime.caches.stats)),
            database_size_bytes=next(
                (int(one.value) for one in found if one.metric == "database_size" and one.value),
                None,
            ),
            targets=[TargetBody(**asdict(one)) for one in found],
        ),
    )


@router.get("/metrics", response_class=Response, **needs("metrics:read"))
def get_metrics(
    request: Request, runtime: Installation, accept: Annotated[str, Header()] = ""
) -> Response:
    """Metrics of this machine's processes, for Prometheus: OpenMetrics if it asks for that.

    Open to this machine itself; others need a token, and see of other tenants nothing.
    """
    told = gathered(runtime)
    if not is_local(request):
        actor = authenticate(runtime, request)
        require_anywhere(actor, "metrics:read")
        mine = frozenset(on for held, on in actor.grants if held == "metrics:read")
        told = told if ANY in mine else Among(told, mine)
    registry = CollectorRegistry()
    registry.register(told)
    encode, media_type = choose_encoder(accept)
    return Response(encode(registry), headers={"Content-Type": media_type})


HERE = "local"  # the region of an installation that has not been told


def gathered(runtime: Runtime) -> Collector:
    """The metrics of every process of this machine, as one collection."""
    settings = runtime.settings
    folder = Path(settings.data) / FOLDER if settings.data else None
    return Gathered(role="web", region=settings.region or HERE, folder=folder)


def _alerts(request: Request, runtime: Runtime, actor: Actor) -> Alerts:
    if not _holds(actor, "alerts:read"):
        return Alerts(active_count=None, reason=NOT_YOURS)
    with read(runtime.engine, actor, runtime.clock, request.state.request_id) as work:
        return Alerts(active_count=alerts.active_count(work), reason=None)


def _holds(actor: Actor, permission: str) -> bool:
    return any(held == permission for held, _ in actor.grants)
