"""Who and what is in the groups of a simulated directory, with what was changed by hand.

Changed by hand is the collection ``groups/ID/members``, and whoever was deleted is in no group.
"""

from collections.abc import Iterable, Iterator, Mapping

from quarterdeck.providers.simulator import directory
from quarterdeck.providers.simulator.estate import Json, SimulatedTenant
from quarterdeck.providers.simulator.graph.objects import member_group, member_user

Overlay = Mapping[tuple[str, str], Mapping[str, Json | None]]
"""What was changed by hand, by directory and collection; None for what was deleted."""


class Membership:
    """The groups of one directory, as it is now."""

    def __init__(self, tenant: SimulatedTenant, changed: Overlay) -> None:
        self._tenant = tenant
        self._changed = changed
        self._numbers = {one["id"]: n for n, one in enumerate(directory.groups(tenant))}
        self._made = {id_ for id_, new in self._over("groups").items() if new is not None}

    def groups(self) -> set[str]:
        """Ids of the groups that there are."""
        return {*self._numbers, *self._made} - self._gone("groups")

    def direct(self, group: str) -> dict[str, Json]:
        """Those who are in a group themselves, by id."""
        found = {str(one["id"]): one for one in self._born(group)}
        for id_, fields in self._over(f"groups/{group}/members").items():
            if fields is None:
                found.pop(id_, None)
            else:
                found[id_] = found.get(id_, {"@odata.type": "#microsoft.graph.user"}) | fields
        gone = self._gone("users") | self._gone("groups")
        return {id_: one for id_, one in found.items() if id_ not in gone}

    def deep(self, group: str) -> dict[str, Json]:
        """Those who are in a group, or in one that is in it, each once."""
        found: dict[str, Json] = {}
        waiting, seen = [group], {group}
        while waiting:
            for id_, one in self.direct(waiting.pop(0)).items():
                found.setdefault(id_, one)
                if id_ in self.groups() and id_ not in seen:
                    seen.add(id_)
                    waiting.append(id_)
        return found

    def _born(self, group: str) -> Iterator[Json]:
        number = self._numbers.get(group)
        if number is None:
            return
        people = directory.people(self._tenant)
        yield from (member_user(one) for one in directory.members(self._tenant, people, number))
        groups = directory.groups(self._tenant)
        yield from (member_group(groups[n]) for n in directory.nested(self._tenant, number))

    def _over(self, collection: str) -> Mapping[str, Json | None]:
        return self._changed.get((self._tenant.id, collection), {})

    def _gone(self, collection: str) -> set[str]:
        return {id_ for id_, fields in self._over(collection).items() if fields is None}


def listed(found: Iterable[Json]) -> list[Json]:
    """Members as their listing shows them: people first, then groups."""
    return sorted(found, key=lambda one: one["@odata.type"] != "#microsoft.graph.user")
