"""What services that Apprise reaches are sent: a title, plain text, and a type. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from quarterdeck.operations.messages.bundling import (
    CUT,
    REPEAT,
    calm,
    headline,
    mark,
    shortened,
)
from quarterdeck.operations.messages.model import Content

TYPES = {"critical": "failure", "error": "failure", "warning": "warning"}
OVER = {"resolved": "success", "acknowledged": "info"}
MOST_TITLE, MOST_BODY = 1000, 100_000
BREAK = "\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A message. ``type``: ``failure``, ``warning``, ``success`` or ``info``."""

    title: str
    body: str
    type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """How much a service takes.

    Attributes:
        title: characters; none: it has no titles, the title stands in the body.
        body: characters.
        lines: of the body; none: any number.
        together: whether the title counts as of the body.
    """

    title: int
    body: int
    lines: int = 0
    together: bool = False


def said(content: Content, *, repeat: bool) -> Said:
    """All of it; what has no room is for the service to say."""
    kind = OVER.get(content.state) or TYPES.get(content.severity, "info")
    return Said(
        title=shortened(calm(f"{mark(content)}{headline(content)}"), MOST_TITLE),
        body=shortened(calm("\n".join(_lines(content, repeat=repeat))), MOST_BODY),
        type=kind,
    )


def fitted(whole: Said, room: Room) -> Said:
    """As much as there is room for; what is cut off is seen to be."""
    shares = room.together or not room.title
    title = shortened(whole.title, min(room.title or room.body, room.body // 2))
    left = room.body - (len(title) + len(BREAK) if shares else 0)
    lines = whole.body.split("\n")
    if room.lines and len(lines) > room.lines:
        lines = [*lines[: room.lines - 1], CUT]
    return Said(title=title, body=shortened("\n".join(lines), left), type=whole.type)


def _lines(content: Content, *, repeat: bool) -> Iterator[str]:
    if repeat:
        yield from (REPEAT, "")
    if content.text:
        yield content.text
    if content.facts:
        yield from ([""] if content.text else [])
        yield from (f"{label}: {value}" for label, value in content.facts)
    if content.links:
        yield from ([""] if content.text or content.facts else [])
        yield from (f"{label}: {url}" for label, url in content.links)
    if not (content.text or content.facts or content.links):
        yield headline(content)  # Apprise sends no empty body
