"""Bodies: what of them is one event each. UTF-8 is checked here, once for all."""

import re
from collections.abc import Sequence

import msgspec

from quarterdeck.trail.ingest.refusal import EventRefused

MAX_EVENTS = 10_000
_array = msgspec.json.Decoder(list[msgspec.Raw])


def is_text(body: bytes) -> bool:
    """Whether all of it is UTF-8."""
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def check_text(body: bytes, what: str = "body") -> None:
    """Refuse what is not UTF-8; raise EventRefused."""
    try:
        body.decode()
    except UnicodeDecodeError as error:
        raise EventRefused(
            "schema", "", f"the {what} is not UTF-8 at byte {error.start}"
        ) from error


def lines_of(body: bytes) -> Sequence[bytes]:
    """The lines of NDJSON that are not empty; raise EventRefused where there are too many."""
    return _bounded([line for line in map(bytes.strip, body.split(b"\n")) if line])


def items_of(body: bytes) -> Sequence[bytes]:
    """The items of a JSON array; raise EventRefused if it is none."""
    try:
        return _bounded([bytes(item).strip() for item in _array.decode(body)])
    except (msgspec.DecodeError, RecursionError) as error:
        raise EventRefused("schema", "", f"the body is not JSON: {error}") from error


def is_array(body: bytes) -> bool:
    """Whether a JSON text is an array, by its first character."""
    return re.match(rb"\s*\[", body) is not None


def _bounded(found: Sequence[bytes]) -> Sequence[bytes]:
    if len(found) > MAX_EVENTS:
        raise EventRefused("size", "", f"a body has at most {MAX_EVENTS} events")
    return found
