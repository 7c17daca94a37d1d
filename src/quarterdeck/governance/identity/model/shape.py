"""The forms that values of a directory's items have; what has another is refused, never guessed.

A value that is absent or null is empty. One of another form is neither: what rests on it is not
known.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from quarterdeck.kernel.errors import Invalid

Item = Mapping[str, Any]


class UnreadableIdentity(Invalid):
    """An item of a listing is nothing that can be kept: its schema may have changed."""


def part(item: Item, name: str) -> Item:
    """The object under ``name``."""
    value = item.get(name)
    return {} if value is None else _object(value, name)


def several(item: Item, name: str) -> list[Item]:
    """The objects under ``name``, in order."""
    return [_object(one, name) for one in _listed(item, name)]


def words(item: Item, name: str) -> list[str]:
    """The texts under ``name``, in order."""
    return [_text(one, name) for one in _listed(item, name)]


def word(item: Item, name: str) -> str:
    """The text under ``name``."""
    value = item.get(name)
    return "" if value is None else _text(value, name)


def flag(item: Item, name: str) -> bool | None:
    """The truth under ``name``; None where it is not told."""
    value = item.get(name)
    if value is None or isinstance(value, bool):
        return value
    raise _other(name, "true or false", value)


def name_of(item: Item, name: str = "id") -> str:
    """The text under ``name``, which must be there: something is known by it."""
    return word(item, name) or _text(None, name)


def _listed(item: Item, name: str) -> Sequence[object]:
    value = item.get(name)
    if value is None:
        return ()
    if not isinstance(value, list):
        raise _other(name, "a list", value)
    return value


def _object(value: object, name: str) -> Item:
    if not isinstance(value, dict):
        raise _other(name, "an object", value)
    return value


def _text(value: object, name: str) -> str:
    # No database keeps NUL or half of a surrogate pair, which JSON can escape.
    if not isinstance(value, str) or any(c == "\0" or "\ud800" <= c <= "\udfff" for c in value):
        raise _other(name, "text", value)
    return value


def _other(name: str, expected: str, value: object) -> UnreadableIdentity:
    return UnreadableIdentity(f"expected {expected} as {name}, got {ascii(value)[:40]}")
