"""Facts with two edges: failed and recovered, stalled and resumed, too many errors and normal.

One stands announced for a tenant, a domain and a kind, or none does; whoever turns it says so.
"""

from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum

from quarterdeck.events.governance import (
    SyncErrorRateHigh,
    SyncErrorRateNormal,
    SyncItemsReadable,
    SyncItemsUnreadable,
    SyncRecovered,
    SyncResumed,
    SyncStalled,
)
from quarterdeck.governance.connections import service as connections
from quarterdeck.governance.sync.freshness import Freshness
from quarterdeck.governance.sync.model import BACKFILL, COSTS, USUAL, Policies, Run
from quarterdeck.governance.sync.store import latest, policies, runs, signals
from quarterdeck.governance.sync.store.latest import Record
from quarterdeck.governance.sync.store.runs import Rate
from quarterdeck.governance.sync.store.signals import Key
from quarterdeck.kernel.clock import rfc3339
from quarterdeck.kernel.event import Event
from quarterdeck.kernel.work import ANY, Tenants, Work

EVERYONE = Tenants(frozenset({ANY}))
WINDOW = timedelta(hours=1)
TOLERATED = 10  # percent: one of ten runs may fail


class Kind(StrEnum):
    """What is announced."""

    FAILED = "failed"
    STALLED = "stalled"
    ERRORS = "errors"
    UNREADABLE = "unreadable"


Edge = tuple[Key, Event | None]
"""A key that turns: to the event that announces it, or to None where it is taken back."""


def too_many(rate: Rate, fewest: int) -> bool:
    """Whether more than one in ten runs failed, of ``fewest`` or more: fewer are no rate."""
    return rate.ended >= fewest and rate.failed * 100 > TOLERATED * rate.ended


def note(work: Work, tenants: Tenants, run: Run) -> None:
    """Note how ``run`` ended; tell the platform where its domain recovered by it."""
    key = (run.tenant, run.domain, Kind.FAILED.value)
    if not run.whole:
        signals.put_up(work.db, key, work.now)
        return  # what it could not read says nothing of what can be read
    mine = _records(work, tenants, run)
    if not any(record.failures for record in mine) and signals.take_down(work.db, key):
        work.publish(SyncRecovered(tenant=run.tenant, domain=run.domain))
    _note_unread(work, run, sum(record.unread for record in mine))


def _note_unread(work: Work, run: Run, unread: int) -> None:
    key = (run.tenant, run.domain, Kind.UNREADABLE.value)
    if run.counts.unread:
        signals.put_up(work.db, key, work.now)
        work.publish(
            SyncItemsUnreadable(
                tenant=run.tenant,
                domain=run.domain,
                run=run.id,
                seen=run.counts.seen,
                unread=run.counts.unread,
                error=run.error,
                recommended=run.action,
            )
        )
    elif not unread and signals.take_down(work.db, key):
        work.publish(SyncItemsReadable(tenant=run.tenant, domain=run.domain))


def edges(work: Work, ages: list[Freshness], known: Policies) -> list[Edge]:
    """What turned and is not announced. Writes nothing."""
    connected = {str(c.tenant) for c in connections.of(work.db, EVERYONE)}
    up = _stalls(work, ages, known) | _error_rates(work, connected, known)
    told = signals.raised(work.db, EVERYONE)
    begun: list[Edge] = [(key, event) for key, event in up.items() if key not in told]
    over: list[Edge] = [(key, None) for key in sorted(told) if _over(key, up, connected)]
    return begun + over


def announce(work: Work, edge: Edge) -> bool:
    """Tell the platform; False if somebody told it before."""
    key, event = edge
    turned = (
        signals.take_down(work.db, key) if event is None else signals.put_up(work.db, key, work.now)
    )
    if turned:
        work.publish(event or _taken_back(key))
    return turned


def _records(work: Work, tenants: Tenants, run: Run) -> list[Record]:
    # How each connection of the run's domain did lately; a backfill leaves no record.
    connected = {c.id for c in connections.of(work.db, tenants)}
    return [
        record
        for record in latest.of(work.db, tenants)
        if record.domain == run.domain and record.connection in connected
    ]


def _stalls(work: Work, ages: list[Freshness], known: Policies) -> dict[Key, Event]:
    paused = {(p.tenant, p.domain) for p in policies.paused(work.db, EVERYONE)}
    return {
        (age.tenant, age.domain, Kind.STALLED.value): SyncStalled(
            tenant=age.tenant,
            domain=age.domain,
            last_success="" if age.last_success is None else rfc3339(age.last_success),
        )
        for age in ages
        if age.stalled and not known[age.domain].paused and (age.tenant, age.domain) not in paused
    }


def _error_rates(work: Work, connected: set[str], known: Policies) -> dict[Key, Event]:
    return {
        (rate.tenant, rate.domain, Kind.ERRORS.value): SyncErrorRateHigh(
            tenant=rate.tenant, domain=rate.domain, ended=rate.ended, failed=rate.failed
        )
        for rate in runs.rates(work.db, EVERYONE, work.now - WINDOW)
        if rate.tenant in connected and too_many(rate, _fewest(known, rate.domain))
    }


def _fewest(known: Policies, domain: str) -> int:
    # Backfills are kept as costs are; of a domain that is read no more, nobody set anything.
    kept = known.get(COSTS if domain == BACKFILL else domain)
    return USUAL[COSTS].fewest if kept is None else kept.fewest


def _over(key: Key, up: dict[Key, Event], connected: set[str]) -> bool:
    tenant, _, kind = key
    if kind in {Kind.FAILED, Kind.UNREADABLE}:  # a run's end takes it back, while there are runs
        return tenant not in connected
    return key not in up


def _taken_back(key: Key) -> Event:
    tenant, domain, kind = key
    events: dict[str, Callable[..., Event]] = {
        Kind.FAILED: SyncRecovered,
        Kind.STALLED: SyncResumed,
        Kind.ERRORS: SyncErrorRateNormal,
        Kind.UNREADABLE: SyncItemsReadable,
    }
    return events[kind](tenant=tenant, domain=domain)
