"""What people ask of the inventory, and how a listing reaches it.

The functions for people check a permission. Those for a sync take the tenants that its job
may touch: the right was checked when it was asked for.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from quarterdeck.governance.inventory.model import (
    Change,
    Filter,
    Resource,
    Sighting,
    Spot,
    What,
    difference,
)
from quarterdeck.governance.inventory.store import landing, queries
from quarterdeck.kernel.cache import Cache
from quarterdeck.kernel.clock import micros
from quarterdeck.kernel.errors import NotFound
from quarterdeck.kernel.ids import ConnectionId, TenantId
from quarterdeck.kernel.work import Tenants, Work

TOTAL_S = 300.0  # a total holds for its edition; this only bounds what is kept
HISTORY = 200
RUN_PAGE = 1000


class ResourceNotFound(NotFound):
    """No such resource."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Where a listing comes from, and the run that reads it."""

    run: str
    tenant: TenantId
    connection: ConnectionId
    subscription: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """A resource with its newest changes, newest first; at most ``HISTORY``."""

    resource: Resource
    history: Sequence[Change]


def page(
    work: Work, wanted: Filter, only: Tenants | None, after: Spot | None, limit: int
) -> list[Resource]:
    """The next ``limit`` resources by type, name and id, without bodies."""
    return queries.page(work.db, only or work.tenants("resources:read"), wanted, after, limit)


def total(work: Work, wanted: Filter, only: Tenants | None, cache: Cache[int]) -> int:
    """How many resources ``wanted`` finds; counted again only after something changed."""
    tenants = only or work.tenants("resources:read")
    key = f"total {wanted} {queries.editions_of(work.db, tenants)}"
    return cache.get(key, lambda: queries.count(work.db, tenants, wanted), TOTAL_S)


def counts(work: Work) -> list[tuple[str, str, int]]:
    """Live resources: tenant, type in lower case, how many."""
    return queries.count_by(work.db, work.tenants("resources:read"))


def described(work: Work, resource: str) -> Described:
    """One resource with its body and history, also a removed one; else ResourceNotFound."""
    tenants = work.tenants("resources:read")
    found = queries.of_id(work.db, tenants, resource)
    if found is None:
        raise ResourceNotFound(f"no resource {resource[:80]}")
    return Described(resource=found, history=queries.history(work.db, tenants, resource, HISTORY))


def changes(work: Work, tenants: Tenants, run: str, after: int = -1) -> list[Change]:
    """The next ``RUN_PAGE`` changes of a run after number ``after``, in order."""
    return queries.of_run(work.db, tenants, run, after, RUN_PAGE)


def count_of(work: Work, tenants: Tenants, connection: ConnectionId) -> int:
    """Live resources of one connection."""
    return queries.count_of(work.db, tenants, connection)


def tally(work: Work, tenants: Tenants, run: str) -> dict[What, int]:
    """How many changes of each kind a run made."""
    return queries.tally(work.db, tenants, run)


def news(work: Work, tenants: Tenants, seen: Sequence[Sighting]) -> list[tuple[What, Sighting]]:
    """What ``seen`` would change. Writes nothing."""
    return list(difference(landing.known(work.db, tenants, [s.id for s in seen]), seen))


def land(work: Work, tenants: Tenants, listing: Listing, seen: Sequence[Sighting]) -> list[What]:
    """Write what ``seen`` changes; what it did. Landing the same again does nothing."""
    known = landing.known(work.db, tenants, [s.id for s in seen])
    found = list(difference(known, seen))
    if not found:
        return []
    old = [s.id for what, s in found if what is What.CHANGED]
    bodies = landing.replaced(work.db, old)
    first = landing.next_number(work.db, listing.run)
    entries = [
        (
            Change(
                run=listing.run,
                number=number,
                resource=sight.id,
                cloud_id=sight.cloud_id,
                what=what,
                at=work.now,
                before=known[sight.id].hash if what is What.CHANGED else "",
                after=sight.hash,
                replaced=bodies.get(sight.id, ""),
            ),
            sight,
        )
        for number, (what, sight) in enumerate(found, first)
    ]
    landing.write(work.db, listing.tenant, listing.connection, listing.subscription, entries)
    return [what for what, _ in found]


def gone(work: Work, tenants: Tenants, listing: Listing, seen: Collection[str]) -> list[str]:
    """Ids of resources that a listing has no more. Ask only of one that came to its end."""
    had = landing.live(work.db, tenants, listing.connection, listing.subscription)
    return sorted(had - set(seen))


def remove(work: Work, tenants: Tenants, listing: Listing, ids: Sequence[str]) -> int:
    """Mark resources as removed; how many were there still."""
    first = landing.next_number(work.db, listing.run)
    there = landing.identities(work.db, tenants, ids)
    removed = [
        Change(
            run=listing.run,
            number=number,
            resource=resource,
            cloud_id=cloud_id,
            what=What.REMOVED,
            at=work.now,
            before=before,
            after="",
        )
        for number, (resource, cloud_id, before) in enumerate(there, first)
    ]
    if removed:
        landing.remove(work.db, tenants, listing.tenant, removed)
    return len(removed)


def complete(work: Work, listing: Listing, name: str, state: str) -> None:
    """Keep that a subscription was listed to its end: all it has was seen now."""
    landing.put_subscription(
        work.db,
        {
            "connection": listing.connection,
            "id": listing.subscription,
            "tenant": listing.tenant,
            "name": name,
            "state": state,
            "listed_at": micros(work.now),
        },
    )
