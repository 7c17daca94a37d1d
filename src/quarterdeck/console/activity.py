"""Records of the trail in words: who did what, to what. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from quarterdeck.console.words import count, short
from quarterdeck.events import EVENTS
from quarterdeck.kernel.text import spaced
from quarterdeck.trail.log.model import RecordView

SEEN = {
    "resources": "resource",
    "costs": "cost row",
    "compliance": "policy state",
    "identity": "directory item",
}
"""What a run of each domain counts."""

SAID = {
    "tenants:create": "Tenant created",
    "tenants:write": "Tenant renamed",
    "tenants:describe": "Tenant described",
    "tenants:archive": "Tenant archived",
    "principals:create": "Principal added",
    "principals:link": "Principal linked to an identity provider",
    "principals:disable": "Principal shut out",
    "grants:create": "Role granted",
    "grants:revoke": "Role taken away",
    "tokens:create": "Token made",
    "tokens:rotate": "Token rotated",
    "tokens:revoke": "Token revoked",
    "sessions:create": "Signed in",
    "sessions:end": "Signed out",
    "limits:write": "Request rate set",
    "access:refuse": "Access refused",
    "connections:create": "Cloud directory connected",
    "connections:remove": "Cloud directory disconnected",
    "sync:trigger": "Sync asked for",
    "sync:complete": "Synced",
    "sync:cancel": "Sync cancelled",
    "sync:configure": "How a domain is synced changed",
    "sync:pause": "Sync paused",
    "sync:unpause": "Sync resumed",
    "sync:backfill": "Costs of past days asked for",
    "alerts:resolve": "Alert resolved",
    "alerts:acknowledge": "Alert acknowledged",
    "alerts:unacknowledge": "Acknowledgement taken back",
    "alerts:reopen": "Alert reopened",
    "alerts:handle": "Alerts handled together",
    "alerts:silence": "Alerts silenced",
    "alerts:unsilence": "Silence ended",
    "rules:import": "Alert rules brought in",
    "rules:write": "Alert rule changed",
    "routing:write": "Routing of alerts applied",
    "records:disclose": "Committed fields looked at",
    "deadletters:replay": "Dead letters replayed",
    "deadletters:triage": "Dead letters triaged",
    "deliveries:control": "Delivery paused, resumed or tried again",
    "exports:create": "Export asked for",
    "statuspage:component": "Component of the status page changed",
}
FAILED = {"sync:complete": "Sync failed"}
STATES = {"success": "ok", "failure": "warning", "denied": "warning"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """One record as a line.

    Attributes:
        words: what happened, to read.
        detail: what of its payload is worth a look; may be empty.
        state: ``ok``, ``warning`` or ``unknown``.
        quarantined: it came while its log was looked into.
    """

    tenant: str
    index: int
    proven: bool
    words: str
    detail: str
    actor: str
    resource: str
    outcome: str
    state: str
    at: datetime
    quarantined: bool = False


def activity(tenant: str, view: RecordView, *, quarantined: bool = False) -> Activity:
    """``view``, a record of ``tenant``'s log, as a line."""
    record = view.record
    outcome = str(record["outcome"])
    payload = view.payload if isinstance(view.payload, dict) else {}
    return Activity(
        tenant=tenant,
        index=view.index,
        proven=view.proven,
        words=words_of(str(record["action"]), outcome),
        detail=_detail(payload),
        actor=str(record["actor"]["id"]),
        resource=f"{record['resource']['type']} {short(str(record['resource']['id']))}",
        outcome=outcome,
        state=STATES.get(outcome, "unknown"),
        at=datetime.fromisoformat(str(record["occurred_at"])),
        quarantined=quarantined,
    )


def words_of(action: str, outcome: str) -> str:
    """What ``action`` reads like; one that is not ours stands as it is."""
    if outcome == "failure" and action in FAILED:
        return FAILED[action]
    return SAID.get(action) or _named().get(action, action)


@cache
def _named() -> Mapping[str, str]:
    """What events are called, by their actions."""
    return {kind.action: spaced(name) for name, kind in EVENTS.items()}


def _detail(payload: Mapping[str, Any]) -> str:
    if payload.get("failure"):
        return str(payload["failure"]).replace("_", " ")
    if "seen" in payload:
        return _sync(payload)
    if "refused" in payload:
        return f"{payload['refused']}, {count(int(payload.get('count', 1)), 'time')} in a minute"
    named = [payload[name] for name in ("role", "method", "domain", "kind") if name in payload]
    return ", ".join(map(str, named))


def _sync(payload: Mapping[str, Any]) -> str:
    changed = [
        f"{payload[name]:,} {word}"
        for name, word in (("added", "new"), ("changed", "changed"), ("removed", "removed"))
        if payload.get(name)
    ]
    seen = f"{count(payload['seen'], SEEN.get(str(payload.get('domain')), 'item'))} seen"
    return ", ".join([seen, *(changed or ["nothing changed"])])
