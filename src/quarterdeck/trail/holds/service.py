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
    epoch.advance(work)
    hold = Hold(
        id=work.new_id(),
        tenant=tenant,
        version=1,
        scope=scope,
        reason=words(reason),
        state=State.PLACED,
        at=micros(work.now),
        by=work.actor.id,
    )
    store.add(work.db, hold)
    work.publish(
        HoldPlaced(
            tenant=tenant,
            hold=hold.id,
            version=hold.version,
            covers=str(scope.covers),
            value=scope.value,
            since=scope.since,
            until=scope.until,
            reason=hold.reason,
        )
    )
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
    work.publish(
        HoldPlaced(
            tenant=made.tenant,
            hold=made.id,
            version=made.version,
            covers=str(made.scope.covers),
            value=made.scope.value,
            since=made.scope.since,
            until=made.scope.until,
            reason=made.reason,
        )
    )
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
    whole = [
        one.id
        for one in standing(db, tenant)
        if one.scope.covers is Covers.TENANT and (one.scope.since, one.scope.until) == (None, None)
    ]
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
