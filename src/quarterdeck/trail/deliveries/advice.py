"""What a dead letter's reason indicates, and what to do (runbook 004, topic 19)."""

from dataclasses import dataclass

from quarterdeck.trail.deliveries.message import Kind
from quarterdeck.trail.deliveries.model import Reason


@dataclass(frozen=True, slots=True)
class Advice:
    """What a reason means, and what is to be done."""

    meaning: str
    indicates: str
    action: str


ADVICE = {
    Reason.DELIVERY_COUNT: Advice(
        "Message failed max retries",
        "Persistent handler failure",
        "Fix code/config, then replay",
    ),
    Reason.TTL: Advice(
        "Message exceeded time-to-live",
        "Long queue backlog, slow processing",
        "Increase TTL or scale consumers",
    ),
    Reason.LOCK_LOST: Advice(
        "Processing took longer than lock duration",
        "Slow handler, long transactions",
        "Optimize handler, increase lock duration",
    ),
    Reason.UNAUTHORIZED: Advice(
        "Consumer lacks permission",
        "RBAC/credential issue",
        "Fix managed identity permissions",
    ),
    Reason.SERIALIZATION: Advice(
        "Cannot deserialize message",
        "Schema version mismatch",
        "Add schema migration, replay",
    ),
}
"""By reason."""

STEPS = {
    Kind.SCHEMA: ("Fix schema mapping", "Test in sandbox", "Replay", "Monitor success"),
    Kind.AUTH: ("Fix credentials", "Test in sandbox", "Replay", "Monitor success"),
    Kind.TRANSIENT: ("Replay at once", "Monitor success"),
    Kind.LOGIC: ("Fix code bug", "Deploy fix", "Test in sandbox", "Replay", "Monitor success"),
    Kind.MALICIOUS: ("Quarantine", "Document and skip"),
}
"""What comes next, by kind: the runbook's flow from classification to the end."""
