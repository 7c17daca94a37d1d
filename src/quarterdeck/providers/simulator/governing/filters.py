"""The part of OData's ``$filter`` that is simulated: ``field eq 'value'``, with ``and``.

Moments can be compared too: ``field ge 2026-01-01T00:00:00Z``, and ``le``.
"""

import re
from collections.abc import Callable
from typing import Any

from quarterdeck.providers.simulator.estate import Json

CLAUSE = re.compile(
    r"^\(?\s*([\w/]+)\s+(eq|ne|ge|le)\s+(?:'((?:[^']|'')*)'|(true|false|null|[\w.:-]+))\s*\)?$"
)
AND = re.compile(r"\s+and\s+", re.IGNORECASE)


class UnknownFilter(Exception):
    """A filter that is not understood."""


def matching(text: str) -> Callable[[Json], bool]:
    """What a filter lets through; names are told apart by case, texts are not.

    Raises UnknownFilter.
    """
    tests = [clause(part) for part in AND.split(text.strip())] if text.strip() else []
    return lambda item: all(test(item) for test in tests)


def clause(text: str) -> Callable[[Json], bool]:
    """One condition."""
    match = CLAUSE.match(text.strip())
    if match is None:
        raise UnknownFilter(f"Invalid filter clause: {text!r}; simulated is field eq 'value'.")
    path, sign, quoted, bare = match.groups()
    wanted = bare.lower() if bare is not None else quoted.replace("''", "'").lower()
    if sign in ("ge", "le"):
        return lambda item: compared(reach(item, path), sign, wanted)
    return lambda item: (shown(reach(item, path)) == wanted) is (sign == "eq")


def compared(found: Any, sign: str, wanted: str) -> bool:  # noqa: ANN401  a field holds anything
    """Whether a moment is no earlier, or no later; one that is not there is neither."""
    if found is None:
        return False
    return shown(found) >= wanted if sign == "ge" else shown(found) <= wanted


def reach(item: Json, path: str) -> Any:  # noqa: ANN401  a field holds anything
    """A field, or one deeper: ``properties/category``; found under ``properties`` too."""
    found: Any = item
    for part in path.split("/"):
        found = found.get(part) if isinstance(found, dict) else None
    inside = item.get("properties", {})
    lowered = {name.lower(): value for name, value in inside.items()}
    return lowered.get(path.lower()) if found is None else found


def shown(found: Any) -> str:  # noqa: ANN401  a field holds anything
    """A value as a filter writes it."""
    return "null" if found is None else str(found).lower()
