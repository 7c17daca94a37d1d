"""The alert catalogue of runbook 004, topic 6: its twelve rows, over the platform's own series;
and one more that its topic 8 asks for: use of a connection pool.

What nothing measures yet has no series: its state is not known, and says so. Pure.
"""

from dataclasses import replace
from datetime import timedelta

from quarterdeck.operations.metrics.model import Function
from quarterdeck.operations.metrics.selector import selector
from quarterdeck.operations.rules.measures import Across, Measure
from quarterdeck.operations.rules.model import Comparison, Rise, Rule, Threshold

ABOVE, BELOW = Comparison.ABOVE, Comparison.BELOW
MINUTE = timedelta(minutes=1)
RETRIED = timedelta(seconds=30)
"""Two more looks, each logged, before anybody is woken."""

SERVICE = ("tenant", "environment", "service")


def _rule(
    name: str, level: int, section: str, words: str, condition: Threshold, **more: object
) -> Rule:
    minutes, remediation = more.get("minutes", 0), more.get("remediation", "")
    return Rule(
        name=name,
        condition=condition,
        hold=MINUTE * int(str(minutes)),
        severity=f"SEV-{level}",
        annotations={"threshold": words},
        runbook=f"runbook 004, {section}",
        remediation=str(remediation),
    )


def _newest(words: str, by: tuple[str, ...], across: Across = Across.MAX) -> Measure:
    return Measure(of=selector(words), by=by, across=across)


def _beyond(measure: Measure, comparison: Comparison, value: float) -> Threshold:
    return Threshold(measure=measure, comparison=comparison, value=value)


def _down(dependency: str) -> Threshold:
    of = f'quarterdeck_dependency_up{{dependency="{dependency}"}}'
    return _beyond(_newest(of, ("dependency",)), BELOW, 1)


ERRORS = Measure(
    of=selector('quarterdeck_service_requests_total{outcome="error"}'),
    among=selector("quarterdeck_service_requests_total"),
    function=Function.RATE,
    window=MINUTE,
    by=("service",),
)
LATENCY = Measure(
    of=selector("quarterdeck_service_request_seconds"),
    function=Function.QUANTILE,
    quantile=0.95,
    histogram=True,
    window=MINUTE,
    by=("service",),
)
POOL = Measure(
    of=selector("quarterdeck_pool_used"),
    among=selector("quarterdeck_pool_max"),
    by=("pool", "process"),
)

CATALOGUE = (
    _rule(
        "ServiceDown",
        1,
        "6.1 (Service Restart)",
        "0 healthy pods",
        _beyond(_newest("quarterdeck_service_up", SERVICE), BELOW, 1),
        remediation="Pod restart (K8s)",
    ),
    _rule(
        "HighErrorRate",
        2,
        "6.2 (Error Investigation)",
        ">5% errors, 5min",
        _beyond(ERRORS, ABOVE, 0.05),
        minutes=5,
    ),
    _rule(
        "HighLatency",
        2,
        "6.3 (Performance Tuning)",
        "P95 >1s, 10min",
        _beyond(LATENCY, ABOVE, 1),
        minutes=10,
    ),
    replace(
        _rule(
            "DatabaseConnectionFailure",
            1,
            "8.1 (Database Recovery)",
            "All connections fail",
            _down("database"),
            remediation="Retry, then page",
        ),
        hold=RETRIED,
    ),
    replace(
        _rule(
            "MessageBusDown",
            1,
            "9.1 (Message Bus Recovery)",
            "Service Bus unreachable",
            _down("bus"),
            remediation="Retry, then page",
        ),
        hold=RETRIED,
    ),
    _rule(
        "ProjectionLagHigh",
        2,
        "10.1 (Projection Catchup)",
        "Lag >30s, 10min",
        _beyond(_newest("quarterdeck_projection_lag_seconds", ("projection",)), ABOVE, 30),
        minutes=10,
        remediation="Scale workers (KEDA)",
    ),
    _rule(
        "DLQBacklog",
        3,
        "10.2 (DLQ Triage)",
        ">100 msgs, 30min",
        _beyond(_newest("quarterdeck_dead_letters", (), Across.SUM), ABOVE, 100),
        minutes=30,
        remediation="Alert only",
    ),
    _rule(
        "DiskSpaceLow",
        2,
        "15.1 (Capacity Expansion)",
        "<10% free",
        _beyond(_newest("quarterdeck_disk_free_share", ("instance",), Across.MIN), BELOW, 0.1),
    ),
    replace(
        _rule(
            "CertificateExpiring",
            3,
            "14.1 (Certificate Renewal)",
            "<30 days",
            _beyond(_newest("quarterdeck_certificate_days", SERVICE, Across.MIN), BELOW, 30),
        ),
        rises=(Rise(value=7, severity="SEV-2"),),
    ),
    _rule(
        "KeyRotationOverdue",
        2,
        "14.2 (Emergency Key Rotation)",
        ">90 days",
        _beyond(_newest("quarterdeck_key_age_days", ("tenant", "key")), ABOVE, 90),
    ),
    _rule(
        "TamperDetected",
        1,
        "17.1 (Tamper Investigation)",
        "Any tamper alert",
        _beyond(_newest("quarterdeck_tamper_alerts", ("tenant",)), ABOVE, 0),
        remediation="Freeze, escalate",
    ),
    _rule(
        "ComplianceViolation",
        1,
        "19.1 (Compliance Emergency)",
        "Retention/residency breach",
        _beyond(_newest("quarterdeck_compliance_breaches", ("tenant",)), ABOVE, 0),
        remediation="Freeze, escalate",
    ),
    _rule(
        "ConnectionPoolUse",
        3,
        "8.1 (Database Recovery)",
        ">80% of the pool",
        _beyond(POOL, ABOVE, 0.8),
    ),
)
