"""Changes' ear: our own configuration and rotations as changes, and causes that freeze."""

from collections.abc import Callable
from datetime import datetime

from quarterdeck.kernel.clock import instant
from quarterdeck.kernel.deliveries import Subscriber
from quarterdeck.kernel.ids import TenantId
from quarterdeck.kernel.outbox import Fact
from quarterdeck.kernel.work import Work
from quarterdeck.operations.changes import service
from quarterdeck.operations.changes.model import MAX_TEXT, Change, ChangeKind, Freeze, Level

NAME = "changes"


def _restarted(fact: Fact) -> str:
    said = fact.payload
    return f"{said['service']} started again by {said['by']}: {said['result']}, {said['detail']}"


def _scaled(fact: Fact) -> str:
    said = fact.payload
    return f"Workers: {said['before']} to {said['after']}, for {said['reason']}"


BUDGET = ("slo", "objective", "demand")
CONFIG, ROTATION, RESTART = ChangeKind.CONFIG, ChangeKind.ROTATION, ChangeKind.RESTART
TITLES: dict[str, tuple[ChangeKind, Callable[[Fact], str]]] = {
    "PackApplied": (CONFIG, lambda f: f"Pack {f.payload['pack']} applied"),
    "SyncPolicyChanged": (CONFIG, lambda f: f"Sync of {f.payload['domain']} changed"),
    "PolicySet": (CONFIG, lambda f: f"Policy {f.payload['kind']} of the trail set"),
    "LimitSet": (CONFIG, lambda _: "Request rate changed"),
    "ServiceRegistered": (CONFIG, lambda f: f"Service {f.payload['service']} registered"),
    "EnvironmentDescribed": (CONFIG, lambda f: f"Environment {f.payload['environment']} described"),
    "SigningKeyRotated": (ROTATION, lambda _: "Signing key of the trail rotated"),
    "KeysWrapped": (CONFIG, lambda f: f"Keys of logs wrapped by {f.payload['kms']}"),
    "KeysRewrapped": (ROTATION, lambda f: f"Keys of logs wrapped anew by {f.payload['kms']}"),
    "KeysUnwrapped": (CONFIG, lambda _: "Keys of logs wrapped no more"),
    "WorkersScaled": (CONFIG, _scaled),
    "RestartTried": (RESTART, _restarted),
    "TokenRotated": (ROTATION, lambda f: f"Token {f.payload['token']} rotated"),
}
"""By the name of a fact: what kind of change it is, and what it is called."""

LOOKED_INTO = ("investigation",)
FREEZES = {
    "FreezePlaced": LOOKED_INTO,
    "TamperDetected": LOOKED_INTO,
    "ComplianceViolated": LOOKED_INTO,
    "BudgetStepReached": BUDGET,
}
THAWS = {"FreezeLifted": LOOKED_INTO, "BudgetStepLeft": BUDGET}
"""By the name of a fact: the fields that tell one cause from another."""

DEMANDS = {"features": Level.FEATURES, "emergency": Level.EMERGENCY}
"""What an error budget demands that is a freeze; an incident and a postmortem are none."""


def subscriber() -> Subscriber:
    """Who hears of facts on behalf of changes."""
    return Subscriber(name=NAME, receive=_hear, hears={*TITLES, *FREEZES, *THAWS})


def _hear(work: Work, fact: Fact) -> None:
    at = instant(fact.moment)
    if fact.name in TITLES:
        service.hear(work, _change(work, fact, at))
    if fact.name in FREEZES and _is_freeze(fact):
        service.put_in_force(work, _freeze(work, fact, at))
    if fact.name in THAWS and _is_freeze(fact):
        service.thaw_key(work, fact.tenant, _key(fact, THAWS[fact.name]))


def _change(work: Work, fact: Fact, at: datetime) -> Change:
    kind, title = TITLES[fact.name]
    return Change(
        id=work.new_id(),
        tenant=TenantId(fact.tenant),
        kind=kind,
        title=title(fact)[:MAX_TEXT],
        at=at,
        environment=str(fact.payload.get("environment", "")),
        service=str(fact.payload.get("service", "")),
        version=str(fact.payload.get("version", "")),
        by=fact.actor,
        source=fact.name,
    )


def _freeze(work: Work, fact: Fact, at: datetime) -> Freeze:
    """While it is not known whether somebody altered the records, nothing is changed.

    A budget that is spent in part refuses less: what the error-budget policy says.
    """
    said = fact.payload
    return Freeze(
        id=work.new_id(),
        tenant=TenantId(fact.tenant),
        key=_key(fact, FREEZES[fact.name]),
        level=DEMANDS.get(str(said.get("demand")), Level.EVERYTHING),
        reason=_reason(fact)[:MAX_TEXT],
        since=at,
        environment=str(said.get("environment", "")),
        by=fact.actor,
        source=fact.name,
    )


def _reason(fact: Fact) -> str:
    said = fact.payload
    match fact.name:
        case "TamperDetected":
            return f"tampering: {said['where']}: {said['what']}"
        case "ComplianceViolated":
            return f"{said['records']} records {said['words']}"
    return f"{said['suspicion']}: {said['reason']}" if "suspicion" in said else str(said["reason"])


def _is_freeze(fact: Fact) -> bool:
    return "demand" not in fact.payload or fact.payload["demand"] in DEMANDS


def _key(fact: Fact, fields: tuple[str, ...]) -> str:
    return f"{fields[0]}:{'/'.join(str(fact.payload[field]) for field in fields)}"
