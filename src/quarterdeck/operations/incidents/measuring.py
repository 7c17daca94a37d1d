"""Incidents as metrics of the process that answers: how many are open, how fast they are met."""

from datetime import timedelta

from prometheus_client import Gauge

from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.operations.incidents.service import looking, updating

LOOKED_BACK = timedelta(days=30)
OPEN = Gauge(
    "quarterdeck_incidents_open",
    "Incidents that are not resolved, by tenant and severity.",
    ["tenant", "severity"],
)
ACKNOWLEDGE = Gauge(
    "quarterdeck_incident_acknowledge_seconds",
    "Mean time until incidents of the last 30 days were acknowledged (MTTA).",
    ["tenant", "severity"],
)
RESOLVE = Gauge(
    "quarterdeck_incident_resolve_seconds",
    "Mean time until incidents of the last 30 days were resolved (MTTR).",
    ["tenant", "severity"],
)
BULLETINS = Gauge(
    "quarterdeck_incident_bulletins",
    "What audiences were told of incidents in the last 30 days, by tenant and audience.",
    ["tenant", "audience"],
)


def measure(work: Work, tenants: Tenants) -> None:
    """Show how it stands; what there is none of is shown no more."""
    for gauge in (OPEN, ACKNOWLEDGE, RESOLVE, BULLETINS):
        gauge.clear()
    for (tenant, severity), many in looking.counts(work, tenants).items():
        OPEN.labels(tenant, severity).set(many)
    for (tenant, audience), many in updating.counts(work, tenants, work.now - LOOKED_BACK).items():
        BULLETINS.labels(tenant, audience).set(many)
    for tenant, paces in looking.paces_of(work, tenants, work.now - LOOKED_BACK).items():
        for pace in paces:
            if pace.acknowledge_s is not None:
                ACKNOWLEDGE.labels(tenant, pace.severity).set(pace.acknowledge_s)
            if pace.resolve_s is not None:
                RESOLVE.labels(tenant, pace.severity).set(pace.resolve_s)
