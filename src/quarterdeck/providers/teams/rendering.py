"""What Teams shows: an Adaptive Card 1.5, its words in text runs, which are no markup. Pure.

A workflow's webhook takes ``message`` with one attachment, 28 KB at most;
https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from quarterdeck.operations.messages.bundling import (
    REPEAT,
    calm,
    headline,
    left_out,
    shortened,
)
from quarterdeck.operations.messages.model import Content

MOST_BYTES, MOST_TITLE, MOST_TEXT, MOST_VALUE, MOST_LABEL = 28_000, 300, 8000, 500, 100
MOST_FACTS, MOST_LINKS, MOST_URL_BYTES, MOST_ACTION = 20, 6, 2000, 60
COLOURS = {
    "critical": "Attention",
    "error": "Attention",
    "warning": "Warning",
    "info": "Accent",
}


def encoded(content: Content, *, repeat: bool) -> bytes:
    """As it is posted."""
    return _json(body(content, repeat=repeat))


def body(content: Content, *, repeat: bool) -> dict[str, Any]:
    """The message; its words are cut until the whole has room."""
    most = MOST_TEXT
    made = _message(content, most, repeat=repeat)
    while most > 1 and len(_json(made)) > MOST_BYTES:
        most //= 2
        made = _message(content, most, repeat=repeat)
    return made


def _json(made: dict[str, Any]) -> bytes:
    return json.dumps(made, ensure_ascii=False).encode()


def _message(content: Content, most: int, *, repeat: bool) -> dict[str, Any]:
    links = _links(content.links)
    card: dict[str, Any] = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.5",
        "msteams": {"width": "Full"},
        "body": list(_body(content, most, len(links), repeat=repeat)),
    }
    actions = [
        {
            "type": "Action.OpenUrl",
            "title": shortened(calm(label.strip() or url), MOST_ACTION),
            "url": url,
        }
        for label, url in links
    ]
    if actions:
        card["actions"] = actions
    kind = "application/vnd.microsoft.card.adaptive"
    return {
        "type": "message",
        "attachments": [{"contentType": kind, "contentUrl": None, "content": card}],
    }


def _body(content: Content, most: int, links: int, *, repeat: bool) -> Iterator[dict[str, Any]]:
    title = _run(shortened(headline(content), MOST_TITLE)) | {
        "weight": "Bolder",
        "size": "Large",
        "color": "Good"
        if content.state == "resolved"
        else COLOURS.get(content.severity, "Default"),
    }
    yield _block(title)
    if repeat:
        yield _block(_run(REPEAT) | {"weight": "Bolder"})
    for paragraph in filter(str.strip, shortened(content.text, most).split("\n\n")):
        yield _block(_run(paragraph))
    shown = content.facts[:MOST_FACTS]
    for label, value in shown:
        yield _block(
            _run(f"{shortened(label, min(MOST_LABEL, most))}: ") | {"weight": "Bolder"},
            _run(shortened(value, min(MOST_VALUE, most)) or "-"),
        )
    if more := left_out(content, len(shown), links):
        yield _block(_run(more) | {"isSubtle": True})


def _links(links: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """The first of them; one that is too long for a card leads nowhere, and is left out."""
    fits = [one for one in links if len(one[1].encode(errors="replace")) <= MOST_URL_BYTES]
    return fits[:MOST_LINKS]


def _run(text: str) -> dict[str, Any]:
    return {"type": "TextRun", "text": calm(text)}


def _block(*runs: dict[str, Any]) -> dict[str, Any]:
    return {"type": "RichTextBlock", "inlines": list(runs)}
