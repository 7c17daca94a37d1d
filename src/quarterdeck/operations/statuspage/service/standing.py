"""How components are: as somebody said, as maintenance has it, as their service is."""

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Engine

from quarterdeck.events.statuspage import StatusComponentMoved
from quarterdeck.kernel.clock import Clock
from quarterdeck.kernel.work import ANY, Actor, Tenants, Work, begin, read
from quarterdeck.operations.health.model.state import Standing, State
from quarterdeck.operations.health.service import registry
from quarterdeck.operations.maintenance import service as maintenance
from quarterdeck.operations.statuspage.model.component import (
    NEVER_SEEN,
    OUT_OF_SIGHT,
    UNSAID,
    UNWATCHED,
    KeptComponent,
    status_of,
)
from quarterdeck.operations.statuspage.store import components as store

ITSELF = Actor("quarterdeck", frozenset())
EVERYONE = Tenants(frozenset({ANY}))
MOMENT = timedelta(microseconds=1)

Key = tuple[str, str, str]


def follow(
    work: Work, tenant: str, environment: str, service: str, state: State, at: datetime
) -> None:
    """Have whatever follows a service be, from ``at`` on, as it was found to be then."""
    own = Tenants(frozenset({tenant}))
    for kept in store.following(work.db, own, environment, service):
        settle(work, kept, state, at)


def settle(work: Work, kept: KeptComponent, state: State | None, at: datetime) -> KeptComponent:
    """Have a component be from ``at`` on as its parts say; write so where that is new.

    What would change what is written down of a later time is left alone: whoever looks at
    all of them again and again puts right what it left.
    """
    status = status_of(kept.said, state, covered=_covered(work, kept, at))
    if status is kept.status:
        return kept
    own = Tenants(frozenset({kept.tenant}))
    name = kept.component.name
    last = store.last_known(work.db, own, name)
    if last is not None and at < last:
        return kept
    if kept.since is not None and not store.end_span(work.db, own, name, kept.since, at):
        return kept
    if status is not None and not store.begin_span(work.db, kept.tenant, name, at, status):
        return kept
    work.publish(
        StatusComponentMoved(
            tenant=kept.tenant, component=name, old=kept.status or "", new=status or ""
        )
    )
    return replace(kept, status=status, since=None if status is None else at)


def settle_now(work: Work, kept: KeptComponent) -> KeptComponent:
    """Have a component be as things stand now."""
    seen = _seen(work, Tenants(frozenset({kept.tenant})))
    return settle(work, kept, _state(seen, kept), work.now)


def settle_all(work: Work, tenants: Tenants) -> None:
    """Have every component of some tenants be as things stand now."""
    seen = _seen(work, tenants)
    for kept in store.listed(work.db, tenants):
        settle(work, kept, _state(seen, kept), work.now)


def turn(engine: Engine, clock: Clock) -> bool:
    """Put right what no fact tells: a first look, a window of before; for a pulse."""
    with read(engine, ITSELF, clock) as work:
        late = {kept.tenant for kept in _late(work)}
    for tenant in sorted(late):
        with begin(engine, ITSELF, clock) as work:
            settle_all(work, Tenants(frozenset({tenant})))
    return False


def reasons(work: Work, own: Tenants, known: list[KeptComponent]) -> dict[str, str]:
    """Why it is not known how components are, by name, in words for strangers."""
    dark = [kept for kept in known if kept.status is None]
    seen = _seen(work, own) if dark else {}
    return {kept.component.name: _reason(seen, kept) for kept in dark}


def _late(work: Work) -> list[KeptComponent]:
    known = store.listed(work.db, EVERYONE)
    seen = _seen(work, EVERYONE) if known else {}
    return [
        kept
        for kept in known
        if kept.status
        is not status_of(kept.said, _state(seen, kept), covered=_covered(work, kept, work.now))
    ]


def _covered(work: Work, kept: KeptComponent, at: datetime) -> bool:
    """Whether a maintenance window that covers it was open at an instant."""
    own = Tenants(frozenset({kept.tenant}))
    one = kept.component
    windows = maintenance.spans(work, own, at, at + MOMENT)
    return any(window.covers(kept.tenant, one.environment, one.service) for window in windows)


def _seen(work: Work, tenants: Tenants) -> dict[Key, Standing]:
    return {
        (one.service.tenant, one.service.environment, one.service.name): one
        for one in registry.every_of(work.db, tenants)
    }


def _key(kept: KeptComponent) -> Key:
    return kept.tenant, kept.component.environment, kept.component.service


def _state(seen: dict[Key, Standing], kept: KeptComponent) -> State | None:
    standing = seen.get(_key(kept)) if kept.component.follows else None
    return None if standing is None else standing.state


def _reason(seen: dict[Key, Standing], kept: KeptComponent) -> str:
    if not kept.component.follows:
        return UNSAID
    standing = seen.get(_key(kept))
    if standing is None or not standing.service.probes:
        return UNWATCHED
    return NEVER_SEEN if standing.looked_at is None else OUT_OF_SIGHT
