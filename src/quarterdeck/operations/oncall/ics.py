"""Shifts as a calendar that other programs read (RFC 5545). Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

OCTETS = 75
"""Of a line at most, its end apart (RFC 5545, 3.1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A shift in a calendar.

    Attributes:
        key: what it is known by: the same shift has the same one each time.
    """

    key: tuple[str, ...]
    start: datetime
    end: datetime
    summary: str
    description: str = ""


def calendar(name: str, entries: Iterable[Entry], at: datetime) -> str:
    """A calendar of that name, as of ``at``; its lines end in CRLF."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Quarterdeck//On-call//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"NAME:{_escaped(name)}",
        f"X-WR-CALNAME:{_escaped(name)}",
        "REFRESH-INTERVAL;VALUE=DURATION:PT1H",
        *(line for entry in entries for line in _event(entry, at)),
        "END:VCALENDAR",
    ]
    return "".join(f"{_folded(line)}\r\n" for line in lines)


def _event(entry: Entry, at: datetime) -> Iterator[str]:
    digest = sha256("\0".join(entry.key).encode()).hexdigest()[:32]
    yield "BEGIN:VEVENT"
    yield f"UID:{digest}@quarterdeck"
    yield f"DTSTAMP:{_stamp(at)}"
    yield f"DTSTART:{_stamp(entry.start)}"
    yield f"DTEND:{_stamp(entry.end)}"
    yield f"SUMMARY:{_escaped(entry.summary)}"
    if entry.description:
        yield f"DESCRIPTION:{_escaped(entry.description)}"
    yield "END:VEVENT"


def _stamp(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _escaped(text: str) -> str:
    """TEXT (RFC 5545, 3.3.11)."""
    for letter in ("\\", ";", ","):
        text = text.replace(letter, f"\\{letter}")
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\\n")


def _folded(line: str) -> str:
    """A line in parts of at most 75 octets, no letter cut in two; the next begins with a space."""
    parts, part, size = [], "", 0
    for letter in line:
        length = len(letter.encode())
        if size + length > OCTETS:
            parts.append(part)
            part, size = " ", 1
        part, size = part + letter, size + length
    return "\r\n".join([*parts, part])
