"""An event for PagerDuty's Events API v2. Pure.

A summary has 1 to 1,024 characters, a dedup key 255 at most, an event 512 KB;
https://developer.pagerduty.com/docs/events-api-v2.
"""

import json
from collections.abc import Iterable
from hashlib import sha256
from typing import Any

from quarterdeck.operations.messages.bundling import UNTITLED, left_out, shortened
from quarterdeck.operations.messages.model import Content

MOST_SUMMARY, MOST_KEY, MOST_TEXT, MOST_VALUE, MOST_FACTS = 1024, 255, 20_000, 2000, 50
MOST_BYTES, MOST_LABEL, MOST_LINKS, MOST_URL_BYTES = 512_000, 200, 10, 2000
ACTIONS = {"acknowledged": "acknowledge", "resolved": "resolve"}
SEVERITIES = ("critical", "error", "warning", "info")
OTHERWISE = "warning"
SOURCE = "quarterdeck"


def encoded(event: dict[str, Any]) -> bytes:
    """As it is posted."""
    return json.dumps(event, ensure_ascii=False).encode()


def body(content: Content, routing_key: str, dedup: str) -> dict[str, Any]:
    """The event; those with one ``dedup`` key are one incident there."""
    action = ACTIONS.get(content.state, "trigger")
    event: dict[str, Any] = {
        "routing_key": routing_key,
        "event_action": action,
        "dedup_key": dedup_key(dedup),
    }
    return event if action != "trigger" else _triggered(event, content)


def dedup_key(dedup: str) -> str:
    """As PagerDuty takes it: one that is too long, by its hash."""
    return dedup if len(dedup) <= MOST_KEY else sha256(dedup.encode()).hexdigest()


def _triggered(event: dict[str, Any], content: Content) -> dict[str, Any]:
    """With all that is told; its words are cut until the whole has room."""
    most = MOST_TEXT
    made = event | _told(content, most)
    while most > 1 and len(encoded(made)) > MOST_BYTES:
        most //= 2
        made = event | _told(content, most)
    return made


def _told(content: Content, most: int) -> dict[str, Any]:
    fits = [one for one in content.links if len(one[1].encode(errors="replace")) <= MOST_URL_BYTES]
    links = fits[:MOST_LINKS]
    return {
        "client": "Quarterdeck",
        "payload": _payload(content, most, len(links)),
        "links": [
            {"href": url, "text": shortened(label.strip() or url, MOST_LABEL)}
            for label, url in links
        ],
    }


def _payload(content: Content, most: int, links: int) -> dict[str, Any]:
    facts = content.facts[:MOST_FACTS]
    said = [
        (label.strip() or "-", shortened(value, min(MOST_VALUE, most))) for label, value in facts
    ]
    if content.text.strip():
        said.append(("text", shortened(content.text, most)))
    if more := left_out(content, len(facts), links):
        said.append(("more", more))
    return {
        "summary": shortened(content.title.strip() or UNTITLED, MOST_SUMMARY),
        "source": shortened(_source(facts), MOST_KEY),
        "severity": content.severity if content.severity in SEVERITIES else OTHERWISE,
        "custom_details": _each(said),
    }


def _source(facts: Iterable[tuple[str, str]]) -> str:
    named = {label.strip().lower(): value.strip() for label, value in facts}
    return named.get("service") or named.get("source") or SOURCE


def _each(said: Iterable[tuple[str, str]]) -> dict[str, str]:
    """By label; of those that have one label, the second is ``label (2)``: none is lost."""
    found: dict[str, str] = {}
    for label, value in said:
        name, place = shortened(label, MOST_LABEL), 1
        while name in found:
            place += 1
            name = f"{shortened(label, MOST_LABEL)} ({place})"
        found[name] = value
    return found
