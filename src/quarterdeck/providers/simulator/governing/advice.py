"""Advisor's recommendations: what could be better, and what it would save."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from quarterdeck.providers.simulator.chance import share
from quarterdeck.providers.simulator.estate import Json, guid, stamp


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """A kind of recommendation, and how many of its resources get it."""

    category: str
    impact: str
    problem: str
    solution: str
    type: str
    share: float
    saves: int = 0


KINDS: Sequence[Advice] = (
    Advice(
        category="Cost",
        impact="High",
        problem="Right-size or shutdown underutilized virtual machines",
        solution="Right-size or shutdown underutilized virtual machines",
        type="microsoft.compute/virtualmachines",
        share=0.15,
        saves=640,
    ),
    Advice(
        category="Cost",
        impact="Medium",
        problem="You have disks that have not been attached to a VM for more than 30 days",
        solution="Evaluate if you still need the disk",
        type="microsoft.compute/disks",
        share=0.06,
        saves=90,
    ),
    Advice(
        category="Security",
        impact="High",
        problem="Secure transfer to storage accounts should be enabled",
        solution="Enable secure transfer",
        type="microsoft.storage/storageaccounts",
        share=0.10,
    ),
    Advice(
        category="HighAvailability",
        impact="Medium",
        problem="Use availability zones for the virtual machine",
        solution="Move the virtual machine to a zone",
        type="microsoft.compute/virtualmachines",
        share=0.2,
    ),
    Advice(
        category="OperationalExcellence",
        impact="Low",
        problem="Use the latest version of the platform",
        solution="Upgrade the cluster",
        type="microsoft.containerservice/managedclusters",
        share=0.5,
    ),
)


def recommendations(resources: Sequence[Json], currency: str, now: datetime) -> Iterator[Json]:
    """What Advisor recommends for some resources."""
    for advice in KINDS:
        for resource in resources:
            if resource["type"].lower() != advice.type:
                continue
            if share(resource["id"].lower(), advice.problem) < advice.share:
                yield recommendation(advice, resource, currency, now)


def recommendation(advice: Advice, resource: Json, currency: str, now: datetime) -> Json:
    """One; learn.microsoft.com/rest/api/advisor/recommendations/list."""
    name = guid(resource["id"].lower(), advice.problem)
    extended: Mapping[str, str] = {}
    if advice.saves:
        yearly = int(advice.saves * (0.5 + share(resource["id"], "saves")))
        extended = {
            "annualSavingsAmount": str(yearly),
            "savingsAmount": str(yearly // 12),
            "savingsCurrency": currency,
        }
    return {
        "id": f"{resource['id']}/providers/Microsoft.Advisor/recommendations/{name}",
        "name": name,
        "type": "Microsoft.Advisor/recommendations",
        "properties": {
            "category": advice.category,
            "impact": advice.impact,
            "impactedField": resource["type"],
            "impactedValue": resource["name"],
            "lastUpdated": stamp(now.replace(hour=4, minute=0, second=0, microsecond=0)),
            "recommendationTypeId": guid(advice.problem),
            "shortDescription": {"problem": advice.problem, "solution": advice.solution},
            "extendedProperties": dict(extended),
            "resourceMetadata": {"resourceId": resource["id"]},
        },
    }
