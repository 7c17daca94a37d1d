"""What was not told yet as metrics of the process that answers."""

from prometheus_client import Gauge

from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.operations.messages.service import looking

MESSAGES = Gauge(
    "quarterdeck_messages_untold",
    "Messages that wait, and that were given up (failed), by tenant and kind of channel.",
    ["tenant", "kind", "state"],
)


def measure(work: Work, tenants: Tenants) -> None:
    """Show how many there are; what is empty now is shown no more."""
    MESSAGES.clear()
    for (tenant, kind, state), many in looking.counts(work, tenants).items():
        MESSAGES.labels(tenant, kind, state).set(many)
