"""Health of one service, by name or by host: our own roles, and what is registered as open.

Open to all: nothing stands in it but states, ages and durations, and the kind of a failure.
"""

from collections.abc import Mapping
from typing import Literal

from fastapi import Request
from fastapi.responses import JSONResponse

from quarterdeck.api.probes import (
    UNHEALTHY,
    Probe,
    ProbeEntry,
    begun,
    process,
    sent,
    shown,
    timespan,
)
from quarterdeck.kernel import health
from quarterdeck.kernel.checks import EXPECTED
from quarterdeck.kernel.clock import since
from quarterdeck.kernel.health import Check, Report
from quarterdeck.kernel.work import Actor, Work, read
from quarterdeck.operations.health.model.registry import NoSuchService, ProbeKind
from quarterdeck.operations.health.model.registry import Probe as Registered
from quarterdeck.operations.health.model.state import Seen, Standing, State, worst
from quarterdeck.operations.health.service import registry
from quarterdeck.runtime import Runtime
from quarterdeck.web.deps import Installation
from quarterdeck.web.guards import HEALTH_DOMAIN
from quarterdeck.web.loopback import host_name
from quarterdeck.web.problems import problems
from quarterdeck.web.routes import Router

router = Router(tags=["health"])

Stage = Literal["live", "ready", "startup"]
NOBODY = Actor("anonymous", frozenset())
WORDS = {
    State.HEALTHY: "Healthy",
    State.DEGRADED: "Degraded",
    State.DOWN: "Unhealthy",
    State.UNKNOWN: "Unknown",
}
SERVING = frozenset({State.HEALTHY, State.DEGRADED})
ANSWERS = {**problems(404), **UNHEALTHY}


@router.get("/health/{service}", response_model=Probe, responses=ANSWERS)
def get_service_health(service: str, request: Request, runtime: Installation) -> JSONResponse:
    """Whether a service can do its work: a role of ours, or one that is registered as open."""
    return of_service(request, runtime, service, "ready")


@router.get("/health/{service}/{stage}", response_model=Probe, responses=ANSWERS)
def get_service_probe(
    service: str, stage: Stage, request: Request, runtime: Installation
) -> JSONResponse:
    """One of a service's three probes: live, ready, startup."""
    return of_service(request, runtime, service, stage)


@router.get("/api/{service}/health", response_model=Probe, responses=ANSWERS)
def get_business_service_health(
    service: str, request: Request, runtime: Installation
) -> JSONResponse:
    """Whether a service can do its work, at the address that runbook 002 asks."""
    return of_service(request, runtime, service, "ready")


def named_by(request: Request) -> str:
    """The service that the request's host names (``query.atp.internal``); "" for none."""
    name = host_name(request.headers.get("host", ""))
    return name.removesuffix(HEALTH_DOMAIN) if name.endswith(HEALTH_DOMAIN) else ""


def of_service(request: Request, runtime: Runtime, service: str, stage: Stage) -> JSONResponse:
    """What a probe of ``service`` reads; our own roles go before what is registered.

    Raises:
        NoSuchService: neither a role of ours, nor open to all.
    """
    if service in runtime.roles:
        return shown(_role(request, runtime, service, stage))
    with read(runtime.engine, NOBODY, runtime.clock) as work:
        found = registry.open_health(work, service)
        if found is None:
            raise NoSuchService(f"no service {service[:80]} shows its health here")
        return _registered(work, found, stage)


def _role(request: Request, runtime: Runtime, role: str, stage: Stage) -> Report:
    if stage == "live":
        return process(request)
    if stage == "startup":
        return begun(request, _kept(request, "startup", runtime.checks))
    return _kept(request, role, runtime.roles[role])


def _kept(request: Request, name: str, checks: Mapping[str, Check]) -> Report:
    """What the checks find; kept for a second, so that many probes are no load."""
    report: Report = request.app.state.cache.get(
        f"health:{name}", lambda: health.run(checks, EXPECTED)
    )
    return report


def _registered(work: Work, found: Standing, stage: Stage) -> JSONResponse:
    asked = [probe for probe in found.service.probes if probe.stage == stage]
    seen = {probe.name: found.seen.get(probe.name) for probe in asked}
    states = [one.state if one else State.UNKNOWN for one in seen.values()]
    state = State.UNKNOWN if found.state is State.UNKNOWN else worst(states)
    probe = Probe(
        status=WORDS[state],
        total_duration=timespan(max((s.took_ms for s in seen.values() if s), default=0) / 1000),
        entries={one.name: _entry(work, one, seen[one.name]) for one in asked},
    )
    return sent(probe, 200 if state in SERVING else 503)


def _entry(work: Work, probe: Registered, seen: Seen | None) -> ProbeEntry:
    if seen is None:
        words = "nobody looked, or not for too long"
        unseen = {"status": "Unknown", "description": words, "duration": timespan(0)}
        return ProbeEntry(**unseen, exception=None)
    age_s = since(work.now, seen.at).total_seconds()
    return ProbeEntry(
        status=WORDS[seen.state],
        description=f"{probe.kind.value} probe, {age_s:.0f} s ago",
        duration=timespan(seen.took_ms / 1000),
        exception=_failure(probe, seen) if seen.state is State.DOWN else None,
    )


def _failure(probe: Registered, seen: Seen) -> str:
    # What a command prints may be anything; what follows the kind of an error names addresses.
    if probe.kind is ProbeKind.COMMAND:
        return "the probe command says so"
    return seen.detail.split(":")[0].split("(")[0].strip()
