"""What each service documents of the bodies that it takes, as JSON Schema (draft 2020-12).

Written from their rules: docs.slack.dev/reference (block-kit/blocks, methods/chat.postMessage);
adaptivecards.io/explorer (1.5) and learn.microsoft.com/microsoftteams/platform; and
developer.pagerduty.com/docs/events-api-v2. What a service leaves open is closed here: a key that
nobody documented is a mistake of ours.
"""

from typing import Any

Schema = dict[str, Any]


def _of(properties: Schema, *required: str) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


def _words(most: int, least: int = 1) -> Schema:
    return {"type": "string", "minLength": least, "maxLength": most}


def _mrkdwn(most: int) -> Schema:
    said = {"type": {"const": "mrkdwn"}, "text": _words(most), "verbatim": {"type": "boolean"}}
    return _of(said, "type", "text")


_HEADER = _of(
    {
        "type": {"const": "header"},
        "text": _of(
            {
                "type": {"const": "plain_text"},
                "text": _words(150),
                "emoji": {"type": "boolean"},
            },
            "type",
            "text",
        ),
    },
    "type",
    "text",
)
_SECTION = _of(
    {
        "type": {"const": "section"},
        "text": _mrkdwn(3000),
        "fields": {"type": "array", "minItems": 1, "maxItems": 10, "items": _mrkdwn(2000)},
    },
    "type",
) | {"anyOf": [{"required": ["text"]}, {"required": ["fields"]}]}
_CONTEXT = _of(
    {
        "type": {"const": "context"},
        "elements": {"type": "array", "minItems": 1, "maxItems": 10, "items": _mrkdwn(3000)},
    },
    "type",
    "elements",
)
SLACK = _of(
    {
        "text": _words(4000),
        "blocks": {
            "type": "array",
            "minItems": 1,
            "maxItems": 50,
            "items": {"oneOf": [_HEADER, _SECTION, _CONTEXT]},
        },
        "unfurl_links": {"type": "boolean"},
    },
    "text",
    "blocks",
)

_RUN = _of(
    {
        "type": {"const": "TextRun"},
        "text": {"type": "string", "minLength": 1},
        "weight": {"enum": ["Default", "Lighter", "Bolder"]},
        "size": {"enum": ["Default", "Small", "Medium", "Large", "ExtraLarge"]},
        "color": {"enum": ["Default", "Dark", "Light", "Accent", "Good", "Warning", "Attention"]},
        "isSubtle": {"type": "boolean"},
    },
    "type",
    "text",
)
_BLOCK = _of(
    {
        "type": {"const": "RichTextBlock"},
        "inlines": {"type": "array", "minItems": 1, "items": _RUN},
    },
    "type",
    "inlines",
)
_URL = {"type": "string", "pattern": "^https?://", "maxLength": 2000}
_OPEN = _of(
    {"type": {"const": "Action.OpenUrl"}, "title": _words(60), "url": _URL}, "type", "title", "url"
)
_CARD = _of(
    {
        "$schema": {"const": "http://adaptivecards.io/schemas/adaptive-card.json"},
        "type": {"const": "AdaptiveCard"},
        "version": {"enum": ["1.0", "1.1", "1.2", "1.3", "1.4", "1.5"]},
        "msteams": _of({"width": {"const": "Full"}}),
        "body": {"type": "array", "minItems": 1, "items": _BLOCK},
        "actions": {"type": "array", "minItems": 1, "maxItems": 6, "items": _OPEN},
    },
    "$schema",
    "type",
    "version",
    "body",
)
TEAMS = _of(
    {
        "type": {"const": "message"},
        "attachments": {
            "type": "array",
            "minItems": 1,
            "maxItems": 1,
            "items": _of(
                {
                    "contentType": {"const": "application/vnd.microsoft.card.adaptive"},
                    "contentUrl": {"type": "null"},
                    "content": _CARD,
                },
                "contentType",
                "content",
            ),
        },
    },
    "type",
    "attachments",
)

_NOT_BLANK = {"pattern": r"\S"}
_KEYS = {"routing_key": _words(64, 32), "dedup_key": _words(255)}
_PAYLOAD = _of(
    {
        "summary": _words(1024) | _NOT_BLANK,
        "source": _words(255) | _NOT_BLANK,
        "severity": {"enum": ["critical", "error", "warning", "info"]},
        "timestamp": {"type": "string"},
        "component": {"type": "string"},
        "group": {"type": "string"},
        "class": {"type": "string"},
        "custom_details": {
            "type": "object",
            "propertyNames": {"minLength": 1},
            "additionalProperties": {"type": "string"},
        },
    },
    "summary",
    "source",
    "severity",
)
_TRIGGER = _of(
    _KEYS
    | {
        "event_action": {"const": "trigger"},
        "client": {"type": "string"},
        "client_url": {"type": "string"},
        "payload": _PAYLOAD,
        "links": {
            "type": "array",
            "items": _of({"href": _URL, "text": {"type": "string", "minLength": 1}}, "href"),
        },
        "images": {"type": "array"},
    },
    "routing_key",
    "event_action",
    "payload",
)
_FOLLOWS = _of(
    _KEYS | {"event_action": {"enum": ["acknowledge", "resolve"]}},
    "routing_key",
    "event_action",
    "dedup_key",
)
PAGERDUTY: Schema = {"oneOf": [_TRIGGER, _FOLLOWS]}

MOST_BYTES = {"teams": 28_000, "pagerduty": 512_000}
"""Of a whole body, as it is sent."""
