"""What is looked into, as metrics of the process that answers."""

from collections import Counter

from prometheus_client import Gauge

from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.trail.freeze import service
from quarterdeck.trail.freeze.model import Suspicion
from quarterdeck.trail.log.storage import leaves

SUSPECTED = Gauge(
    "quarterdeck_tamper_alerts",
    "Suspicions of tampering with a tenant's log that are being looked into.",
    ["tenant"],
)


def measure(work: Work, among: Tenants) -> None:
    """Show how many there are of each log: 0 where none is, so that it is known."""
    open_ones = service.open_ones(work.db, among)
    found = Counter(one.tenant for one in open_ones if one.suspicion is Suspicion.TAMPERING)
    SUSPECTED.clear()
    for tenant in {*found, *(log.tenant for log in leaves.every(work.db))}:
        SUSPECTED.labels(tenant).set(found[tenant])
