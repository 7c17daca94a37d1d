"""What the JSON text of an event may not hold, though its form is right: it is kept as it came.

Raises EventRefused, which names the field.
"""

import json
import re
from collections.abc import Iterable

from msgspec import Raw

from quarterdeck.trail.ingest.refusal import EventRefused

MAX_DEPTH = 64
MAX_DIGITS = 4300
"""Of a number: longer ones are no numbers to many readers of JSON, Python's own among them."""

SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
DIGITS = re.compile(rb"[0-9]{%d}" % (MAX_DIGITS + 1))

Said = Iterable[tuple[str, Raw]]
"""What of an event is kept as the text that came, by the name of its field."""


def check_depth(raw: bytes, said: Said) -> None:
    """Refuse what nests deeper than 64, the event itself among them."""
    if raw.count(b"[") + raw.count(b"{") <= MAX_DEPTH:
        return
    for field, text in said:
        if _is_deep(bytes(text)):
            words = f"Field '{field}': an event nests at most {MAX_DEPTH} deep"
            raise EventRefused("size", field, words)


def check_words(raw: bytes) -> None:
    """Name the field of the envelope that has half a character, where that is what is wrong."""
    if SURROGATE.search(raw) is None:
        return
    try:
        told = json.loads(raw)
    except (ValueError, RecursionError):
        return
    for name, value in told.items() if isinstance(told, dict) else ():
        if _is_torn(name):
            return
        inner = value.items() if isinstance(value, dict) else (("", value),)
        for part, word in inner:
            if _is_torn(part) or _is_torn(word):
                raise _torn(name if not part or _is_torn(part) else f"{name}.{part}")


def check_readable(raw: bytes, said: Said) -> None:
    """What is kept as its text must be readable by whoever reads the record, for ever."""
    if SURROGATE.search(raw) is None and (len(raw) <= MAX_DIGITS or DIGITS.search(raw) is None):
        return
    for field, text in said:
        try:
            value = json.loads(bytes(text) or b"null")
        except ValueError as error:
            raise EventRefused("type", field, f"Field '{field}': {error}") from error
        if _is_torn(value):
            raise _torn(field)


def _is_deep(text: bytes) -> bool:
    depth = 1  # the event itself
    for mark in re.finditer(rb'"(?:[^"\\]|\\.)*"|[\[\]{}]', text):
        one = mark[0]
        depth += (one in b"[{") - (one in b"]}") if len(one) == 1 else 0
        if depth > MAX_DEPTH:
            return True
    return False


def _is_torn(value: object) -> bool:
    """Whether a word in it has one half of a character (a lone surrogate), which is no text."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True
    return False


def _torn(field: str) -> EventRefused:
    return EventRefused("type", field, f"Field '{field}' has half a character: a lone surrogate")
