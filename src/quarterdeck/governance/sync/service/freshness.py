"""How fresh the estate is, and the announcement of both edges."""

from datetime import datetime

from sqlalchemy import Engine

from quarterdeck.events.governance import DomainBecameFresh, DomainWentStale
from quarterdeck.governance.connections import service as connections
from quarterdeck.governance.connections.model import Connection
from quarterdeck.governance.sync.freshness import Age, Freshness, Latest, judged
from quarterdeck.governance.sync.model import Policies
from quarterdeck.governance.sync.service import policies, progress, signals
from quarterdeck.governance.sync.store import latest, runs
from quarterdeck.governance.sync.store.latest import Record
from quarterdeck.kernel.clock import Clock, rfc3339
from quarterdeck.kernel.work import ANY, Actor, Tenants, Work, begin, read

EVERYONE = Tenants(frozenset({ANY}))
CLOCK = Actor("quarterdeck", frozenset())


def freshness(work: Work, known: Policies) -> list[Freshness]:
    """How fresh each domain of each tenant is that the actor may see."""
    return ages(work, work.tenants("sync:read"), known)


def ages(work: Work, tenants: Tenants, known: Policies) -> list[Freshness]:
    """How fresh each domain of ``tenants`` is, for who checked the right to know."""
    return _judged(work, tenants, policies.current(work.db, known))


def evaluate_freshness(engine: Engine, clock: Clock, known: Policies) -> int:
    """Announce what went stale, stalled or fails too often, and its end; how many edges.

    Each edge is told once. For a clock in the web process, which sees a dead worker too:
    absence sends no event. Ends runs, too, whose job is over without them. Writes nothing
    where nothing turned.
    """
    with read(engine, CLOCK, clock) as work:
        if not any(_turned(work, known)) and not runs.lost(work.db, EVERYONE):
            return 0
    with begin(engine, CLOCK, clock) as work:
        progress.bury(work, EVERYONE)
        old, turned = _turned(work, known)
        told = sum(_announce(work, edge) for edge in old)
        return told + sum(signals.announce(work, edge) for edge in turned)


def _judged(work: Work, tenants: Tenants, known: Policies) -> list[Freshness]:
    connected = connections.of(work.db, tenants)
    records = {(r.connection, r.domain): r for r in latest.of(work.db, tenants)}
    return [
        found
        for domain, kept in known.items()
        for found in judged(
            kept,
            [_latest(c, records.get((c.id, domain))) for c in connected],
            work.now,
        )
    ]


def _latest(connection: Connection, record: Record | None) -> Latest:
    return Latest(
        tenant=connection.tenant,
        connection=connection.id,
        connected_at=connection.created_at,
        success=record.success if record else None,
        failing=record is not None and record.failures > 0,
        items=record.seen if record else 0,
        unread=record.unread if record else 0,
    )


def _turned(work: Work, known: Policies) -> tuple[list[Freshness], list[signals.Edge]]:
    kept = policies.current(work.db, known)
    found = _judged(work, EVERYONE, kept)
    told = latest.told_stale(work.db, EVERYONE)
    stale = [f for f in found if (f.state is Age.STALE) != ((f.tenant, f.domain) in told)]
    return stale, signals.edges(work, found, kept)


def _announce(work: Work, edge: Freshness) -> bool:
    stale = edge.state is Age.STALE
    if not latest.tell(work.db, edge.tenant, edge.domain, stale=stale):
        return False
    if stale:
        work.publish(
            DomainWentStale(
                tenant=edge.tenant, domain=edge.domain, last_success=_said(edge.last_success)
            )
        )
    else:
        work.publish(DomainBecameFresh(tenant=edge.tenant, domain=edge.domain))
    return True


def _said(last: datetime | None) -> str:
    return "" if last is None else rfc3339(last)
