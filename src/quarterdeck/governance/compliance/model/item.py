"""Items of the cloud's listings: their bytes, and the words in them."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from quarterdeck.kernel.errors import Invalid
from quarterdeck.kernel.ids import ConnectionId

MAX_ID = 2048
MAX_WORD = 1024
ID_DIGITS = 32


class UnreadableItem(Invalid):
    """An item of a listing is not what its listing promises: its schema may have changed."""


def opened(item: bytes) -> dict[str, Any]:
    """The object in ``item``; raise UnreadableItem where there is none, or a NUL in it."""
    try:
        found = msgspec.json.decode(item)
    except (msgspec.MsgspecError, RecursionError, UnicodeError) as error:
        raise UnreadableItem(f"expected a JSON object, got what cannot be read: {error}") from error
    if not isinstance(found, dict):
        raise UnreadableItem(f"expected a JSON object, got {type(found).__name__}")
    if b"\\u0000" in item:
        raise UnreadableItem("expected text, got a NUL")
    return found


def word(fields: Mapping[str, Any], name: str) -> str:
    """The text in a field, cut to ``MAX_WORD``; empty where there is none."""
    value = fields.get(name)
    return value[:MAX_WORD] if isinstance(value, str) else ""


def inner(fields: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    """The object at the end of a path of names; empty where there is none."""
    for name in names:
        value = fields.get(name)
        fields = value if isinstance(value, dict) else {}
    return fields


def moment(text: str) -> datetime | None:
    """The instant in UTC that ``text`` says (ISO 8601; where it says no zone, in UTC too).

    None where it says none: also one that UTC has no year for.
    """
    try:
        found = datetime.fromisoformat(text)
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def digest(fields: Mapping[str, Any], *apart: str) -> str:
    """SHA-256, hex, of what an object says, the fields ``apart`` left out."""
    kept = {name: value for name, value in fields.items() if name not in apart}
    return hashlib.sha256(msgspec.json.encode(kept, order="sorted")).hexdigest()


def id_of(connection: ConnectionId, *parts: str) -> str:
    """Our id of what a cloud calls by ``parts``, in any case: 32 hex digits."""
    text = "\n".join([connection, *(part.casefold() for part in parts)])
    return hashlib.sha256(text.encode()).hexdigest()[:ID_DIGITS]
