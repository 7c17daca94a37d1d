"""Status pages as metrics of the process that answers: who is told, and who waits too long."""

from prometheus_client import Gauge

from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.operations.statuspage.service import looking

OVERDUE = Gauge(
    "quarterdeck_status_posts_overdue",
    "Posts of status pages that are not over, and of which customers heard nothing for an hour.",
    ["tenant"],
)
SUBSCRIBERS = Gauge(
    "quarterdeck_status_subscribers",
    "Addresses that are told by mail what is posted on a status page, by tenant.",
    ["tenant"],
)


def measure(work: Work, tenants: Tenants) -> None:
    """Show how it stands; what there is none of is shown no more."""
    OVERDUE.clear()
    SUBSCRIBERS.clear()
    for tenant, many in looking.overdue_counts(work, tenants).items():
        OVERDUE.labels(tenant).set(many)
    for tenant, many in looking.subscriber_counts(work, tenants).items():
        SUBSCRIBERS.labels(tenant).set(many)
