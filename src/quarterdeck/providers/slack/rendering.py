"""What Slack shows. Pure.

Block Kit: a header has 150 characters at most, a section 3,000, a field 2,000, a section ten
fields; https://docs.slack.dev/reference/block-kit/blocks.
"""

from collections.abc import Iterator
from typing import Any

from quarterdeck.operations.messages.bundling import calm, headline, is_for_all, shortened
from quarterdeck.operations.messages.model import Content

MOST_HEADER, MOST_SECTION, MOST_FIELD, MOST_FIELDS = 150, 3000, 2000, 10
MOST_LABEL = 300
ICONS = {
    "critical": ":red_circle:",
    "error": ":red_circle:",
    "warning": ":large_orange_circle:",
    "info": ":large_blue_circle:",
}
OVER = {"resolved": ":white_check_mark:", "acknowledged": ":eyes:"}
ALL = "<!channel>"
REPEAT = "Repeat: you may have this already."


def body(content: Content, *, mention: bool, repeat: bool) -> dict[str, Any]:
    """The message: blocks, and a line for notifications. ``mention``: as the channel says."""
    return {
        "text": _line(content, mention=mention),
        "blocks": list(_blocks(content, mention=mention, repeat=repeat)),
        "unfurl_links": False,
    }


def _line(content: Content, *, mention: bool) -> str:
    line = f"{_icon(content)} {escaped(shortened(headline(content), MOST_SECTION // 2))}".strip()
    return f"{ALL} {line}" if is_for_all(content, mention=mention) else line


def _blocks(content: Content, *, mention: bool, repeat: bool) -> Iterator[dict[str, Any]]:
    title = shortened(calm(f"{_icon(content)} {headline(content)}".strip()), MOST_HEADER)
    yield {"type": "header", "text": {"type": "plain_text", "text": title, "emoji": True}}
    if is_for_all(content, mention=mention):
        yield _section(ALL)
    if content.text:
        yield _section(_fitting(content.text, MOST_SECTION))
    shown = content.facts[: MOST_FIELDS * 2]
    for at in range(0, len(shown), MOST_FIELDS):
        fields = [_field(label, value) for label, value in shown[at : at + MOST_FIELDS]]
        yield {"type": "section", "fields": fields}
    links = " · ".join(f"<{_address(url)}|{escaped(label)}>" for label, url in content.links[:10])
    if links and len(links) <= MOST_SECTION:
        yield _section(links)
    if repeat:
        yield {"type": "context", "elements": [{"type": "mrkdwn", "text": REPEAT}]}


def escaped(text: str) -> str:
    """Text as it is: no link, no mention (Slack: formatting text)."""
    plain = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return calm(plain)


def _fitting(text: str, most: int) -> str:
    """Escaped and short enough: an escape is never cut in two."""
    room, short = most, escaped(shortened(text, most))
    while len(short) > most:
        room = room * most // len(short)
        short = escaped(shortened(text, room))
    return short


def _field(label: str, value: str) -> dict[str, str]:
    words = (
        f"*{_fitting(label, MOST_LABEL)}*\n{_fitting(value, MOST_FIELD - MOST_LABEL - 3) or '-'}"
    )
    return {"type": "mrkdwn", "text": words}


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def _address(url: str) -> str:
    return url.replace("|", "%7C").replace(">", "%3E").replace("<", "%3C")


def _icon(content: Content) -> str:
    return OVER.get(content.state) or ICONS.get(content.severity, "")
