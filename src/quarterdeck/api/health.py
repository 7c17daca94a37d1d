"""/health and what hangs under it: open to all, and made for machines that poll."""

from collections.abc import Mapping

from fastapi import Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from quarterdeck.api.probes import UNHEALTHY, Probe, begun, process, shown
from quarterdeck.api.service_health import named_by, of_service
from quarterdeck.kernel import health
from quarterdeck.kernel.checks import EXPECTED, cache_check
from quarterdeck.kernel.health import Check, Entry, Health, Report
from quarterdeck.runtime import Runtime
from quarterdeck.web.deps import Installation
from quarterdeck.web.routes import Router

router = Router(tags=["health"])

AZURE = "azure"  # this check is shown as a boolean, azure_configured


class Overall(BaseModel):
    """How the installation is, in a word."""

    status: Health


class Checked(BaseModel):
    """What one check found."""

    status: Health
    description: str = Field(examples=["SQLite 3.53.0: answered in 0.3 ms, pool 1 of 10 in use"])
    duration_ms: float


class Detailed(Overall):
    """How the installation is, part by part."""

    components: dict[str, Health | bool] = Field(
        description="Each part's status; `azure_configured` is true only if its credentials "
        "got a token."
    )
    checks: dict[str, Checked]


@router.get(
    "/health",
    response_model=Overall | Probe,
    responses={503: {"model": Overall, "description": "Unhealthy"}},
)
def get_health(request: Request, runtime: Installation) -> JSONResponse:
    """Whether the installation is well; by a service's own host name, whether that service is."""
    if service := named_by(request):
        return of_service(request, runtime, service, "ready")
    report = report_of(request, runtime)
    return JSONResponse({"status": report.status}, _status(report))


@router.get("/health/detailed")
def get_health_detailed(request: Request, runtime: Installation) -> Detailed:
    """Whether the installation is well, part by part; 200 whatever it finds."""
    report = report_of(request, runtime)
    return Detailed(
        status=report.status,
        components=components(report.entries),
        checks={name: _checked(entry) for name, entry in report.entries.items()},
    )


@router.get("/health/live", response_model=Probe, responses=UNHEALTHY)
def get_health_live(request: Request, runtime: Installation) -> JSONResponse:
    """Whether this process answers; asks nothing else, so that no fault elsewhere restarts it."""
    if service := named_by(request):
        return of_service(request, runtime, service, "live")
    return shown(process(request))


@router.get("/health/ready", response_model=Probe, responses=UNHEALTHY)
def get_health_ready(request: Request, runtime: Installation) -> JSONResponse:
    """Whether this process can do its work: everything that it depends on."""
    if service := named_by(request):
        return of_service(request, runtime, service, "ready")
    return shown(report_of(request, runtime))


@router.get("/health/startup", response_model=Probe, responses=UNHEALTHY)
def get_health_startup(request: Request, runtime: Installation) -> JSONResponse:
    """Whether this process has begun: settings read, database migrated, cache there."""
    if service := named_by(request):
        return of_service(request, runtime, service, "startup")
    return shown(begun(request, report_of(request, runtime)))


def report_of(request: Request, runtime: Runtime) -> Report:
    """What all checks find; kept for a second, so that many probes are no load."""
    cache = request.app.state.cache
    checks: dict[str, Check] = {"cache": cache_check(cache), **runtime.checks}
    report: Report = cache.get("health", lambda: health.run(checks, EXPECTED))
    return report


def components(entries: Mapping[str, Entry]) -> dict[str, Health | bool]:
    """The parts as runbook 000 reads them: strings, and one boolean for the cloud's credentials."""
    azure = entries.get(AZURE)
    parts: dict[str, Health | bool] = {n: e.status for n, e in entries.items() if n != AZURE}
    return parts | {"azure_configured": azure is not None and azure.status is Health.HEALTHY}


def _checked(entry: Entry) -> Checked:
    took_ms = round(entry.duration_s * 1000, 3)
    return Checked(status=entry.status, description=entry.description, duration_ms=took_ms)


def _status(report: Report) -> int:
    return 503 if report.status is Health.UNHEALTHY else 200
