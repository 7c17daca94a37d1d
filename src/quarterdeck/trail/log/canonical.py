"""Canonical JSON (RFC 8785) of a restricted form, on which every implementation agrees.

The form: no floats, ASCII member names, integers below 2^53, text that is Unicode.
"""

from typing import Any

import orjson

from quarterdeck.kernel.errors import Invalid

MAX_INTEGER = (1 << 53) - 1
MAX_DEPTH = 64


class NotCanonical(Invalid):
    """The value has no canonical form here."""


def canonical(value: Any) -> bytes:  # noqa: ANN401  any JSON value
    """The one way to write ``value``; raise NotCanonical if it is not of the restricted form."""
    _check(value, "", 0)
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError as error:  # a lone surrogate
        raise NotCanonical(str(error)) from error


def _check(value: object, path: str, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise NotCanonical(f"{path}: nested more than {MAX_DEPTH} deep")
    if isinstance(value, dict):
        for name, member in value.items():
            _check_name(name, path)
            _check(member, f"{path}/{name}", depth + 1)
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            _check(item, f"{path}/{index}", depth + 1)
    else:
        _check_scalar(value, path)


def _check_scalar(value: object, path: str) -> None:
    if value is None or isinstance(value, bool | str):
        return
    if not isinstance(value, int):
        raise NotCanonical(f"{path}: {type(value).__name__} is not allowed, write it as text")
    if abs(value) > MAX_INTEGER:
        raise NotCanonical(f"{path}: integers must be less than 2^53, got {value}")


def _check_name(name: object, path: str) -> None:
    if not isinstance(name, str) or not name.isascii():
        raise NotCanonical(f"{path}: member names must be ASCII, got {name!r}")
