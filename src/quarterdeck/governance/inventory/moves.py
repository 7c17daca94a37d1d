"""Whether a resource that is gone and one that came are the same, moved. Pure.

A cloud gives a moved resource a new id (its group is part of it), and tells nobody. A move
is claimed only where both bear the same mark that the cloud gives once, or where nothing
but the group differs.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from quarterdeck.governance.inventory.filters import group_of

MARKS = (
    ("properties", "vmId"),
    ("properties", "uniqueId"),
    ("properties", "resourceGuid"),
    ("systemData", "createdAt"),
    ("properties", "creationTime"),
    ("createdTime",),
)
"""What a cloud gives a resource once, for all its life; in order of how sure that is."""


def moved(before: str, after: str) -> bool:
    """Whether ``after`` is the body of the resource whose body was ``before``, elsewhere."""
    try:
        old, new = msgspec.json.decode(before), msgspec.json.decode(after)
    except (msgspec.DecodeError, RecursionError):
        return False
    if group_of(old["id"]) == group_of(new["id"]) and _home(old["id"]) == _home(new["id"]):
        return False
    for path in MARKS:
        mark = _at(old, path)
        if mark is not None and _at(new, path) is not None:
            return bool(mark == _at(new, path))
    return _apart_from_place(before, old["id"]) == _apart_from_place(after, new["id"])


def _at(item: Mapping[str, Any], path: tuple[str, ...]) -> object:
    value: Any = item
    for step in path:
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def _home(cloud_id: str) -> str:
    # /subscriptions/S/...
    return "/".join(cloud_id.casefold().split("/")[:3])


def _apart_from_place(body: str, cloud_id: str) -> str:
    place = cloud_id.casefold().partition("/providers/")[0]
    return body.casefold().replace(place, "")
