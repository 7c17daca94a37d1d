"""What people ask of identity, and how a reading of a directory reaches it.

The functions for people check a permission. Those for a sync take the tenants that its job
may touch: the right was checked when it was asked for.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from quarterdeck.governance.connections import service as connections
from quarterdeck.governance.identity import metrics
from quarterdeck.governance.identity.model.access import Policy, groups_named, policy
from quarterdeck.governance.identity.model.assessment import Evidence, assess, tells_sign_ins
from quarterdeck.governance.identity.model.credentials import SOON, Credential, Due
from quarterdeck.governance.identity.model.directory import (
    Directory,
    Holding,
    person,
    registration,
    role_assigned,
    role_held,
)
from quarterdeck.governance.identity.model.items import (
    Change,
    Kind,
    Listing,
    Sighting,
    What,
    difference,
)
from quarterdeck.governance.identity.model.reading import READERS, Reader, told
from quarterdeck.governance.identity.model.shape import name_of
from quarterdeck.governance.identity.model.views import (
    STALE_AFTER,
    Ends,
    Expiring,
    Filter,
    Spot,
    Summary,
    User,
)
from quarterdeck.governance.identity.store import landing, queries
from quarterdeck.governance.identity.store.queries import Listed
from quarterdeck.kernel.cache import Cache
from quarterdeck.kernel.clock import micros
from quarterdeck.kernel.ids import ConnectionId
from quarterdeck.kernel.work import Tenants, Work

T = TypeVar("T")

READ = "identity:read"
MOST_EXPIRING = 1000
RUN_PAGE = 1000
HISTORY = 50
DECIDE_TOGETHER = frozenset(
    {Kind.POLICIES, Kind.MEMBERS, Kind.DIRECTORY_ROLES, Kind.ASSIGNMENTS, Kind.GROUPS}
)
HOLDINGS = {Kind.DIRECTORY_ROLES: role_held, Kind.ASSIGNMENTS: role_assigned}


def summary(
    work: Work,
    only: Tenants | None = None,
    stale_after: timedelta = STALE_AFTER,
    cache: Cache[Summary] | None = None,
) -> Summary:
    """Identity in numbers; of ``only``, tenants on which the actor may read identity."""
    tenants = only or work.tenants(READ)
    if cache is None:
        return _summary(work, tenants, stale_after)
    key = f"identity {sorted(tenants.ids)} {stale_after}"
    return cache.get(key, lambda: _summary(work, tenants, stale_after))


def measure(work: Work, tenants: Tenants) -> None:
    """Tell the metrics how ``tenants`` stand; for the process that answers."""
    known = queries.assessed(work.db, tenants)
    metrics.show(
        queries.count(work.db, tenants, work.now - STALE_AFTER) if known else None,
        queries.ends(work.db, tenants, work.now + SOON),
        work.now,
        len(queries.gaps(work.db, tenants)),
    )


def users(
    work: Work, wanted: Filter, only: Tenants | None, after: Spot | None, limit: int
) -> list[User]:
    """The next ``limit`` users by name."""
    return queries.page(work.db, only or work.tenants(READ), wanted, after, limit)


def total(work: Work, wanted: Filter, only: Tenants | None) -> int:
    """How many users ``wanted`` finds."""
    return queries.found(work.db, only or work.tenants(READ), wanted)


def expiring(work: Work, within: timedelta = SOON, only: Tenants | None = None) -> list[Expiring]:
    """Credentials that ended, or end ``within`` so long, soonest first; at most 1000."""
    tenants = only or work.tenants(READ)
    return queries.expiring(work.db, tenants, work.now + within, MOST_EXPIRING)


def history(work: Work, item: str) -> list[Change]:
    """The newest changes of a user, group, policy or application, newest first; at most 50."""
    return queries.history(work.db, work.tenants(READ), item, HISTORY)


def filter_for(work: Work, stale_after: timedelta = STALE_AFTER) -> Filter:
    """A filter that lets every user through, as of now."""
    return Filter(stale_before=work.now - stale_after)


def land(work: Work, tenants: Tenants, listing: Listing, seen: Sequence[Sighting]) -> None:
    """Write what ``seen`` changes. Landing the same again does nothing."""
    known = landing.known(work.db, tenants, listing, [s.id for s in seen])
    found = list(difference(known, seen))
    fresh = [sight for what, sight in found if what is What.ADDED]
    landing.write(work.db, listing, fresh, micros(work.now))
    other = [sight for what, sight in found if what is not What.ADDED]
    landing.rewrite(work.db, listing, other)
    first = landing.next_number(work.db, tenants, listing.run)
    lasting = [(what, sight) for what, sight in found if what is not None]
    kept = [
        Change(
            number=number,
            kind=listing.kind,
            item=sight.id,
            what=what,
            at=work.now,
            before=known[sight.id].hash if what is What.CHANGED else "",
            after=sight.hash,
            replaced=known[sight.id].body if what is What.CHANGED else "",
        )
        for number, (what, sight) in enumerate(lasting, first)
    ]
    landing.keep(work.db, listing, kept)


def gone(work: Work, tenants: Tenants, listing: Listing, seen: set[str]) -> list[str]:
    """Ids that a listing has no more. Ask only of one that came to its end."""
    return sorted(landing.live(work.db, tenants, listing).keys() - seen)


def remove(work: Work, tenants: Tenants, listing: Listing, ids: Sequence[str]) -> None:
    """Mark items as removed."""
    there = landing.live(work.db, tenants, listing)
    first = landing.next_number(work.db, tenants, listing.run)
    removed = [
        Change(
            number=number,
            kind=listing.kind,
            item=one,
            what=What.REMOVED,
            at=work.now,
            before=there[one],
            after="",
        )
        for number, one in enumerate((i for i in ids if i in there), first)
    ]
    landing.remove(work.db, tenants, listing, list(ids), micros(work.now))
    landing.keep(work.db, listing, removed)


def complete(work: Work, tenants: Tenants, listing: Listing) -> None:
    """Keep that a listing was followed to its end."""
    landing.put_listing(work.db, tenants, listing, micros(work.now), "")


def lack(work: Work, tenants: Tenants, listing: Listing, missing: str) -> None:
    """Keep that a listing could not be read, and what is missing for it."""
    landing.put_listing(work.db, tenants, listing, None, missing or "its reason was not told")


def want(work: Work, tenants: Tenants, listing: Listing, words: str) -> None:
    """Keep that a listing came to its end, and that single items of it could not be read.

    Where each item speaks for itself, the others are known. Policies, roles and members
    decide together: one that is not known may be the one that matters.
    """
    if listing.kind in DECIDE_TOGETHER:
        lack(work, tenants, listing, words)
    else:
        landing.put_listing(work.db, tenants, listing, micros(work.now), "", words)


def groups_needed(work: Work, tenants: Tenants, connection: ConnectionId) -> list[str]:
    """The groups whose members decide anything: named by policies, or holding roles."""
    held = _Held(work, tenants, connection)
    policies, holdings = held.all(Kind.POLICIES, policy), _holdings(held)
    roles = {r for p in policies for r in _roles(p)}
    holders = {h.principal for h in holdings if h.privileged or h.role in roles}
    return sorted(groups_named(policies) | (holders & set(held.all(Kind.GROUPS, name_of))))


def conclude(work: Work, tenants: Tenants, listing: Listing) -> int:
    """Draw what follows from all that was read of a directory; how many users it has.

    A listing that could not be read this time makes what rests on it not known, though
    older items of it are held: what was true then may not be true now. An item that is held
    and cannot be read is left out, and said to be.
    """
    held = _Held(work, tenants, listing.connection)
    evidence = _evidence(held)
    landing.replace_users(work.db, tenants, listing, assess(evidence))
    landing.replace_credentials(work.db, tenants, listing, _credentials(held))
    want(work, tenants, listing, held.words())
    return len(evidence.people)


def tally(work: Work, tenants: Tenants, run: str) -> dict[What, int]:
    """How many changes of each kind a run made."""
    return landing.tally(work.db, tenants, run)


def changes(work: Work, tenants: Tenants, run: str, after: int = -1) -> list[Change]:
    """The next ``RUN_PAGE`` changes of a run after number ``after``, in order."""
    return queries.of_run(work.db, tenants, run, after, RUN_PAGE)


def known(work: Work, tenants: Tenants, listing: Listing) -> bool:
    """Whether all of a listing is known, so that what changed since is enough."""
    return any(
        one.known
        for one in queries.listed(work.db, tenants, listing.connection)
        if (one.kind, one.part) == (listing.kind, listing.part)
    )


def held(work: Work, tenants: Tenants, listing: Listing, ids: Sequence[str]) -> dict[str, str]:
    """The bodies of those of ``ids`` that a listing has."""
    found = landing.known(work.db, tenants, listing, ids)
    return {one: what.body for one, what in found.items() if not what.deleted}


def size(work: Work, tenants: Tenants, listing: Listing) -> int:
    """How many items a listing has."""
    return len(landing.live(work.db, tenants, listing))


def sign_ins_told(work: Work, tenants: Tenants, connection: ConnectionId) -> bool:
    """Whether the users that are held tell when they signed in."""
    return tells_sign_ins(_Held(work, tenants, connection).all(Kind.USERS, dict))


def members(
    work: Work, tenants: Tenants, connection: ConnectionId, since: datetime
) -> dict[str, set[str]]:
    """Who and what is in each group of which all was known ``since``, nested ones included."""
    known_now = [
        one
        for one in queries.listed(work.db, tenants, connection)
        if one.kind is Kind.MEMBERS and one.known
    ]
    found: dict[str, set[str]] = {
        one.part: set() for one in known_now if one.listed_at is not None and one.listed_at >= since
    }
    for group, member in _Held(work, tenants, connection).parts(Kind.MEMBERS, name_of):
        if group in found:
            found[group].add(member)
    return found


def parts(work: Work, tenants: Tenants, connection: ConnectionId, kind: Kind) -> set[str]:
    """The parts of which listings of a kind were read, or should have been."""
    listed = queries.listed(work.db, tenants, connection)
    return {one.part for one in listed if one.kind is kind}


def changed_since(work: Work, tenants: Tenants, listing: Listing, number: int) -> set[str]:
    """Items of a listing that the run's changes from ``number`` on are about."""
    return queries.changed_items(work.db, tenants, listing, number)


def next_number(work: Work, tenants: Tenants, run: str) -> int:
    """The number that the next change of ``run`` bears."""
    return landing.next_number(work.db, tenants, run)


def forget(work: Work, tenants: Tenants, listing: Listing) -> None:
    """Expect nothing any more of a listing whose subscription is gone; its items are removed."""
    landing.drop_listing(work.db, tenants, listing)


def _summary(work: Work, tenants: Tenants, stale_after: timedelta) -> Summary:
    there = {(c.tenant, c.id) for c in connections.of(work.db, tenants)}
    assessed = queries.assessed(work.db, tenants)
    return Summary(
        as_of=min(assessed.values(), default=None),
        known=len(there & assessed.keys()),
        connections=len(there),
        count=queries.count(work.db, tenants, work.now - stale_after) if assessed else None,
        ends=_ends(work, tenants) if assessed else None,
        gaps=queries.gaps(work.db, tenants),
        stale_after=stale_after,
    )


def _ends(work: Work, tenants: Tenants) -> Ends:
    found = queries.expiring(work.db, tenants, work.now + SOON, MOST_EXPIRING)
    due = [one.credential.due(work.now) for one in found]
    return Ends(
        expired=due.count(Due.EXPIRED),
        within_7_days=due.count(Due.WITHIN_7_DAYS),
        within_30_days=due.count(Due.WITHIN_30_DAYS),
    )


@dataclass(frozen=True, slots=True)
class _Held:
    """What is held of a directory; of each kind that was asked for, what cannot be read."""

    work: Work
    tenants: Tenants
    connection: ConnectionId
    unread: dict[Kind, Sequence[str]] = field(default_factory=dict)

    def parts(self, kind: Kind, reader: Reader[T]) -> Sequence[tuple[str, T]]:
        """What each item says that can be read, with its part."""
        bodies = queries.bodies(self.work.db, self.tenants, self.connection, kind)
        read = told(bodies, reader)
        if read.unread:
            self.unread[kind] = read.unread
        return read.found

    def all(self, kind: Kind, reader: Reader[T]) -> list[T]:
        """What each item says that can be read."""
        return [one for _, one in self.parts(kind, reader)]

    def words(self) -> str:
        """What cannot be read; empty: nothing."""
        many = ", ".join(f"{len(parts)} of {kind}" for kind, parts in self.unread.items())
        return f"left out, for what is held of them cannot be read: {many}" if many else ""


def _evidence(held: _Held) -> Evidence:
    listed = queries.listed(held.work.db, held.tenants, held.connection)
    missing = {str(one.kind): one.missing for one in listed if one.missing and not one.part}
    people = held.all(Kind.USERS, lambda item: (person(item), item))
    registered = dict(held.all(Kind.REGISTRATIONS, registration))
    policies = held.all(Kind.POLICIES, policy)
    if Kind.POLICIES in held.unread:
        missing.setdefault(str(Kind.POLICIES), "a policy that is held cannot be read")
    return Evidence(
        people=[who for who, _ in people],
        directory=_directory(held, listed),
        policies=None if Kind.POLICIES in missing else policies,
        registrations=None if Kind.REGISTRATIONS in missing else registered,
        sign_ins=tells_sign_ins([item for _, item in people]),
        missing=missing,
    )


def _directory(held: _Held, listed: Sequence[Listed]) -> Directory:
    members: dict[str, set[str]] = {}
    for group, member in held.parts(Kind.MEMBERS, name_of):
        members.setdefault(group, set()).add(member)
    holdings = _holdings(held)
    lacking = {one.part for one in listed if one.kind is Kind.MEMBERS and one.missing}
    lacking |= set(held.unread.get(Kind.MEMBERS, ()))
    unread = {one.kind for one in listed if one.kind in HOLDINGS and one.missing}
    unread |= HOLDINGS.keys() & held.unread.keys()
    return Directory(
        members={
            one.part: None if one.part in lacking else frozenset(members.get(one.part, ()))
            for one in listed
            if one.kind is Kind.MEMBERS
        },
        holdings=holdings,
        unread=tuple(sorted(kind.value for kind in unread)),
    )


def _credentials(held: _Held) -> list[Credential]:
    return [
        one
        for kind in (Kind.APPLICATIONS, Kind.PRINCIPALS)
        for found in held.all(kind, READERS[kind])
        for one in found
    ]


def _holdings(held: _Held) -> list[Holding]:
    return [
        one
        for kind, reader in HOLDINGS.items()
        for holdings in held.all(kind, reader)
        for one in holdings
    ]


def _roles(one: Policy) -> frozenset[str]:
    return one.include.roles | one.exclude.roles
