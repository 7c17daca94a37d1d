"""An event for PagerDuty's Events API v2. Pure.

A summary has 1,024 characters at most, a dedup key 255, an event 512 KB;
https://developer.pagerduty.com/docs/events-api-v2.
"""

from hashlib import sha256
from typing import Any

from quarterdeck.operations.messages.bundling import shortened
from quarterdeck.operations.messages.model import Content

MOST_SUMMARY, MOST_KEY, MOST_TEXT, MOST_VALUE, MOST_FACTS = 1024, 255, 20_000, 2000, 50
ACTIONS = {"acknowledged": "acknowledge", "resolved": "resolve"}
SEVERITIES = ("critical", "error", "warning", "info")
OTHERWISE = "warning"
SOURCE = "quarterdeck"


def body(content: Content, routing_key: str, dedup: str) -> dict[str, Any]:
    """The event; those with one ``dedup`` key are one incident there."""
    action = ACTIONS.get(content.state, "trigger")
    event: dict[str, Any] = {
        "routing_key": routing_key,
        "event_action": action,
        "dedup_key": dedup_key(dedup),
    }
    if action != "trigger":
        return event
    return event | {
        "client": "Quarterdeck",
        "payload": _payload(content),
        "links": [{"href": url, "text": label} for label, url in content.links[:10]],
    }


def dedup_key(dedup: str) -> str:
    """As PagerDuty takes it: one that is too long, by its hash."""
    return dedup if len(dedup) <= MOST_KEY else sha256(dedup.encode()).hexdigest()


def _payload(content: Content) -> dict[str, Any]:
    facts = {label: shortened(value, MOST_VALUE) for label, value in content.facts[:MOST_FACTS]}
    text = {"text": shortened(content.text, MOST_TEXT)} if content.text else {}
    named = {label.lower(): value for label, value in content.facts}
    return {
        "summary": shortened(content.title, MOST_SUMMARY),
        "source": shortened(named.get("service") or named.get("source") or SOURCE, MOST_KEY),
        "severity": content.severity if content.severity in SEVERITIES else OTHERWISE,
        "custom_details": {**facts, **text},
    }
