"""The escalation path as runbook 000 (section 8.2) writes it. Pure.

It says how soon each level answers, and not when the next is told: that is once the one before
has not answered in its time.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from quarterdeck.operations.escalation.model.faults import UnusableEscalation
from quarterdeck.operations.escalation.model.policy import ANY, NOTHING, Kind, Level, Target
from quarterdeck.operations.escalation.spans import read

FIRST, EXTERNAL = "level_", "external"
KNOWN = ("name", "contact", "pager", "response_time")


def levels(path: Mapping[str, Any]) -> tuple[Level, ...]:
    """The levels of a path, in their order."""
    found, at = [], NOTHING
    for name, said in path.items():
        if name == EXTERNAL:
            continue
        fields = _fields(name, said)
        found.append(_level(name, fields, at))
        at += read(fields.get("response_time", "0"))
    return tuple(found)


def external(path: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Whom to ask outside: what it says of each, in words."""
    return tuple(_outside(path.get(EXTERNAL) or {}))


def _outside(found: object) -> Iterator[tuple[str, str]]:
    if not isinstance(found, Mapping):
        raise UnusableEscalation("external: expected a mapping")
    for name, said in found.items():
        if not isinstance(said, Mapping):
            raise UnusableEscalation(f"external.{name}: expected a mapping")
        for key, value in said.items():
            yield f"{name} {key}".replace("_", " "), str(value)


def _fields(name: str, said: object) -> dict[str, str]:
    if not name.startswith(FIRST) or not name.removeprefix(FIRST).isdecimal():
        raise UnusableEscalation(f"{name[:80]!r} is neither level_1, level_2, ... nor external")
    if not isinstance(said, Mapping):
        raise UnusableEscalation(f"{name}: expected a mapping")
    if strange := next((key for key in said if key not in KNOWN), None):
        raise UnusableEscalation(f"{name}: {str(strange)[:80]!r} is none of {', '.join(KNOWN)}")
    return {key: str(value) for key, value in said.items()}


def _level(name: str, fields: Mapping[str, str], at: timedelta) -> Level:
    ways = ((Kind.MAIL, fields.get("contact", "")), (Kind.PHONE, fields.get("pager", "")))
    answers = fields.get("response_time", "")
    return Level(
        name=f"L{name.removeprefix(FIRST)}",
        title=fields.get("name", ""),
        targets=tuple(Target(kind, address) for kind, address in ways if address),
        by=tuple(
            word for word, said in (("mail", "contact"), ("pager", "pager")) if said in fields
        ),
        notify_at={ANY: at},
        engage_at={ANY: at},
        note=f"answers within {answers}" if answers else "",
    )
