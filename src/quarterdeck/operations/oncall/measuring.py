"""On-call as metrics of the process that answers."""

from prometheus_client import Gauge

from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.operations.oncall.service import looking

HOLES = Gauge(
    "quarterdeck_oncall_holes",
    "1 where nobody holds the schedule now, else 0.",
    ["tenant", "schedule"],
)


def measure(work: Work, tenants: Tenants) -> None:
    """Show of every schedule whether nobody is on call; one that is gone is shown no more."""
    HOLES.clear()
    for kept, empty in looking.every_hole(work, tenants):
        HOLES.labels(kept.tenant, kept.name).set(empty)
