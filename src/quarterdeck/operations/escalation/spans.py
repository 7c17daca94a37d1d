"""How long, as policies say it: ``30m``, ``1h30m``, and ``15 minutes`` as people do. Pure."""

import re
from datetime import timedelta

from quarterdeck.operations.escalation.model.faults import UnusableEscalation
from quarterdeck.operations.metrics.spans import UnusableSpan, prometheus, written_prometheus

SAID = re.compile(r"(\d{1,4}) *(minute|min|hour|day)s?", re.IGNORECASE)
UNITS = {"minute": "m", "min": "m", "hour": "h", "day": "d"}
NEVER = ("never", "null", "~", "")


def read(words: str) -> timedelta:
    """A span; raise UnusableEscalation."""
    said = SAID.fullmatch(words.strip())
    plain = f"{said[1]}{UNITS[said[2].lower()]}" if said else words.strip()
    try:
        return prometheus(plain)
    except UnusableSpan as error:
        raise UnusableEscalation(f"expected a span as 30m or 1h30m, got {words[:40]!r}") from error


def read_time(words: str | int | None) -> timedelta | None:
    """When; None: never."""
    text = "" if words is None else str(words)
    return None if text.strip().lower() in NEVER else read(text)


def written(span: timedelta) -> str:
    """As ``read`` reads it."""
    return written_prometheus(span) or "0"


def written_time(span: timedelta | None) -> str:
    """As ``read_time`` reads it."""
    return "never" if span is None else written(span)
