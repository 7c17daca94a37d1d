"""How components are: as somebody said, as maintenance has it, as their service is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Engine

from quarterdeck.events.statuspage import StatusComponentMoved
from quarterdeck.kernel.clock import Clock
from quarterdeck.kernel.work import ANY, Actor, Tenants, Work, begin, read
from quarterdeck.operations.health.model.state import Standing, State
from quarterdeck.operations.health.service import registry
from quarterdeck.operations.maintenance import service as maintenance
from quarterdeck.operations.maintenance.model import Window
from quarterdeck.operations.statuspage.model.component import (
    NEVER_SEEN,
    OUT_OF_SIGHT,
    UNSAID,
    UNWATCHED,
    KeptComponent,
    Status,
    status_of,
)
from quarterdeck.operations.statuspage.store import components as store

ITSELF = Actor("quarterdeck", frozenset())
EVERYONE = Tenants(frozenset({ANY}))
MOMENT = timedelta(microseconds=1)

Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What components are by, at one moment: services as they stand, and open windows."""

    standings: Mapping[Key, Standing]
    windows: Sequence[Window]

    def status(self, kept: KeptComponent) -> Status | None:
        """How a component is; None: that is not known."""
        standing = self.standing(kept)
        return self.status_by(kept, standing.state if standing else None)

    def status_by(self, kept: KeptComponent, state: State | None) -> Status | None:
        """How it is where its service is so."""
        one = kept.component
        covered = any(w.covers(kept.tenant, one.environment, one.service) for w in self.windows)
        return status_of(kept.said, state, covered=covered)

    def standing(self, kept: KeptComponent) -> Standing | None:
        """The service that it follows; None: it follows none, or that is gone."""
        one = kept.component
        key = (kept.tenant, one.environment, one.service)
        return self.standings.get(key) if one.follows else None


def follow(
    work: Work, tenant: str, environment: str, service: str, state: State, at: datetime
) -> None:
    """Have whatever follows a service be, from ``at`` on, as it was found to be then."""
    own = Tenants(frozenset({tenant}))
    sight = Sight(standings={}, windows=_windows(work, own, at))
    for kept in store.following(work.db, own, environment, service):
        settle(work, kept, sight.status_by(kept, state), at)


def settle(work: Work, kept: KeptComponent, status: Status | None, at: datetime) -> KeptComponent:
    """Have a component be so from ``at`` on; write it where that is new.

    What would change what is written down of a later time is left alone: whoever looks at
    all of them again and again puts right what it left.
    """
    if status is kept.status:
        return kept
    own, name = Tenants(frozenset({kept.tenant})), kept.component.name
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
    sight = _sight(work, Tenants(frozenset({kept.tenant})))
    return settle(work, kept, sight.status(kept), work.now)


def settle_all(work: Work, tenants: Tenants) -> None:
    """Have every component of some tenants be as things stand now."""
    sight = _sight(work, tenants)
    for kept in store.listed(work.db, tenants):
        settle(work, kept, sight.status(kept), work.now)


def turn(engine: Engine, clock: Clock) -> bool:
    """Put right what no fact tells: a first look, a window of before; for a pulse."""
    with read(engine, ITSELF, clock) as work:
        known = store.listed(work.db, EVERYONE)
        sight = _sight(work, EVERYONE) if known else None
        late = {kept.tenant for kept in known if sight and sight.status(kept) is not kept.status}
    for tenant in sorted(late):
        with begin(engine, ITSELF, clock) as work:
            settle_all(work, Tenants(frozenset({tenant})))
    return False


def reasons(work: Work, own: Tenants, known: Sequence[KeptComponent]) -> dict[str, str]:
    """Why it is not known how components are, by name, in words for strangers."""
    dark = [kept for kept in known if kept.status is None]
    sight = _sight(work, own) if dark else None
    return {kept.component.name: _reason(sight, kept) for kept in dark if sight}


def _sight(work: Work, tenants: Tenants) -> Sight:
    standings: dict[Key, Standing] = {
        (one.service.tenant, one.service.environment, one.service.name): one
        for one in registry.every_of(work.db, tenants)
    }
    return Sight(standings=standings, windows=_windows(work, tenants, work.now))


def _windows(work: Work, tenants: Tenants, at: datetime) -> list[Window]:
    """The maintenance windows that were open at an instant."""
    return maintenance.spans(work, tenants, at, at + MOMENT)


def _reason(sight: Sight, kept: KeptComponent) -> str:
    if not kept.component.follows:
        return UNSAID
    standing = sight.standing(kept)
    if standing is None or not standing.service.probes:
        return UNWATCHED
    return NEVER_SEEN if standing.looked_at is None else OUT_OF_SIGHT
