"""In SQL: what people changed about how domains are kept up to date."""

from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from quarterdeck.governance.sync.model import Backoff, Policies, Policy
from quarterdeck.governance.sync.store.tables import pauses, policies
from quarterdeck.governance.sync.waiting import Pause
from quarterdeck.kernel.clock import MICROSECOND, instant, micros
from quarterdeck.kernel.work import Tenants


def changed(db: Connection, known: Policies) -> Policies:
    """``known``, with what people changed."""
    rows = {row.domain: row for row in db.execute(select(policies))}
    return {d: _changed(kept, rows[d]) if d in rows else kept for d, kept in known.items()}


def put(db: Connection, policy: Policy) -> bool:
    """Keep ``policy`` as the next version of what is kept; False if somebody was faster."""
    row = _row(policy)
    if policy.version == 1:
        add = sqlite.insert if db.dialect.name == "sqlite" else postgresql.insert
        first = add(policies).values(row).on_conflict_do_nothing()
        return db.scalar(first.returning(policies.c.version)) is not None
    mine = (policies.c.domain == policy.domain, policies.c.version == policy.version - 1)
    return db.execute(update(policies).where(*mine).values(row)).rowcount == 1


def paused(db: Connection, tenants: Tenants) -> list[Pause]:
    """Domains of single tenants that are paused."""
    query = select(pauses).where(tenants.clause(pauses.c.tenant))
    return [
        Pause(tenant=row.tenant, domain=row.domain, actor=row.actor, at=instant(row.at))
        for row in db.execute(query)
    ]


def pause(db: Connection, tenants: Tenants, pause: Pause) -> bool:
    """Pause; False if it is paused already."""
    known = {(p.tenant, p.domain) for p in paused(db, tenants)}
    if (pause.tenant, pause.domain) in known:
        return False
    values = {"tenant": pause.tenant, "domain": pause.domain, "actor": pause.actor}
    db.execute(insert(pauses).values(values | {"at": micros(pause.at)}))
    return True


def resume(db: Connection, tenants: Tenants, domain: str) -> bool:
    """Pause no more; False if none of ``tenants`` was paused."""
    mine = (tenants.clause(pauses.c.tenant), pauses.c.domain == domain)
    return db.execute(delete(pauses).where(*mine)).rowcount > 0


def _changed(kept: Policy, row: Row[Any]) -> Policy:
    return replace(
        kept.every(row.every * MICROSECOND),
        expected=(row.expected_min * MICROSECOND, row.expected_max * MICROSECOND),
        limit=row.most * MICROSECOND,
        backoff=Backoff(base=row.base * MICROSECOND, factor=row.factor, cap=row.cap * MICROSECOND),
        fewest=row.fewest,
        paused=row.paused,
        version=row.version,
    )


def _row(policy: Policy) -> dict[str, object]:
    return {
        "domain": policy.domain,
        "every": policy.interval // MICROSECOND,
        "expected_min": policy.expected[0] // MICROSECOND,
        "expected_max": policy.expected[1] // MICROSECOND,
        "most": policy.limit // MICROSECOND,
        "base": policy.backoff.base // MICROSECOND,
        "factor": policy.backoff.factor,
        "cap": policy.backoff.cap // MICROSECOND,
        "fewest": policy.fewest,
        "paused": policy.paused,
        "version": policy.version,
    }
