"""Promises about retention and residency, as metrics of the process that answers."""

from collections import Counter
from datetime import timedelta

from prometheus_client import Gauge

from quarterdeck.kernel.clock import instant, since
from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.trail.retention.breaches import Verdict
from quarterdeck.trail.retention.service import watching

BREACHES = Gauge(
    "quarterdeck_compliance_breaches",
    "Promises about retention and residency of a tenant's records that are broken; absent where "
    "that is not known.",
    ["tenant"],
)
UNKNOWN = Gauge(
    "quarterdeck_compliance_unknown",
    "Promises about retention and residency of which it is not known whether they hold.",
    ["tenant"],
)
LATE = timedelta(minutes=10)
"""Ten beats of the check: what it said before that is not known any more."""


def measure(work: Work, among: Tenants) -> None:
    """Show both of each tenant to whom something is promised."""
    BREACHES.clear()
    UNKNOWN.clear()
    for scan, judged in watching.known(work, among):
        asked = [one for one in judged if one.verdict is not Verdict.NOT_ASKED]
        found = Counter(one.verdict for one in asked)
        broken, unknown = found[Verdict.BROKEN], found[Verdict.UNKNOWN] + found[Verdict.WAITING]
        if since(work.now, instant(scan.at)) > LATE:
            unknown = len(asked) - broken
        UNKNOWN.labels(scan.tenant).set(unknown)
        if broken or not unknown:
            BREACHES.labels(scan.tenant).set(broken)
