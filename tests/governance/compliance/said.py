"""What a cloud says of compliance, in the shapes of Microsoft's REST documentation."""

import json

POLICIES = "/providers/microsoft.authorization/policydefinitions"
ASSIGNED = "/subscriptions/s1/providers/microsoft.authorization/policyassignments"


def state(
    resource: str,
    policy: str = "tls",
    word: str = "Compliant",
    *,
    group: str = "rg",
    assignment: str = "baseline",
    **more: object,
) -> bytes:
    """A policy state (Policy Insights, policyStates, latest, 2019-10-01).

    It tells no time of evaluation, so all are read each time; ``timestamp=`` tells one.
    """
    path = f"/subscriptions/s1/resourceGroups/{group}/providers/Microsoft.Web/sites/{resource}"
    return json.dumps(
        {
            "@odata.id": None,
            "timestamp": None,
            "resourceId": path,
            "policyAssignmentId": f"{ASSIGNED}/{assignment}",
            "policyAssignmentName": assignment,
            "policyDefinitionId": f"{POLICIES}/{policy}",
            "policyDefinitionName": policy,
            "policyDefinitionAction": "audit",
            "policyDefinitionCategory": "Security",
            "isCompliant": word == "Compliant",
            "complianceState": word,
            "subscriptionId": "s1",
            "resourceType": "Microsoft.Web/sites",
            "resourceLocation": "westeurope",
            "resourceGroup": group,
        }
        | more
    ).encode()


def secure_score(current: float | None = 29.0, most: float = 58.0, name: str = "ascScore") -> bytes:
    """A secure score (Defender for Cloud, secureScores, 2020-01-01)."""
    points = {"current": current, "max": most, "percentage": (current or 0) / most}
    path = f"/subscriptions/s1/providers/Microsoft.Security/secureScores/{name}"
    about = {"displayName": "ASC score", "score": points, "weight": 199}
    named = {"id": path, "name": name, "type": "Microsoft.Security/secureScores"}
    return json.dumps(named | {"properties": about}).encode()


def advice(name: str, impact: str = "High", **more: object) -> bytes:
    """A recommendation (Advisor, recommendations, 2023-01-01)."""
    about = {
        "category": "Security",
        "impact": impact,
        "impactedField": "Microsoft.Web/sites",
        "impactedValue": "web-1",
        "lastUpdated": "2026-01-01T10:00:00Z",
        "shortDescription": {"problem": "It is open", "solution": "Close it"},
        "resourceMetadata": {"resourceId": "/subscriptions/s1/web-1"},
    }
    path = f"/subscriptions/s1/providers/Microsoft.Advisor/recommendations/{name}"
    return json.dumps({"id": path, "name": name, "properties": about | more}).encode()
