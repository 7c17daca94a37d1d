"""What probes found, in SQL: who looks next, what was seen, how it went over time."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from quarterdeck.kernel.clock import MICROSECOND, instant, micros
from quarterdeck.kernel.db import BULK_ROWS
from quarterdeck.kernel.work import Tenants
from quarterdeck.operations.health.model.claim import Claim, Finding
from quarterdeck.operations.health.model.history import Bucket, Change
from quarterdeck.operations.health.model.state import Standing, State
from quarterdeck.operations.health.store.registry import standing_of
from quarterdeck.operations.health.store.tables import buckets, changes, services

BUCKET = timedelta(minutes=5)


def claim(db: Connection, now: datetime, most: int) -> list[Claim]:
    """Take at most ``most`` services that are due; each is due again one period later.

    Two workers never take the same one: the row is moved on by whoever is first.
    """
    due = (
        select(services.c.id)
        .where(services.c.probed, services.c.next_due <= micros(now))
        .order_by(services.c.next_due)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    # Two statements: PostgreSQL may run a limited subquery of an UPDATE again for each row.
    ids = db.scalars(due).all()
    moved = (
        update(services)
        .where(services.c.id.in_(ids), services.c.next_due <= micros(now))
        .values(next_due=micros(now) + services.c.period)
    )
    rows = db.execute(moved.returning(services))
    return [Claim(id=row.id, version=row.version, standing=standing_of(row)) for row in rows]


def settle(db: Connection, claimed: Claim, found: Standing) -> bool:
    """Write what was found of a service; False if its entry has changed meanwhile, or is gone."""
    mine = (
        services.c.id == claimed.id,
        services.c.version == claimed.version,
        services.c.state == claimed.standing.state.value,
    )
    stale = found.stale_at()
    values = {
        "state": found.state.value,
        "since": micros(found.since),
        "reason": found.reason,
        "looked_at": None if found.looked_at is None else micros(found.looked_at),
        "stale_at": None if stale is None else micros(stale),
        "seen": msgspec.json.encode(found.seen).decode(),
    }
    return db.execute(update(services).where(*mine).values(values)).rowcount == 1


def lose(db: Connection, now: datetime, reason: str, most: int = BULK_ROWS) -> list[Claim]:
    """Have those that nobody looked at for too long be unknown; as each stood before."""
    rows = db.execute(
        select(services)
        .where(services.c.stale_at <= micros(now))
        .order_by(services.c.stale_at)
        .limit(most)
    ).all()
    return [
        Claim(id=row.id, version=row.version, standing=standing_of(row))
        for row in rows
        if _lost(db, row, now, reason)
    ]


def _lost(db: Connection, row: Row[Any], now: datetime, reason: str) -> bool:
    mine = (services.c.id == row.id, services.c.stale_at == row.stale_at)
    values = {
        "state": State.UNKNOWN.value,
        "since": micros(now),
        "reason": reason,
        "stale_at": None,
        # What probes said then is not how things are, nor what a failure now is counted on.
        "seen": "{}",
    }
    return db.execute(update(services).where(*mine).values(values)).rowcount == 1


def add_change(db: Connection, service: str, tenant: str, change: Change) -> None:
    """Keep that a service changed its state."""
    db.execute(
        insert(changes).values(
            service=service,
            tenant=tenant,
            at=micros(change.at),
            state=change.state.value,
            was=change.was.value,
            reason=change.reason,
            because_of=",".join(change.because_of),
        )
    )


def changes_of(
    db: Connection, tenants: Tenants, service: str, since: datetime, limit: int
) -> list[Change]:
    """How a service changed since then, newest first."""
    query = (
        select(changes)
        .where(
            changes.c.service == service,
            changes.c.at >= micros(since),
            tenants.clause(changes.c.tenant),
        )
        .order_by(changes.c.id.desc())
        .limit(limit)
    )
    return [_change(row) for row in db.execute(query)]


def due(db: Connection, now: datetime) -> bool:
    """Whether it is some service's turn. Writes nothing."""
    turn = select(services.c.id).where(services.c.probed, services.c.next_due <= micros(now))
    return db.scalar(turn.limit(1)) is not None


def stale(db: Connection, now: datetime) -> bool:
    """Whether nobody looked at some service for too long. Writes nothing."""
    late = select(services.c.id).where(services.c.stale_at <= micros(now))
    return db.scalar(late.limit(1)) is not None


def add_looks(db: Connection, findings: Sequence[Finding]) -> None:
    """Sum looks into their five minutes.

    A broken probe has looked at nothing, and counts for nothing.
    """
    rows = [
        {
            "service": one.claim.id,
            "probe": probe,
            "at": micros(one.at) // (BUCKET // MICROSECOND) * (BUCKET // MICROSECOND),
            "tenant": one.claim.service.tenant,
            "looks": 1,
            "failed": int(outcome.state is State.DOWN),
            "total_ms": outcome.took_ms,
            "most_ms": outcome.took_ms,
        }
        for one in findings
        for probe, outcome in one.outcomes.items()
        if outcome.state is not State.UNKNOWN
    ]
    if rows:
        db.execute(_summing(db), rows)


def _summing(db: Connection) -> Any:  # noqa: ANN401  the statement of either database
    put_new = sqlite.insert if db.dialect.name == "sqlite" else postgresql.insert
    row = put_new(buckets)
    new, old = row.excluded, buckets.c
    more = func.max if db.dialect.name == "sqlite" else func.greatest
    return row.on_conflict_do_update(
        index_elements=["service", "probe", "at"],
        set_={
            "looks": old.looks + new.looks,
            "failed": old.failed + new.failed,
            "total_ms": old.total_ms + new.total_ms,
            "most_ms": more(old.most_ms, new.most_ms),
        },
    )


def buckets_of(
    db: Connection, tenants: Tenants, service: str, since: datetime, until: datetime
) -> list[Bucket]:
    """How looks at a service went, five minutes a row and probe, oldest first."""
    query = (
        select(buckets)
        .where(
            buckets.c.service == service,
            buckets.c.at >= micros(since - BUCKET),
            buckets.c.at < micros(until),
            tenants.clause(buckets.c.tenant),
        )
        .order_by(buckets.c.at, buckets.c.probe)
    )
    return [
        Bucket(
            probe=row.probe,
            at=instant(row.at),
            looks=row.looks,
            failed=row.failed,
            mean_ms=row.total_ms / row.looks,
            most_ms=row.most_ms,
        )
        for row in db.execute(query)
    ]


def prune(db: Connection, before: datetime) -> int:
    """Forget history older than ``before``, at most ``BULK_ROWS`` rows a table; how many."""
    old = select(changes.c.id).where(changes.c.at < micros(before)).limit(BULK_ROWS)
    gone = db.execute(delete(changes).where(changes.c.id.in_(old))).rowcount
    days = select(buckets.c.at).where(buckets.c.at < micros(before)).order_by(buckets.c.at)
    oldest = db.scalar(days.limit(1))
    if oldest is not None:
        gone += db.execute(delete(buckets).where(buckets.c.at == oldest)).rowcount
    return gone


def _change(row: Row[Any]) -> Change:
    return Change(
        at=instant(row.at),
        state=State(row.state),
        was=State(row.was),
        reason=row.reason,
        because_of=tuple(row.because_of.split(",")) if row.because_of else (),
    )
