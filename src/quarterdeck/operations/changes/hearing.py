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

CONFIG, ROTATION = ChangeKind.CONFIG, ChangeKind.ROTATION
TITLES: dict[str, tuple[ChangeKind, Callable[[Fact], str]]] = {
    "PackApplied": (CONFIG, lambda f: f"Pack {f.payload['pack']} applied"),
    "SyncPolicyChanged": (CONFIG, lambda f: f"Sync of {f.payload['domain']} changed"),
    "PolicySet": (CONFIG, lambda f: f"Policy {f.payload['kind']} of the trail set"),
    "LimitSet": (CONFIG, lambda _: "Request rate changed"),
    "ServiceRegistered": (CONFIG, lambda f: f"Service {f.payload['service']} registered"),
    "EnvironmentDescribed": (CONFIG, lambda f: f"Environment {f.payload['environment']} described"),
    "SigningKeyRotated": (ROTATION, lambda _: "Signing key of the trail rotated"),
    "TokenRotated": (ROTATION, lambda f: f"Token {f.payload['token']} rotated"),
}
"""By the name of a fact: what kind of change it is, and what it is called."""

FREEZES = {"FreezePlaced": "investigation"}
THAWS = {"FreezeLifted": "investigation"}
"""By the name of a fact: the field that tells one cause from another."""


def subscriber() -> Subscriber:
    """Who hears of facts on behalf of changes."""
    return Subscriber(name=NAME, receive=_hear)


def _hear(work: Work, fact: Fact) -> None:
    at = instant(fact.moment)
    if fact.name in TITLES:
        service.hear(work, _change(work, fact, at))
    if fact.name in FREEZES:
        service.put_in_force(work, _freeze(work, fact, at))
    if fact.name in THAWS:
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
    """While it is not known whether somebody altered the records, nothing is changed."""
    words = f"{fact.payload['suspicion']}: {fact.payload['reason']}"
    return Freeze(
        id=work.new_id(),
        tenant=TenantId(fact.tenant),
        key=_key(fact, FREEZES[fact.name]),
        level=Level.EVERYTHING,
        reason=words[:MAX_TEXT],
        since=at,
        by=fact.actor,
        source=fact.name,
    )


def _key(fact: Fact, field: str) -> str:
    return f"{field}:{fact.payload[field]}"
