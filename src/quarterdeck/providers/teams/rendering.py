"""What Teams shows: an Adaptive Card, its words in text runs, which are no markup. Pure.

A workflow's webhook takes ``message`` with one attachment, 28 KB at most;
https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors.
"""

import json
from collections.abc import Iterator
from typing import Any

from quarterdeck.operations.messages.bundling import calm, headline, shortened
from quarterdeck.operations.messages.model import Content

MOST_BYTES, MOST_TITLE, MOST_TEXT, MOST_VALUE = 28_000, 300, 8000, 500
MOST_FACTS, MOST_LINKS = 20, 6
COLOURS = {
    "critical": "Attention",
    "error": "Attention",
    "warning": "Warning",
    "info": "Accent",
}
REPEAT = "Repeat: you may have this already."


def body(content: Content, *, repeat: bool) -> dict[str, Any]:
    """The message; its text is cut until the whole has room."""
    most = MOST_TEXT
    made = _message(content, most, repeat=repeat)
    while most > 1 and len(json.dumps(made).encode()) > MOST_BYTES:
        most //= 2
        made = _message(content, most, repeat=repeat)
    return made


def _message(content: Content, most: int, *, repeat: bool) -> dict[str, Any]:
    card: dict[str, Any] = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "msteams": {"width": "Full"},
        "body": list(_body(content, most, repeat=repeat)),
    }
    actions = [
        {"type": "Action.OpenUrl", "title": calm(shortened(label, 60)), "url": url}
        for label, url in content.links[:MOST_LINKS]
    ]
    if actions:
        card["actions"] = actions
    kind = "application/vnd.microsoft.card.adaptive"
    return {
        "type": "message",
        "attachments": [{"contentType": kind, "contentUrl": None, "content": card}],
    }


def _body(content: Content, most: int, *, repeat: bool) -> Iterator[dict[str, Any]]:
    title = _run(shortened(headline(content), MOST_TITLE)) | {
        "weight": "Bolder",
        "size": "Large",
        "color": "Good"
        if content.state == "resolved"
        else COLOURS.get(content.severity, "Default"),
    }
    yield _block(title)
    for paragraph in filter(None, shortened(content.text, most).split("\n\n")):
        yield _block(_run(paragraph))
    room = min(MOST_VALUE, most)
    for label, value in content.facts[:MOST_FACTS]:
        yield _block(
            _run(f"{shortened(label, 100)}: ") | {"weight": "Bolder"},
            _run(shortened(value, room)),
        )
    if repeat:
        yield _block(_run(REPEAT) | {"isSubtle": True})


def _run(text: str) -> dict[str, Any]:
    return {"type": "TextRun", "text": calm(text)}


def _block(*runs: dict[str, Any]) -> dict[str, Any]:
    return {"type": "RichTextBlock", "inlines": list(runs)}
