"""Defender for Cloud's secure score, and the controls that it is made of."""

from collections.abc import Sequence
from datetime import datetime
from math import sin

from quarterdeck.providers.simulator.chance import share
from quarterdeck.providers.simulator.estate import Json, guid

CONTROLS: Sequence[tuple[str, int]] = (
    ("Enable MFA", 10),
    ("Secure management ports", 8),
    ("Remediate vulnerabilities", 6),
    ("Apply system updates", 6),
    ("Encrypt data in transit", 4),
    ("Restrict unauthorized network access", 4),
    ("Manage access and permissions", 4),
    ("Enable auditing and logging", 1),
)
"""Names and the most points each can bring."""


def controls(subscription: str, size: int, now: datetime) -> list[Json]:
    """Each control; learn.microsoft.com/rest/api/defenderforcloud/secure-score-controls."""
    return [control(subscription, name, most, size, now) for name, most in CONTROLS]


def control(subscription: str, name: str, most: int, size: int, now: datetime) -> Json:
    """One control; its healthy share moves slowly."""
    usual = 0.3 + 0.6 * share(subscription, name)
    healthy = min(usual + 0.08 * sin(now.timetuple().tm_yday / 30), 1.0)
    resources = max(size // 4, 1)
    sick = round(resources * (1 - healthy))
    current = round(most * (resources - sick) / resources, 2)
    id_ = guid(name)
    return {
        "id": f"/subscriptions/{subscription}/providers/Microsoft.Security/secureScores/ascScore"
        f"/secureScoreControls/{id_}",
        "name": id_,
        "type": "Microsoft.Security/secureScores/secureScoreControls",
        "properties": {
            "displayName": name,
            "score": {
                "max": most,
                "current": current,
                "percentage": round(current / most, 4),
            },
            "healthyResourceCount": resources - sick,
            "unhealthyResourceCount": sick,
            "notApplicableResourceCount": 0,
            "weight": resources,
        },
    }


def score(subscription: str, found: Sequence[Json]) -> Json:
    """The score of a subscription; learn.microsoft.com/rest/api/defenderforcloud/secure-scores."""
    points = [one["properties"]["score"] for one in found]
    most = sum(one["max"] for one in points)
    current = round(sum(one["current"] for one in points), 2)
    return {
        "id": f"/subscriptions/{subscription}/providers/Microsoft.Security/secureScores/ascScore",
        "name": "ascScore",
        "type": "Microsoft.Security/secureScores",
        "properties": {
            "displayName": "ASC score",
            "score": {"max": most, "current": current, "percentage": round(current / most, 4)},
            "weight": found[0]["properties"]["weight"],
        },
    }
