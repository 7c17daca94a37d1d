"""What a channel's webhook is posted: JSON for programs, version 1. Pure."""

import json
from collections.abc import Sequence
from typing import Any

from quarterdeck.operations.messages.model import Content
from quarterdeck.operations.messages.ports import Parcel

VERSION = "1"


def body(parcel: Parcel) -> bytes:
    """All of it: a program reads no shortened text."""
    document = {
        "version": VERSION,
        "id": parcel.id,
        "tenant": parcel.tenant,
        "channel": parcel.channel.name if parcel.channel else "",
        "about": parcel.about,
        "messages": [_message(one) for one in parcel.contents],
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def _message(content: Content) -> dict[str, Any]:
    return {
        "title": content.title,
        "text": content.text,
        "severity": content.severity,
        "state": content.state,
        "facts": _pairs(content.facts, "label", "value"),
        "links": _pairs(content.links, "label", "url"),
    }


def _pairs(pairs: Sequence[tuple[str, str]], first: str, second: str) -> list[dict[str, str]]:
    return [{first: one, second: other} for one, other in pairs]
