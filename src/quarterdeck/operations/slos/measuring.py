"""SLOs as metrics of the process that answers: what of each budget is consumed."""

from prometheus_client import Gauge

from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.operations.slos.model.standing import Verdict
from quarterdeck.operations.slos.service import looking

BY_OBJECTIVE = ["tenant", "slo", "objective"]
CONSUMED = Gauge(
    "quarterdeck_slo_budget_consumed",
    "Consumed part of an error budget, 1 is all; absent where nobody knows.",
    BY_OBJECTIVE,
)
MET = Gauge("quarterdeck_slos", "Objectives by what is to be said of them.", ["verdict"])


def measure(work: Work, tenants: Tenants) -> None:
    """Show every objective as it stands; one that is gone, or not known, is shown no more."""
    found = looking.every_standing(work, tenants)
    CONSUMED.clear()
    for one in found:
        if one.share is not None and one.verdict is not Verdict.UNKNOWN:
            CONSUMED.labels(one.tenant, one.slo, one.objective).set(one.share)
    for word in Verdict:
        MET.labels(word.value).set(sum(one.verdict is word for one in found))
