"""Pages as metrics of the process that answers."""

from prometheus_client import Gauge

from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.operations.escalation.service import looking

OPEN = Gauge("quarterdeck_pages", "Pages that are not resolved.", ["tenant", "state"])
LATE = Gauge(
    "quarterdeck_pages_late",
    "Promises of pages that were not kept within the last day.",
    ["tenant"],
)


def measure(work: Work, tenants: Tenants) -> None:
    """Show how many pages are open, and how many promises were not kept."""
    for gauge in (OPEN, LATE):
        gauge.clear()
    for (tenant, state), many in looking.counts(work, tenants).items():
        OPEN.labels(tenant, state).set(many)
    for tenant, many in looking.late_counts(work, tenants, work.now).items():
        LATE.labels(tenant).set(many)
