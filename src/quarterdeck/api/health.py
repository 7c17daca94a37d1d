"""/health and what hangs under it: open to all, and made for machines that poll."""

from collections.abc import Mapping
from time import monotonic
from typing import Any

from fastapi import Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from quarterdeck.kernel import health
from quarterdeck.kernel.checks import EXPECTED, cache_check
from quarterdeck.kernel.health import Check, Entry, Health, Report
from quarterdeck.runtime import Runtime
from quarterdeck.web.deps import Installation
from quarterdeck.web.routes import Router

router = Router(tags=["health"])

AZURE = "azure"  # this check is shown as a boolean, azure_configured
STARTUP = ("database", "schema")
TICKS_A_S = 10_000_000  # the unit of .NET's TimeSpan, whose form the entries bear


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


class ProbeEntry(BaseModel):
    """One check as probes read it."""

    status: str = Field(examples=["Healthy"])
    description: str
    duration: str = Field(examples=["00:00:00.0123456"])
    exception: str | None = Field(None, description="What went wrong; only when unhealthy.")


class Probe(BaseModel):
    """Checks in the form of runbook 004, topic 3; 200 when healthy or degraded, else 503."""

    status: str = Field(examples=["Healthy"])
    total_duration: str = Field(serialization_alias="totalDuration", examples=["00:00:00.1234567"])
    entries: dict[str, ProbeEntry]


UNHEALTHY: dict[int | str, dict[str, Any]] = {503: {"model": Probe, "description": "Unhealthy"}}


@router.get("/health", responses={503: {"model": Overall, "description": "Unhealthy"}})
def get_health(request: Request, runtime: Installation) -> JSONResponse:
    """Whether the installation is well."""
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
def get_health_live(request: Request) -> JSONResponse:
    """Whether this process answers; asks nothing else, so that no fault elsewhere restarts it."""
    up_s = monotonic() - request.app.state.began
    entry = Entry(status=Health.HEALTHY, description=f"answering for {up_s:.0f} s")
    return _probe(Report(entries={"process": entry}, duration_s=0.0))


@router.get("/health/ready", response_model=Probe, responses=UNHEALTHY)
def get_health_ready(request: Request, runtime: Installation) -> JSONResponse:
    """Whether this process can do its work: everything that it depends on."""
    return _probe(report_of(request, runtime))


@router.get("/health/startup", response_model=Probe, responses=UNHEALTHY)
def get_health_startup(request: Request, runtime: Installation) -> JSONResponse:
    """Whether this process has begun: settings read, database there and migrated."""
    report = report_of(request, runtime)
    needed = {name: entry for name, entry in report.entries.items() if name in STARTUP}
    return _probe(Report(entries=needed, duration_s=report.duration_s))


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


def timespan(seconds: float) -> str:
    """``seconds`` as hh:mm:ss.fffffff."""
    whole, ticks = divmod(round(seconds * TICKS_A_S), TICKS_A_S)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}.{ticks:07}"


def _checked(entry: Entry) -> Checked:
    took_ms = round(entry.duration_s * 1000, 3)
    return Checked(status=entry.status, description=entry.description, duration_ms=took_ms)


def _probe(report: Report) -> JSONResponse:
    probe = Probe(
        status=report.status.title(),
        total_duration=timespan(report.duration_s),
        entries={name: _entry(entry) for name, entry in report.entries.items()},
    )
    body = probe.model_dump(by_alias=True, exclude_none=True)
    return JSONResponse(body, _status(report), {"Cache-Control": "no-store"})


def _entry(entry: Entry) -> ProbeEntry:
    unhealthy = entry.status is Health.UNHEALTHY
    return ProbeEntry(
        status=entry.status.title(),
        description=entry.description,
        duration=timespan(entry.duration_s),
        exception=(entry.failure or entry.description) if unhealthy else None,
    )


def _status(report: Report) -> int:
    return 503 if report.status is Health.UNHEALTHY else 200
