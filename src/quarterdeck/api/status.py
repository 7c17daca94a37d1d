"""/api/v1/status and /metrics: the installation in numbers."""

from time import monotonic
from typing import Annotated

from fastapi import Header, Request, Response
from prometheus_client import REGISTRY
from prometheus_client.exposition import choose_encoder
from pydantic import BaseModel, Field

from quarterdeck.api.health import components, report_of
from quarterdeck.kernel.health import Health
from quarterdeck.kernel.work import ANY, Actor, MissingPermission
from quarterdeck.web.deps import By, Installation
from quarterdeck.web.permissions import needs
from quarterdeck.web.routes import Router
from quarterdeck.web.signin import authenticate, is_local

router = Router(tags=["health"])

NO_ALERTS_YET = "this version watches nothing yet, so nobody knows"


class Alerts(BaseModel):
    """Alerts that want somebody."""

    active_count: int | None
    reason: str | None = Field(None, description="Why there is no number.")


class CacheStats(BaseModel):
    """What the cache was good for since this process began."""

    hits: int
    misses: int
    entries: int
    hit_rate_percent: float = Field(description="0 to 100.")


class Performance(BaseModel):
    """How fast, and why."""

    uptime_s: float
    cache_stats: CacheStats


class Status(BaseModel):
    """The installation in one answer."""

    status: Health
    components: dict[str, Health | bool]
    alerts: Alerts
    performance: Performance


@router.get("/api/v1/status", **needs("health:read"))
def get_status(request: Request, runtime: Installation, actor: By) -> Status:
    """The state of the installation, its parts, alerts and cache."""
    _require_anywhere(actor, "health:read")
    report = report_of(request, runtime)
    stats = request.app.state.cache.stats
    return Status(
        status=report.status,
        components=components(report.entries),
        alerts=Alerts(active_count=None, reason=NO_ALERTS_YET),
        performance=Performance(
            uptime_s=round(monotonic() - request.app.state.began, 1),
            cache_stats=CacheStats(
                hits=stats.hits,
                misses=stats.misses,
                entries=stats.entries,
                hit_rate_percent=stats.hit_rate_percent,
            ),
        ),
    )


@router.get("/metrics", response_class=Response, **needs("metrics:read"))
def get_metrics(
    request: Request, runtime: Installation, accept: Annotated[str, Header()] = ""
) -> Response:
    """Metrics of this process, for Prometheus: OpenMetrics if it asks for that.

    Open to this machine itself; others need a token.
    """
    if not is_local(request):
        _require_anywhere(authenticate(runtime, request), "metrics:read")
    encode, media_type = choose_encoder(accept)
    return Response(encode(REGISTRY), headers={"Content-Type": media_type})


def _require_anywhere(actor: Actor, permission: str) -> None:
    if not any(held == permission for held, _ in actor.grants):
        raise MissingPermission(permission, ANY)
