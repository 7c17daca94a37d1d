"""The policies of a simulated subscription and the state of each resource under them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import sin

from quarterdeck.providers.simulator.chance import share
from quarterdeck.providers.simulator.estate import Json, guid

STARTING = datetime(2026, 1, 1)  # noqa: DTZ001  only its day counts
DAY = timedelta(days=1)
SECOND = len("2026-03-01T00:00:00")
EXEMPT = 0.02
UNKNOWN = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A built-in policy that is assigned to each subscription.

    Attributes:
        types: of resource that it looks at, in lower case; empty for all.
        failing: the share that does not comply, about.
        set: the policy set by which it is assigned; empty where it is by itself.
    """

    name: str
    display: str
    category: str
    effect: str
    failing: float
    types: Sequence[str] = ()
    set: str = ""


STORAGE = "f8f5293d-df94-484a-a3e7-6b422a999d91"
SETS = {STORAGE: "Storage accounts are kept private"}
"""Policy sets by their names."""

POLICIES: Sequence[Policy] = (
    Policy(
        name="871b6d14-10aa-478d-b590-94f262ecfa99",
        display="Require a tag on resources",
        category="Tags",
        effect="audit",
        failing=0.14,
    ),
    Policy(
        name="e56962a6-4747-49cd-b67b-bf8b01975c4c",
        display="Allowed locations",
        category="General",
        effect="deny",
        failing=0.03,
    ),
    Policy(
        name="404c3081-a854-4457-ae30-26a93ef643f9",
        display="Secure transfer to storage accounts should be enabled",
        category="Storage",
        effect="audit",
        failing=0.10,
        types=("microsoft.storage/storageaccounts",),
        set=STORAGE,
    ),
    Policy(
        name="4fa4b6c0-31ca-4c0d-b10d-24b96f62a751",
        display="Storage account public access should be disallowed",
        category="Storage",
        effect="audit",
        failing=0.10,
        types=("microsoft.storage/storageaccounts",),
        set=STORAGE,
    ),
    Policy(
        name="06a78e20-9358-41c9-923c-fb736d382a4d",
        display="Audit VMs that do not use managed disks",
        category="Compute",
        effect="audit",
        failing=0.04,
        types=("microsoft.compute/virtualmachines",),
    ),
    Policy(
        name="0b60c0b2-2dc2-4e1c-b5c9-abbed971de53",
        display="Key vaults should have deletion protection enabled",
        category="Key Vault",
        effect="audit",
        failing=0.3,
        types=("microsoft.keyvault/vaults",),
    ),
    Policy(
        name="a4af4a39-4135-47fb-b175-47fbdf85311d",
        display="App Service apps should only be accessible over HTTPS",
        category="App Service",
        effect="audit",
        failing=0.12,
        types=("microsoft.web/sites",),
    ),
)


def assignments(subscription: str) -> Iterator[tuple[Policy, str]]:
    """Each policy with the id of its assignment; those of one set share theirs."""
    for policy in POLICIES:
        name = guid(subscription, policy.set or policy.name)[:23].replace("-", "")
        scope = f"/subscriptions/{subscription}"
        yield policy, f"{scope}/providers/Microsoft.Authorization/policyAssignments/{name}"


def states(subscription: str, resources: Sequence[Json], now: datetime) -> Iterator[Json]:
    """The latest state of each resource under each policy that looks at its type."""
    for policy, assignment in assignments(subscription):
        for resource in resources:
            if not policy.types or resource["type"].lower() in policy.types:
                yield state(policy, assignment, resource, now)


def verdict(policy: Policy, resource: Json, now: datetime) -> str:
    """Whether a resource complies; it changes slowly, as people clean up and let slip."""
    if policy.category == "Tags":
        return "Compliant" if resource.get("tags", {}).get("owner") else "NonCompliant"
    point = share(resource["id"].lower(), policy.name)
    drift = 1 + 0.4 * sin((now.date() - STARTING.date()).days / 20)
    if point < policy.failing * drift:
        return "NonCompliant"
    if point > 1 - UNKNOWN:
        return "Unknown"
    return "Exempt" if point > 1 - UNKNOWN - EXEMPT else "Compliant"


def evaluated(resource: Json, now: datetime) -> datetime:
    """When a resource was last looked at: once a day at its own time, and when it changed."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    daily = midnight + DAY * share(resource["id"].lower(), "evaluated")
    last = daily if daily <= now else daily - DAY
    changed = datetime.fromisoformat(resource["changedTime"][:SECOND]).replace(tzinfo=now.tzinfo)
    return max(last, changed) if changed <= now else last


def state(policy: Policy, assignment: str, resource: Json, now: datetime) -> Json:
    """A policy state; learn.microsoft.com/rest/api/policyinsights/policy-states."""
    parts = resource["id"].split("/")
    at = evaluated(resource, now)
    found = verdict(policy, resource, at)
    return {
        "@odata.id": None,
        "@odata.context": None,
        "timestamp": f"{at:%Y-%m-%dT%H:%M:%S}Z",
        "resourceId": resource["id"].lower(),
        "policyAssignmentId": assignment.lower(),
        "policyDefinitionId": f"/providers/microsoft.authorization/policydefinitions/{policy.name}",
        "effectiveParameters": None,
        "isCompliant": found in ("Compliant", "Exempt"),
        "subscriptionId": parts[2],
        "resourceType": resource["type"],
        "resourceLocation": resource.get("location", ""),
        "resourceGroup": parts[4],
        "resourceTags": "tbd",
        "policyAssignmentName": assignment.rpartition("/")[2],
        "policyAssignmentOwner": "tbd",
        "policyAssignmentParameters": None,
        "policyAssignmentScope": f"/subscriptions/{parts[2]}",
        "policyDefinitionName": policy.name,
        "policyDefinitionAction": policy.effect,
        "policyDefinitionCategory": policy.category,
        "policySetDefinitionId": set_id(policy),
        "policySetDefinitionName": policy.set,
        "policySetDefinitionOwner": "",
        "policySetDefinitionCategory": "",
        "policySetDefinitionParameters": "",
        "managementGroupIds": "root",
        "policyDefinitionReferenceId": policy.name if policy.set else "",
        "complianceState": found,
        "policyDefinitionGroupNames": [],
    }


def summary(found: Sequence[Json], subscription: str) -> Json:
    """The counts of ``states``, as ``summarize`` answers."""
    failed = [one for one in found if one["complianceState"] == "NonCompliant"]
    return {
        "@odata.id": None,
        "@odata.context": None,
        "results": results(found),
        "policyAssignments": [
            {
                "policyAssignmentId": assignment.lower(),
                "policySetDefinitionId": set_id(held[0]),
                "results": results(
                    [one for one in found if one["policyAssignmentId"] == assignment.lower()]
                ),
                "policyDefinitions": [summed(policy, failed) for policy in held],
            }
            for assignment, held in by_assignment(subscription).items()
        ],
    }


def by_assignment(subscription: str) -> dict[str, list[Policy]]:
    """The policies of each assignment."""
    found: dict[str, list[Policy]] = {}
    for policy, assignment in assignments(subscription):
        found.setdefault(assignment, []).append(policy)
    return found


def summed(policy: Policy, failed: Sequence[Json]) -> Json:
    """The counts of a policy, of states that have ``failed``."""
    return {
        "policyDefinitionId": f"/providers/microsoft.authorization/policydefinitions/{policy.name}",
        "policyDefinitionReferenceId": policy.name if policy.set else "",
        "effect": policy.effect,
        "results": results([one for one in failed if one["policyDefinitionName"] == policy.name]),
    }


def set_id(policy: Policy) -> str:
    """The id of its set, as states write it; empty where it has none."""
    if not policy.set:
        return ""
    return f"/providers/microsoft.authorization/policysetdefinitions/{policy.set}"


def results(found: Sequence[Json]) -> Json:
    """Counts of resources and policies, by verdict."""
    by_verdict: dict[str, set[str]] = {}
    for one in found:
        by_verdict.setdefault(one["complianceState"].lower(), set()).add(one["resourceId"])
    failed = [one for one in found if one["complianceState"] == "NonCompliant"]
    return {
        "queryResultsUri": None,
        "nonCompliantResources": len({one["resourceId"] for one in failed}),
        "nonCompliantPolicies": len({one["policyDefinitionName"] for one in failed}),
        "resourceDetails": [
            {"complianceState": name, "count": len(ids)} for name, ids in by_verdict.items()
        ],
        "policyDetails": [],
        "policyGroupDetails": [],
    }
