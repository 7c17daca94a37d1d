"""What people do with silences."""

from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

from quarterdeck.events.alerting import SilenceEnded, SilenceSet
from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.operations.silences import store
from quarterdeck.operations.silences.model import (
    Silence,
    SilenceExpired,
    SilenceInvalid,
    SilenceNotFound,
    SilenceState,
    Wanted,
    check,
    ended,
    may_become,
)

KEPT = timedelta(days=5)  # that ended ones are listed; Alertmanager's own data.retention
MOST_LISTED = 2000
MOST_LIVE = 1000  # that hold or will, of one tenant: each alert is compared with each


def silence(work: Work, tenant: str, wanted: Wanted) -> Silence:
    """Silence what matches; or change the silence that ``wanted`` names.

    One that cannot be changed in place ends, and a new one begins: what was muted when stays
    on record.

    Raises:
        SilenceInvalid, SilenceNotFound
    """
    tenants = work.require("alerts:silence", tenant)
    check(wanted, work.now)
    old = _found(work, tenants, wanted.id) if wanted.id else None
    if old is not None and may_become(old, wanted, work.now):
        made = _made(work, tenant, wanted, old.id)
        if old.state(work.now) is SilenceState.ACTIVE:
            made = replace(made, starts_at=old.starts_at)
        store.change(work.db, tenants, made)
    else:
        if old is not None:
            _end(work, tenants, old)
        if store.count(work.db, tenants, work.now) >= MOST_LIVE:
            raise SilenceInvalid(f"a tenant has at most {MOST_LIVE} silences; expire some")
        made = _made(work, tenant, wanted, str(uuid4()))
        store.add(work.db, made)
    work.publish(
        SilenceSet(
            tenant=tenant,
            silence=made.id,
            matchers=[str(one) for one in made.matchers],
            until=made.ends_at.isoformat(),
            created_by=made.created_by,
            comment=made.comment,
        )
    )
    return made


def expire(work: Work, silence_id: str, tenant: str = "") -> Silence:
    """End a silence now. One that has ended stays as it ended; raise SilenceExpired."""
    asked = "alerts:silence"
    tenants = work.require(asked, tenant) if tenant else work.tenants(asked)
    old = _found(work, tenants, silence_id)
    if old.state(work.now) is SilenceState.EXPIRED:
        raise SilenceExpired(f"silence {silence_id} already expired")
    return _end(work, tenants, old)


def of_id(work: Work, silence_id: str, tenant: str = "") -> Silence:
    """One silence; raise SilenceNotFound."""
    tenants = work.require("alerts:read", tenant) if tenant else work.tenants("alerts:read")
    return _found(work, tenants, silence_id)


def listed(
    work: Work, tenant: str = "", states: Collection[SilenceState] = tuple(SilenceState)
) -> list[Silence]:
    """Silences: those that hold, soonest over first; those to come, soonest first; the ended."""
    tenants = work.require("alerts:read", tenant) if tenant else work.tenants("alerts:read")
    since = work.now - KEPT if SilenceState.EXPIRED in states else work.now
    found = store.after(work.db, tenants, since, MOST_LISTED)

    def order(one: Silence) -> tuple[int, float]:
        match one.state(work.now):
            case SilenceState.ACTIVE:
                return 0, one.ends_at.timestamp()
            case SilenceState.PENDING:
                return 1, one.starts_at.timestamp()
            case SilenceState.EXPIRED:
                return 2, -one.ends_at.timestamp()

    return sorted((one for one in found if one.state(work.now) in states), key=order)


def holding(work: Work, tenant: str) -> list[Silence]:
    """Silences of ``tenant`` that hold now, for whoever decides who is woken."""
    own = Tenants(frozenset({tenant}))
    found = store.after(work.db, own, work.now, MOST_LIVE)
    return [one for one in found if one.state(work.now) is SilenceState.ACTIVE]


def _made(work: Work, tenant: str, wanted: Wanted, silence_id: str) -> Silence:
    return Silence(
        id=silence_id,
        tenant=tenant,
        matchers=wanted.matchers,
        starts_at=max(wanted.starts_at or work.now, work.now),
        ends_at=wanted.ends_at,
        updated_at=work.now,
        created_by=wanted.created_by or work.actor.id,
        comment=wanted.comment,
        actor=work.actor.id,
    )


def _end(work: Work, tenants: Tenants, old: Silence) -> Silence:
    over = ended(old, work.now)
    store.change(work.db, tenants, over)
    work.publish(SilenceEnded(tenant=old.tenant, silence=old.id))
    return over


def _found(work: Work, tenants: Tenants, silence_id: str) -> Silence:
    found = store.of_id(work.db, tenants, silence_id)
    if found is None:
        raise SilenceNotFound(f"no silence {silence_id[:80]}")
    return found
