"""How a reading reaches what is held. The right was checked when its sync was asked for."""

from collections.abc import Collection, Sequence
from datetime import datetime

from quarterdeck.governance.compliance.model.coverage import Part
from quarterdeck.governance.compliance.model.posture import Advice, SecureScore
from quarterdeck.governance.compliance.model.state import (
    Change,
    Known,
    Sighting,
    cloud_id,
    difference,
)
from quarterdeck.governance.compliance.store import advice as advices
from quarterdeck.governance.compliance.store import heard, landing, queries
from quarterdeck.governance.inventory.model import What
from quarterdeck.governance.inventory.service import Listing
from quarterdeck.kernel.clock import micros
from quarterdeck.kernel.ids import ConnectionId
from quarterdeck.kernel.work import Tenants, Work

RUN_PAGE = 1000


def news(work: Work, tenants: Tenants, seen: Sequence[Sighting]) -> list[Sighting]:
    """Those of ``seen`` that would change anything. Writes nothing."""
    known = landing.known(work.db, tenants, [s.id for s in seen])
    return [sight for _, sight in difference(known, seen)]


def land(work: Work, tenants: Tenants, listing: Listing, seen: Sequence[Sighting]) -> int:
    """Write what ``seen`` changes; how much it was. Landing the same again does nothing."""
    known = landing.known(work.db, tenants, [s.id for s in seen])
    found = list(difference(known, seen))
    if not found:
        return 0
    first = landing.next_number(work.db, listing.run)
    entries = [
        (_change(work, listing.run, number, what, sight, known.get(sight.id)), sight)
        for number, (what, sight) in enumerate(found, first)
    ]
    landing.write(work.db, listing.tenant, listing.connection, listing.subscription, entries)
    return len(entries)


def gone(work: Work, tenants: Tenants, listing: Listing, seen: Collection[str]) -> list[str]:
    """Ids of states that a listing has no more. Ask only of one that came to its end."""
    had = landing.live(work.db, tenants, listing.connection, listing.subscription)
    return sorted(had - set(seen))


def close(work: Work, tenants: Tenants, listing: Listing, ids: Sequence[str]) -> int:
    """Close states that are gone; how many were there still. Their history stays."""
    first = landing.next_number(work.db, listing.run)
    there = landing.identities(work.db, tenants, ids)
    closed = [
        Change(
            run=listing.run,
            number=number,
            state=state,
            cloud_id=named,
            what=What.REMOVED,
            at=work.now,
            before=before,
            after="",
            was=was,
            became=None,
        )
        for number, (state, named, before, was) in enumerate(there, first)
    ]
    if closed:
        landing.close(work.db, tenants, listing.tenant, closed)
    return len(closed)


def complete(
    work: Work, tenants: Tenants, listing: Listing, part: Part, name: str, told: tuple[int, int]
) -> None:
    """Keep that ``part`` was read to its end now; after the states, how the day stands.

    ``told``: how many items it had, and how many of them could not be read.
    """
    items, unread = told
    known = {"read_at": micros(work.now), "failure": "", "missing": "", "name": name}
    heard.hear(work.db, _whose(listing), part, **known, items=items, unread=unread)
    if part is Part.STATES:
        _end_day(work, tenants, listing)


def renew(work: Work, tenants: Tenants, listing: Listing, name: str) -> None:
    """Keep that all of what is new among the states was read now; how many there are stays."""
    known = {"read_at": micros(work.now), "failure": "", "missing": "", "name": name}
    heard.hear(work.db, _whose(listing), Part.STATES, **known)
    _end_day(work, tenants, listing)


def since(work: Work, tenants: Tenants, listing: Listing) -> datetime | None:
    """From when on the states of a subscription are to be read; None: all of them."""
    found = (
        one
        for one in heard.heard_of(work.db, tenants, Part.STATES)
        if (one.connection, one.subscription) == (listing.connection, listing.subscription)
    )
    last = next(found, None)
    return None if last is None else last.since(work.now)


def evaluated(work: Work, listing: Listing, until: datetime | None, *, full: bool) -> None:
    """Keep up to when evaluations were seen; ``full``: all states there are were read."""
    told: dict[str, object] = {"full_at": micros(work.now)} if full else {}
    if until is not None or full:
        told["evaluated_until"] = None if until is None else micros(until)
    if told:
        heard.hear(work.db, _whose(listing), Part.STATES, **told)


def fail(work: Work, listing: Listing, part: Part, name: str, *, reason: str, missing: str) -> None:
    """Keep that ``part`` could not be read, and why. What was read before stays, and ages."""
    heard.hear(work.db, _whose(listing), part, failure=reason, missing=missing, name=name)


def subscriptions(work: Work, tenants: Tenants, connection: ConnectionId) -> set[str]:
    """Subscriptions of a connection that were read, or should have been."""
    return heard.subscriptions_of(work.db, tenants, connection)


def forget(work: Work, tenants: Tenants, listing: Listing) -> None:
    """Expect nothing any more of a subscription that the cloud names no more."""
    heard.forget(work.db, tenants, listing.connection, listing.subscription)
    had = advices.live(work.db, tenants, listing.connection, listing.subscription)
    advices.close(work.db, tenants, sorted(had), micros(work.now))


def put_scores(
    work: Work, listing: Listing, found: Sequence[SecureScore], *, every: bool = True
) -> None:
    """Secure scores of a subscription, instead of those before.

    ``every``: it has no others. Else one that is not ``found`` may be one that could not be
    read, and stays as it was.
    """
    rows = [
        {
            "name": one.name,
            "title": one.title,
            "current": one.current,
            "most": one.most,
            "body": one.body,
            "read_at": micros(work.now),
        }
        for one in {one.name: one for one in found}.values()
    ]
    heard.put_scores(work.db, _whose(listing), rows, every=every)


def land_advice(work: Work, tenants: Tenants, listing: Listing, seen: Sequence[Advice]) -> int:
    """Write what ``seen`` changes; how much it was."""
    known = advices.known(work.db, tenants, [one.id for one in seen])
    distinct = list({one.id: one for one in seen}.values())
    fresh = [one for one in distinct if one.id not in known]
    stale = [one for one in distinct if one.id in known and known[one.id] != (one.hash, False)]
    if fresh:
        advices.add(work.db, _whose(listing), micros(work.now), fresh)
    if stale:
        advices.rewrite(work.db, tenants, stale)
    return len(fresh) + len(stale)


def gone_advice(work: Work, tenants: Tenants, listing: Listing, seen: Collection[str]) -> list[str]:
    """Ids of the advice that a listing gives no more. Ask only of one that came to its end."""
    had = advices.live(work.db, tenants, listing.connection, listing.subscription)
    return sorted(had - set(seen))


def close_advice(work: Work, tenants: Tenants, listing: Listing, seen: Collection[str]) -> int:
    """Close the advice that a complete listing gives no more; how much it was."""
    gone = gone_advice(work, tenants, listing, seen)
    return advices.close(work.db, tenants, gone, micros(work.now))


def count_of(work: Work, tenants: Tenants, connection: ConnectionId) -> int:
    """Live policy states of one connection."""
    return queries.count_of(work.db, tenants, connection)


def tally(work: Work, tenants: Tenants, run: str) -> dict[What, int]:
    """How many changes of each kind a run made."""
    return queries.tally_of_run(work.db, tenants, run)


def changes(work: Work, tenants: Tenants, run: str, after: int = -1) -> list[Change]:
    """The next ``RUN_PAGE`` changes of a run after number ``after``, in order."""
    return queries.of_run(work.db, tenants, run, after, RUN_PAGE)


def _end_day(work: Work, tenants: Tenants, listing: Listing) -> None:
    heard.end_day(work.db, tenants, _whose(listing), f"{work.now:%Y-%m-%d}")


def _whose(listing: Listing) -> dict[str, object]:
    return {
        "tenant": listing.tenant,
        "connection": listing.connection,
        "subscription": listing.subscription,
    }


def _change(
    work: Work, run: str, number: int, what: What, sight: Sighting, before: Known | None
) -> Change:
    return Change(
        run=run,
        number=number,
        state=sight.id,
        cloud_id=cloud_id(sight),
        what=what,
        at=work.now,
        before=before.hash if before and what is What.CHANGED else "",
        after=sight.hash,
        was=before.verdict if before else None,
        became=sight.verdict,
    )
