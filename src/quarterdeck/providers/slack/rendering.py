"""What Slack shows. Pure.

Block Kit: a message has 50 blocks at most, a header 150 characters, a section 3,000, a field
2,000, a section ten fields, and no text is empty; https://docs.slack.dev/reference/block-kit/blocks.
It does not say what a character is: counted here are UTF-16 units, the most that it can mean.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from quarterdeck.operations.messages.bundling import (
    REPEAT,
    calm,
    headline,
    is_for_all,
    left_out,
    shortened,
)
from quarterdeck.operations.messages.model import Content

MOST_HEADER, MOST_SECTION, MOST_FIELD, MOST_FIELDS = 150, 3000, 2000, 10
MOST_LINE, MOST_LABEL, MOST_LINKS, SECTIONS = 1500, 300, 10, 2
ICONS = {
    "critical": ":red_circle:",
    "error": ":red_circle:",
    "warning": ":large_orange_circle:",
    "info": ":large_blue_circle:",
}
OVER = {"resolved": ":white_check_mark:", "acknowledged": ":eyes:"}
ALL = "<!channel>"


def body(content: Content, *, mention: bool, repeat: bool) -> dict[str, Any]:
    """The message: blocks, and a line for notifications. ``mention``: as the channel says."""
    return {
        "text": _line(content, mention=mention, repeat=repeat),
        "blocks": list(_blocks(content, mention=mention, repeat=repeat)),
        "unfurl_links": False,
    }


def _line(content: Content, *, mention: bool, repeat: bool) -> str:
    parts = (
        ALL if is_for_all(content, mention=mention) else "",
        REPEAT if repeat else "",
        _icon(content),
        _fitting(headline(content), MOST_LINE),
    )
    return " ".join(filter(None, parts))


def _blocks(content: Content, *, mention: bool, repeat: bool) -> Iterator[dict[str, Any]]:
    title = _fitting(f"{_icon(content)} {headline(content)}".strip(), MOST_HEADER, calm)
    yield {"type": "header", "text": {"type": "plain_text", "text": title, "emoji": True}}
    if repeat:
        yield _context(f"*{REPEAT}*")
    if is_for_all(content, mention=mention):
        yield _section(ALL)
    if content.text.strip():
        yield _section(_fitting(content.text, MOST_SECTION))
    shown = content.facts[: MOST_FIELDS * SECTIONS]
    for at in range(0, len(shown), MOST_FIELDS):
        fields = [_field(label, value) for label, value in shown[at : at + MOST_FIELDS]]
        yield {"type": "section", "fields": fields}
    links = _links(content.links)
    if links:
        yield _section(" · ".join(links))
    if more := left_out(content, len(shown), len(links)):
        yield _context(more)


def escaped(text: str) -> str:
    """Text as it is: no link, no mention (Slack: formatting text)."""
    plain = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return calm(plain)


def _fitting(text: str, most: int, form: Callable[[str], str] = escaped) -> str:
    """In a form, and short enough: an escape is never cut in two."""
    room, short = most, form(shortened(text, most))
    while (size := _units(short)) > most:
        room = min(room - 1, room * most // size)
        short = form(shortened(text, room))
    return short


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _links(links: Sequence[tuple[str, str]]) -> list[str]:
    """The first of them that have room together."""
    found: list[str] = []
    room = MOST_SECTION
    for label, url in links[:MOST_LINKS]:
        made = f"<{_address(url)}|{_fitting(label.strip() or url, MOST_LABEL)}>"
        room -= _units(made) + len(" · ")
        if room < 0:
            break
        found.append(made)
    return found


def _field(label: str, value: str) -> dict[str, str]:
    said = _fitting(value.strip(), MOST_FIELD - MOST_LABEL - 3) or "-"
    return {"type": "mrkdwn", "text": f"*{_fitting(label.strip() or '-', MOST_LABEL)}*\n{said}"}


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def _context(text: str) -> dict[str, Any]:
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": text}]}


def _address(url: str) -> str:
    """An address within ``<...|...>``: what would end it is written as a percent sign has it."""
    safe = {"|": "%7C", ">": "%3E", "<": "%3C", " ": "%20", "\n": "%0A", "&": "&amp;"}
    return "".join(safe.get(letter, letter) for letter in url)


def _icon(content: Content) -> str:
    return OVER.get(content.state) or ICONS.get(content.severity, "")
