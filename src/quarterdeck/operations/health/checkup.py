"""Looking at components now: services by their probes, our own roles by their checks."""

from collections.abc import Mapping, Sequence

from quarterdeck.kernel import health
from quarterdeck.kernel.checks import EXPECTED
from quarterdeck.kernel.health import Check, Health, Report
from quarterdeck.operations.health.model.history import Component
from quarterdeck.operations.health.model.registry import Service
from quarterdeck.operations.health.model.state import ORDER, Outcome, State, worst
from quarterdeck.operations.health.probing.looking import Means, look_now

STATES = {
    Health.HEALTHY: State.HEALTHY,
    Health.DEGRADED: State.DEGRADED,
    Health.UNHEALTHY: State.DOWN,
}


def of_services(services: Sequence[Service], means: Means) -> list[Component]:
    """Each service as all its probes find it now; one failure is enough here."""
    found = look_now(services, means)
    return [
        _component(service, outcomes) for service, outcomes in zip(services, found, strict=True)
    ]


def of_roles(roles: Mapping[str, Mapping[str, Check]]) -> list[Component]:
    """Each of this installation's own roles, as its readiness checks find it now."""
    return [_role(name, health.run(checks, EXPECTED)) for name, checks in roles.items()]


def _component(service: Service, outcomes: Mapping[str, Outcome]) -> Component:
    blamed = max(outcomes.items(), key=lambda one: ORDER.index(one[1].state), default=None)
    return Component(
        name=service.name,
        state=worst(outcome.state for outcome in outcomes.values()),
        detail=f"{blamed[0]}: {blamed[1].detail}" if blamed else "it has no probe",
        took_ms=max((outcome.took_ms for outcome in outcomes.values()), default=0.0),
    )


def _role(name: str, report: Report) -> Component:
    ill = [f"{n}: {e.description}" for n, e in report.entries.items() if e.status != Health.HEALTHY]
    return Component(
        name=name,
        state=STATES[report.status],
        detail="; ".join(ill) or f"{len(report.entries)} checks passed",
        took_ms=report.duration_s * 1000,
    )
