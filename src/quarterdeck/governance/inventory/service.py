"""What people ask of the inventory, and how a listing reaches it.

The functions for people check a permission. Those for a sync take the tenants that its job
may touch: the right was checked when it was asked for.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from quarterdeck.governance.inventory.filters import Filter, Spot
from quarterdeck.governance.inventory.model import Change, Resource, Sighting, What, difference
from quarterdeck.governance.inventory.moves import moved
from quarterdeck.governance.inventory.store import landing, movings, queries, wasted
from quarterdeck.governance.inventory.waste import (
    ALL_RULES,
    EDITION,
    EMPTY_GROUP,
    GROUP_RULE,
    Finding,
    Rule,
    Verdict,
)
from quarterdeck.kernel.cache import Cache
from quarterdeck.kernel.clock import micros
from quarterdeck.kernel.errors import NotFound
from quarterdeck.kernel.ids import ConnectionId, TenantId
from quarterdeck.kernel.work import Tenants, Work

TOTAL_S = 300.0  # a total holds for its edition; this only bounds what is kept
COLUMNS = {"type": "type_key", "location": "location", "group": "group_key"}
HISTORY = 200
RUN_PAGE = 1000


Values = list[tuple[str, int]]


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
    """A resource with its newest changes, newest first; at most ``HISTORY``.

    Attributes:
        history: also from before it moved; each change bears the cloud's id of its time.
        moved_to: the id of what it became by moving; empty where it did not.
    """

    resource: Resource
    history: Sequence[Change]
    findings: Sequence[Finding]
    moved_to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What one rule says of the whole inventory.

    Attributes:
        found: resources that it names; None where it can judge none.
        clear: resources that it judged and that are well.
        not_known: resources that it could not judge, for ``reason``.
    """

    rule: Rule
    found: int | None
    clear: int
    not_known: int
    reason: str


def page(
    work: Work, wanted: Filter, only: Tenants | None, after: Spot | None, limit: int
) -> list[Resource]:
    """The next ``limit`` resources in the order wanted, without bodies."""
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
    return Described(
        resource=found,
        history=queries.history(work.db, tenants, resource, HISTORY),
        findings=wasted.of_resources(work.db, tenants, [resource]).get(resource, ()),
        moved_to=queries.moved_to(work.db, tenants, resource),
    )


def judgements(work: Work, only: Tenants | None = None) -> list[Judgement]:
    """What each rule finds among the resources that the actor may see."""
    tenants = only or work.tenants("resources:read")
    tally = wasted.tally(work.db, tenants)
    types = [rule.type for rule in ALL_RULES]
    judged = wasted.judged(work.db, tenants, types, EDITION)
    return [
        _judgement(rule, judged.get(rule.type, 0), tally)
        for rule in ALL_RULES
        if rule.name != EMPTY_GROUP
    ] + [_of_groups(work, tenants)]


def findings_of(
    work: Work, found: Sequence[Resource], only: Tenants | None = None
) -> dict[str, list[Finding]]:
    """What the rules say of each of these resources, by its id."""
    tenants = only or work.tenants("resources:read")
    return wasted.of_resources(work.db, tenants, [one.id for one in found])


def values(work: Work, column: str, limit: int, owner_tags: Sequence[str] = ()) -> Values:
    """Of live resources, the most frequent values of a column, each with how many bear it.

    ``column`` is ``type``, ``location``, ``group`` or ``owner``.
    """
    tenants = work.tenants("resources:read")
    if column == "owner":
        return queries.owners(work.db, tenants, owner_tags, limit)
    return queries.groups_of(work.db, tenants, COLUMNS[column], limit)


def changes(work: Work, tenants: Tenants, run: str, after: int = -1) -> list[Change]:
    """The next ``RUN_PAGE`` changes of a run after number ``after``, in order."""
    return queries.of_run(work.db, tenants, run, after, RUN_PAGE)


def count_of(work: Work, tenants: Tenants, connection: ConnectionId) -> int:
    """Live resources of one connection."""
    return queries.count_of(work.db, tenants, connection)


def tally(work: Work, tenants: Tenants, run: str) -> dict[What, int]:
    """How many changes of each kind a run made."""
    return queries.tally(work.db, tenants, run)


def compared(
    work: Work, tenants: Tenants, seen: Sequence[Sighting]
) -> tuple[list[tuple[What, Sighting]], list[Sighting]]:
    """What ``seen`` would change; and those that are as they were, but judged by older rules.

    Writes nothing.
    """
    known = landing.known(work.db, tenants, [s.id for s in seen])
    news = list(difference(known, seen))
    new = {sight.id for _, sight in news}
    same = (s for s in {s.id: s for s in seen}.values() if s.id not in new)
    return news, [s for s in same if known[s.id].judged != EDITION]


def judge(work: Work, listing: Listing, seen: Sequence[Sighting]) -> None:
    """Judge resources by the rules of today."""
    landing.judge(work.db, listing.tenant, work.now, seen)


def land(work: Work, tenants: Tenants, listing: Listing, seen: Sequence[Sighting]) -> list[What]:
    """Write what ``seen`` changes; what it did. Landing the same again does nothing."""
    known = landing.known(work.db, tenants, [s.id for s in seen])
    found = list(difference(known, seen))
    if not found:
        return []
    old = [s.id for what, s in found if what is What.CHANGED]
    bodies = landing.replaced(work.db, old) if old else {}
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


def subscriptions(work: Work, tenants: Tenants, connection: ConnectionId) -> dict[str, str]:
    """The subscriptions of a connection in which resources live: names by id."""
    return landing.inhabited(work.db, tenants, connection)


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


def link_moves(work: Work, tenants: Tenants, tenant: TenantId, run: str) -> int:
    """Join what a run found gone in one place and new in another, where it is the same.

    Where two could be the same, none is claimed. Doing it again does nothing.
    """
    pairs = [p for p in movings.candidates(work.db, tenants, run) if moved(p.old_body, p.new_body)]
    sources, targets = Counter(p.old for p in pairs), Counter(p.new for p in pairs)
    sure = [p for p in pairs if sources[p.old] == targets[p.new] == 1]
    linked = [p for p in sure if movings.link(work.db, tenants, p)]
    if linked:
        first = landing.next_number(work.db, run)
        landing.keep(
            work.db,
            tenant,
            [
                Change(
                    run=run,
                    number=number,
                    resource=pair.new,
                    cloud_id=pair.cloud_id,
                    what=What.MOVED,
                    at=work.now,
                    before=pair.before,
                    after=pair.after,
                )
                for number, pair in enumerate(linked, first)
            ],
        )
    return len(linked)


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


def _judgement(rule: Rule, judged: int, tally: Mapping[tuple[str, Verdict], int]) -> Judgement:
    found = tally.get((rule.name, Verdict.FOUND), 0)
    not_known = tally.get((rule.name, Verdict.NOT_KNOWN), 0)
    all_unknown = not_known > 0 and judged == not_known
    return Judgement(
        rule=rule,
        found=None if all_unknown else found,
        clear=max(judged - found - not_known, 0),
        not_known=not_known,
        reason=rule.lacks if not_known else "",
    )


def _of_groups(work: Work, tenants: Tenants) -> Judgement:
    many, empty = wasted.empty_groups(work.db, tenants)
    return Judgement(
        rule=GROUP_RULE,
        found=len(empty) if many else None,
        clear=many - len(empty),
        not_known=0,
        reason="" if many else GROUP_RULE.lacks,
    )
