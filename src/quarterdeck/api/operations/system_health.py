"""/api/v1/metrics/system-health: the monitoring tree of runbook 003 as JSON."""

from pydantic import BaseModel, Field

from quarterdeck.operations.metrics.service.tree import Tree, tree
from quarterdeck.web.deps import InRead, Installation
from quarterdeck.web.permissions import needs
from quarterdeck.web.problems import problems
from quarterdeck.web.routes import api_router

router = api_router(tags=["metrics"])


class WebApp(BaseModel):
    """The console."""

    response_time_ms: float | None = Field(description="95 of 100 took at most this long.")
    error_rate: float | None = Field(description="0 to 1.")


class ApiService(BaseModel):
    """Everything else that answers."""

    api_latency_ms: float | None = Field(description="95 of 100 took at most this long.")
    success_rate: float | None = Field(description="0 to 1.")


class ConnectionPool(BaseModel):
    """Database connections of the process that uses most."""

    used: float | None
    max: float | None


class QueryPerformance(BaseModel):
    """How long statements take, in milliseconds."""

    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None


class Database(BaseModel):
    """The database."""

    connection_pool: ConnectionPool
    query_performance: QueryPerformance


class SystemHealth(BaseModel):
    """Six values in three groups; null is not known: nothing was recorded in five minutes."""

    web_app: WebApp
    api_service: ApiService
    database: Database


@router.get(
    "/metrics/system-health", responses=problems(401, 403, 404, 503), **needs("metrics:read")
)
def get_system_health(work: InRead, runtime: Installation) -> SystemHealth:
    """The values of the platform now: web app, API service, database."""
    return _body(tree(work, runtime.metrics))


def _body(found: Tree) -> SystemHealth:
    p50, p95, p99 = found.query_ms.values()
    return SystemHealth(
        web_app=WebApp(response_time_ms=found.web_response_ms, error_rate=found.web_error_rate),
        api_service=ApiService(
            api_latency_ms=found.api_latency_ms, success_rate=found.api_success_rate
        ),
        database=Database(
            connection_pool=ConnectionPool(used=found.pool_used, max=found.pool_max),
            query_performance=QueryPerformance(p50_ms=p50, p95_ms=p95, p99_ms=p99),
        ),
    )
