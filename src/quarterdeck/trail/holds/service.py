"""What people do with legal holds. Each function is one use case in one transaction.

Placing a hold moves the access epoch, and so does whoever purges or erases: of a hold and a
purge at once, one waits for the other, and sees it.
"""

from dataclasses import replace

from sqlalchemy import Connection, Engine

from quarterdeck.access.epoch import service as epoch
from quarterdeck.events.keeping import HoldPlaced, HoldRefused, HoldReleaseAsked
from quarterdeck.events.keeping import HoldReleased as Released
from quarterdeck.kernel.clock import Clock, micros
from quarterdeck.kernel.work import Actor, Tenants, Work, begin
from quarterdeck.trail.holds import store
from quarterdeck.trail.holds.model import (
    MAX_WORDS,
    Covers,
    Hold,
    HoldMovedOn,
    HoldNotFound,
    HoldReleased,
    OnHold,
    Scope,
    SecondPersonNeeded,
    State,
    words,
)
from quarterdeck.trail.policy import service as policy
from quarterdeck.trail.policy.keeping import Approvals
from quarterdeck.trail.policy.model import Kind


def place(work: Work, tenant: str, scope: Scope, reason: str) -> Hold:
    """Place a hold: from the commit on, nothing that it covers is purged or erased."""
    work.require("holds:place", tenant)
    hold = _placed(work, tenant, scope, words(reason), work.actor.id)
    work.publish(_told(hold))
    return hold


def preserve(work: Work, tenant: str, incident: str, title: str, by: str) -> Hold | None:
    """Have an incident hold all of a tenant's records as evidence; None if it does already.

    ``by``: who declared it. For the incident's own fact: it asks for no permission.
    """
    # Titles change, and so do reasons of later versions: of the first, whose incident it is stays.
    whose = f"{incident}: "
    begun = store.begun(work.db, Tenants(frozenset({tenant})), whose)
    if any(one.scope.is_whole and one.id in begun for one in standing(work.db, tenant)):
        return None
    reason = f"{whose}a loss of data is suspected: {title}"[:MAX_WORDS]
    hold = _placed(work, tenant, Scope(covers=Covers.TENANT), reason, by)
    work.publish(_told(hold, incident))
    return hold


def release(work: Work, hold: str, reason: str) -> Hold:
    """Let a hold go; where policy wants two persons, the first asks and another releases.

    Raises:
        HoldNotFound, HoldReleased: there is none, or it holds no more.
        SecondPersonNeeded: the one who asked tries to agree as well.
    """
    epoch.advance(work)
    found = _newest(work, work.tenants("holds:read"), hold)
    work.require("holds:release", found.tenant)
    if not found.holds:
        raise HoldReleased(f"hold {hold} was released already")
    asked = found.state is State.RELEASE_ASKED
    if asked and found.by == work.actor.id:
        raise SecondPersonNeeded(f"you asked for the release of {hold}: another person agrees")
    alone = not Approvals.of(policy.document(work.db, found.tenant, Kind.APPROVALS)).hold_release
    state = State.RELEASED if asked or alone else State.RELEASE_ASKED
    made = _next(work, found, state, words(reason))
    kind = Released if state is State.RELEASED else HoldReleaseAsked
    work.publish(kind(tenant=made.tenant, hold=made.id, version=made.version, reason=made.reason))
    return made


def keep(work: Work, hold: str, reason: str) -> Hold:
    """Decline a release that somebody asked for: the hold stays.

    Raises:
        HoldNotFound: there is no such hold, or nobody asked.
    """
    found = _newest(work, work.tenants("holds:read"), hold)
    work.require("holds:place", found.tenant)
    if found.state is not State.RELEASE_ASKED:
        raise HoldNotFound(f"nobody asked to release hold {hold}")
    made = _next(work, found, State.PLACED, words(reason))
    work.publish(_told(made))
    return made


def holds(work: Work) -> list[Hold]:
    """The newest version of each hold that the actor may see, the last changed first."""
    return store.newest(work.db, work.tenants("holds:read"))


def history(work: Work, hold: str) -> list[Hold]:
    """All versions of a hold, newest first."""
    found = store.versions(work.db, work.tenants("holds:read"), hold)
    if not found:
        raise HoldNotFound(f"no hold {hold}")
    return found


def standing(db: Connection, tenant: str) -> list[Hold]:
    """The holds on a tenant's records. No use case: its callers have required their own."""
    return [one for one in store.newest(db, Tenants(frozenset({tenant}))) if one.holds]


def refuse_whole(db: Connection, tenant: str, wanted: str) -> None:
    """For what concerns all of a tenant's records.

    Raises:
        OnHold: the whole tenant is on hold.
    """
    whole = [one.id for one in standing(db, tenant) if one.scope.is_whole]
    if whole:
        raise OnHold(tenant, wanted, whole)


def record_refusal(engine: Engine, clock: Clock, actor: Actor, refused: OnHold) -> None:
    """Leave a leaf that says what was refused; after the transaction that was rolled back."""
    with begin(engine, actor, clock) as work:
        work.publish(
            HoldRefused(
                tenant=refused.tenant,
                hold=refused.holds[0],
                holds=refused.holds,
                wanted=refused.wanted,
            )
        )


def _placed(work: Work, tenant: str, scope: Scope, reason: str, by: str) -> Hold:
    epoch.advance(work)
    hold = Hold(
        id=work.new_id(),
        tenant=tenant,
        version=1,
        scope=scope,
        reason=reason,
        state=State.PLACED,
        at=micros(work.now),
        by=by,
    )
    store.add(work.db, hold)
    return hold


def _told(hold: Hold, incident: str = "") -> HoldPlaced:
    return HoldPlaced(
        tenant=hold.tenant,
        hold=hold.id,
        version=hold.version,
        covers=str(hold.scope.covers),
        value=hold.scope.value,
        since=hold.scope.since,
        until=hold.scope.until,
        reason=hold.reason,
        incident=incident,
    )


def _newest(work: Work, tenants: Tenants, hold: str) -> Hold:
    found = store.versions(work.db, tenants, hold)
    if not found:
        raise HoldNotFound(f"no hold {hold}")
    return found[0]


def _next(work: Work, hold: Hold, state: State, reason: str) -> Hold:
    made = replace(
        hold,
        version=hold.version + 1,
        state=state,
        reason=reason,
        at=micros(work.now),
        by=work.actor.id,
    )
    if not store.add(work.db, made):
        raise HoldMovedOn(f"somebody else changed hold {hold.id} just now; read it again")
    return made
