"""Acknowledge, resolve, and take either back; one alert, or many."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from hashlib import sha256
from typing import Any

from sqlalchemy import Row

from quarterdeck.events.alerting import (
    AlertAcknowledged,
    AlertReopened,
    AlertsHandled,
    AlertUnacknowledged,
)
from quarterdeck.events.operations import AlertResolved
from quarterdeck.kernel.db import BULK_ROWS
from quarterdeck.kernel.event import Event
from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.operations.alerts.model import (
    LIVE,
    Alert,
    AlertEndedAlready,
    AlertNotFound,
    AlertState,
    Change,
    Filter,
    NothingMeant,
)
from quarterdeck.operations.alerts.service.looking import found_of
from quarterdeck.operations.alerts.store import live, queries

MOST = 100_000  # alerts of one request

Move = Callable[[Sequence[int]], list[Row[Any]]]
Told = Callable[[Row[Any]], Event]


def acknowledge(work: Work, alert: int, by: str = "") -> Alert:
    """Say that somebody looks after an alert, until it is resolved: what comes after is anew.

    A second time changes nothing. ``by`` is who, in their own words; empty: the actor.

    Raises:
        AlertNotFound
        AlertEndedAlready: there is nothing left to look after.
    """
    tenants = work.tenants("alerts:acknowledge")
    found = found_of(work, tenants, alert)
    if found.state is AlertState.RESOLVED:
        raise AlertEndedAlready(f"alert {alert} was resolved; only one that fires is acknowledged")
    who = by or work.actor.id
    _each(work, "acknowledged", who, _acknowledging(work, tenants, who), [alert])
    return found_of(work, tenants, alert)


def unacknowledge(work: Work, alert: int) -> Alert:
    """Take an acknowledgement back."""
    tenants = work.tenants("alerts:acknowledge")
    found_of(work, tenants, alert)
    _each(work, "unacknowledged", work.actor.id, _unacknowledging(work, tenants), [alert])
    return found_of(work, tenants, alert)


def resolve(work: Work, alert: int, resolved_by: str = "") -> Alert:
    """Say that an alert needs nobody any more. One that has ended stays as it ended.

    ``resolved_by`` is who did, in their own words; empty: the actor. Where the cause is still
    there, the next sign of it begins another alert.

    Raises:
        AlertNotFound: there is none that the actor may resolve.
    """
    tenants = work.tenants("alerts:resolve")
    found_of(work, tenants, alert)
    who = resolved_by or work.actor.id
    _each(work, "resolved", who, _resolving(work, tenants, who), [alert])
    return found_of(work, tenants, alert)


def reopen(work: Work, alert: int) -> Alert:
    """Take a resolution back: the alert fires on, unless its cause has begun another."""
    tenants = work.tenants("alerts:resolve")
    found_of(work, tenants, alert)
    _each(work, "reopened", work.actor.id, _reopening(work, tenants), [alert])
    return found_of(work, tenants, alert)


def handle(work: Work, how: str, wanted: Filter, by: str = "", tenant: str = "") -> list[int]:
    """``how`` (acknowledge, unacknowledge, resolve, reopen) with all that is meant.

    The ids of those that changed, in rising order: with them it can be taken back. Each
    tenant's log has one leaf.

    Raises:
        NothingMeant: ``wanted`` names no alerts in any way.
        AlertNotFound: an id that it names is none that the actor may handle; nothing changed.
    """
    permission = "alerts:acknowledge" if how.endswith("acknowledge") else "alerts:resolve"
    tenants = work.require(permission, tenant) if tenant else work.tenants(permission)
    if wanted == Filter(states=wanted.states):
        raise NothingMeant("say which alerts are meant: ids, types, severities or labels")
    _all_there(work, tenants, wanted.ids)
    who = by or work.actor.id
    moves: dict[str, tuple[str, Sequence[AlertState], Told, Move]] = {
        "acknowledge": ("acknowledged", (AlertState.FIRING,), *_acknowledging(work, tenants, who)),
        "unacknowledge": (
            "unacknowledged",
            (AlertState.ACKNOWLEDGED,),
            *_unacknowledging(work, tenants),
        ),
        "resolve": ("resolved", LIVE, *_resolving(work, tenants, who)),
        "reopen": ("reopened", (AlertState.RESOLVED,), *_reopening(work, tenants)),
    }
    state, among, _, move = moves[how]
    states = tuple(one for one in wanted.states or among if one in among)
    ids = queries.ids(work.db, tenants, replace(wanted, states=states), MOST) if states else []
    ids.reverse()  # of several with one cause the newest is reopened
    changed: list[Row[Any]] = []
    for at in range(0, len(ids), BULK_ROWS):
        changed += move(ids[at : at + BULK_ROWS])
    live.note(work.db, changed, Change(at=work.now, state=state, by=who))
    _tell(work, how, wanted, changed)
    return sorted(row.id for row in changed)


def _all_there(work: Work, tenants: Tenants, ids: Sequence[int]) -> None:
    if ids:
        there = queries.ids(work.db, tenants, Filter(ids=tuple(ids)), len(ids))
        missing = sorted({*ids} - {*there})
        if missing:
            raise AlertNotFound(f"no alert {', '.join(map(str, missing[:10]))}")


def _each(work: Work, state: str, by: str, done: tuple[Told, Move], ids: Sequence[int]) -> None:
    told, move = done
    changed = move(ids)
    live.note(work.db, changed, Change(at=work.now, state=state, by=by))
    for row in changed:
        work.publish(told(row))


def _acknowledging(work: Work, tenants: Tenants, who: str) -> tuple[Told, Move]:
    return (
        lambda row: AlertAcknowledged(
            tenant=row.tenant, alert=str(row.id), type=row.type, acknowledged_by=who
        ),
        lambda ids: live.acknowledge(work.db, tenants, ids, work.now, who),
    )


def _unacknowledging(work: Work, tenants: Tenants) -> tuple[Told, Move]:
    return (
        lambda row: AlertUnacknowledged(tenant=row.tenant, alert=str(row.id), type=row.type),
        partial(live.unacknowledge, work.db, tenants),
    )


def _resolving(work: Work, tenants: Tenants, who: str) -> tuple[Told, Move]:
    return (
        lambda row: AlertResolved(
            tenant=row.tenant, alert=str(row.id), type=row.type, resolved_by=who
        ),
        lambda ids: live.end(work.db, tenants, ids, work.now, who),
    )


def _reopening(work: Work, tenants: Tenants) -> tuple[Told, Move]:
    return (
        lambda row: AlertReopened(tenant=row.tenant, alert=str(row.id), type=row.type),
        lambda ids: live.reopen(work.db, tenants, ids, work.now),
    )


def _tell(work: Work, how: str, wanted: Filter, changed: Sequence[Row[Any]]) -> None:
    for tenant in sorted({row.tenant for row in changed}):
        own = sorted(row.id for row in changed if row.tenant == tenant)
        digest = sha256("".join(f"{one}\n" for one in own).encode()).hexdigest()
        work.publish(
            AlertsHandled(tenant=tenant, how=how, what=str(wanted), count=len(own), digest=digest)
        )
