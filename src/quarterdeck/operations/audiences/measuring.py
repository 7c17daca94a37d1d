"""Audiences as metrics of the process that answers."""

from prometheus_client import Gauge

from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.operations.audiences import service

AUDIENCES = Gauge("quarterdeck_audiences", "Audiences of incidents, by tenant.", ["tenant"])


def measure(work: Work, tenants: Tenants) -> None:
    """Show how many there are; where there is none now, none is shown."""
    AUDIENCES.clear()
    for tenant, many in service.counts(work, tenants).items():
        AUDIENCES.labels(tenant).set(many)
