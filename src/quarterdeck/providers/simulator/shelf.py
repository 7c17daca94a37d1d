"""What one simulated subscription holds, ready to be sent page by page."""

from bisect import bisect_right, insort
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import msgspec

from quarterdeck.providers.simulator.estate import Json

EXPANSIONS = frozenset({"createdTime", "changedTime", "provisioningState"})
"""What ``$expand`` may ask of a resource; a listing leaves them out otherwise."""

NEVER = frozenset({"properties"})
"""What no listing shows, but Resource Graph does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A part of a listing: encoded items, and the key of the last where more follow."""

    items: list[bytes]
    last: str


class Shelf:
    """Resources by id, in the order of their ids, whatever their case.

    ``version`` grows with each change.

    A page begins after a key, not at a number: what is added or deleted between two pages
    neither hides nor repeats another resource.
    """

    def __init__(self, resources: Iterable[Json]) -> None:
        self._items = {key(item): msgspec.json.encode(item) for item in resources}
        self._keys = sorted(self._items)
        self.version = 0

    def __len__(self) -> int:
        return len(self._keys)

    def stretch(self, after: str, count: int, expand: AbstractSet[str]) -> Stretch:
        """Up to ``count`` items whose keys follow ``after``; the first ones if it is empty."""
        start = bisect_right(self._keys, after)
        keys = self._keys[start : start + count]
        items = [shown(self._items[key], expand) for key in keys]
        more = start + count < len(self._keys)
        return Stretch(items=items, last=keys[-1] if more else "")

    def __iter__(self) -> Iterator[bytes]:
        return (self._items[key] for key in self._keys)

    def at(self, number: int) -> bytes:
        """One resource by its place in the order of ids."""
        return self._items[self._keys[number]]

    def get(self, resource_id: str) -> bytes | None:
        """One resource, with all that it may be expanded by."""
        return self._items.get(resource_id.lower())

    def put(self, resource: Json) -> None:
        """Add a resource, or replace the one with its id."""
        self.version += 1
        if key(resource) not in self._items:
            insort(self._keys, key(resource))
        self._items[key(resource)] = msgspec.json.encode(resource)

    def delete(self, resource_id: str) -> bool:
        """Whether there was such a resource; there is none now."""
        if self._items.pop(resource_id.lower(), None) is None:
            return False
        self.version += 1
        del self._keys[bisect_right(self._keys, resource_id.lower()) - 1]
        return True


def key(resource: Json) -> str:
    """What identifies a resource: its id, whose case means nothing."""
    return str(resource["id"]).lower()


def shown(item: bytes, expand: AbstractSet[str]) -> bytes:
    """An encoded resource with no more of EXPANSIONS than was asked for."""
    if expand >= EXPANSIONS and b'"properties"' not in item:
        return item
    fields = msgspec.json.decode(item, type=dict[str, msgspec.Raw])
    hidden = (EXPANSIONS - expand) | NEVER
    return msgspec.json.encode({name: raw for name, raw in fields.items() if name not in hidden})
