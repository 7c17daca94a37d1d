"""What preflight says in numbers, from the database: as true when no worker lives."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from prometheus_client import Gauge

from quarterdeck.governance.preflight.model import Examined
from quarterdeck.kernel.clock import since

CHECKS = Gauge(
    "quarterdeck_preflight_checks",
    "Calls that preflight tried last, by how they were answered.",
    ["tenant", "outcome"],
)
AGE = Gauge("quarterdeck_preflight_age_seconds", "Age of the oldest last examination.", ["tenant"])


def show(found: Sequence[Examined], now: datetime) -> None:
    """Show what the last examination of each connection found, and how old it is."""
    CHECKS.clear()
    AGE.clear()
    many = Counter((one.tenant, r.outcome.value) for one in found for r in one.results)
    for (tenant, outcome), count in many.items():
        CHECKS.labels(tenant, outcome).set(count)
    for one in sorted(found, key=lambda one: one.at, reverse=True):  # the oldest stays
        AGE.labels(one.tenant).set(since(now, one.at).total_seconds())
