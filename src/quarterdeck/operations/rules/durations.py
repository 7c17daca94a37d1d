"""Durations as ISO 8601 (``PT5M``) and as Prometheus (``5m``) writes them. Pure."""

from datetime import timedelta

from quarterdeck.operations.metrics import spans
from quarterdeck.operations.metrics.spans import UnusableSpan, span
from quarterdeck.operations.rules.model import RuleInvalid

ISO_UNITS = (("H", 3600), ("M", 60), ("S", 1))
NOTHING = ("", "0", "PT0S", "P0D", "0s", "0m")


def iso(words: str) -> timedelta:
    """Read ``PT5M``, nothing too; raise RuleInvalid."""
    if words in NOTHING:
        return timedelta(0)
    try:
        return span(words)
    except UnusableSpan as error:
        raise RuleInvalid(str(error)) from error


def written_iso(length: timedelta) -> str:
    """A duration of whole seconds as ISO 8601 writes it."""
    left, parts = int(length.total_seconds()), []
    days, left = divmod(left, 86_400)
    for unit, seconds in ISO_UNITS:
        number, left = divmod(left, seconds)
        parts += [f"{number}{unit}"] if number else []
    date = f"{days}D" if days else ""
    return f"P{date}{'T' + ''.join(parts) if parts else ''}" if date or parts else "PT0S"


def prometheus(words: str) -> timedelta:
    """Read ``1h30m``; raise RuleInvalid."""
    try:
        return spans.prometheus(words)
    except UnusableSpan as error:
        raise RuleInvalid(str(error)) from error


def written_prometheus(length: timedelta) -> str:
    """A duration as Prometheus reads it."""
    return spans.written_prometheus(length) or "0s"
