"""Recommendations in SQL."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, case, insert, select, tuple_, update

from quarterdeck.governance.compliance.model.posture import Advice, KeptAdvice
from quarterdeck.governance.compliance.store.heard import Whose
from quarterdeck.governance.compliance.store.tables import advice
from quarterdeck.kernel.clock import instant, micros
from quarterdeck.kernel.ids import ConnectionId, TenantId
from quarterdeck.kernel.work import Tenants

WEIGHT = case({"High": 0, "Medium": 1, "Low": 2}, value=advice.c.impact, else_=3)
WEIGHTS = {"High": 0, "Medium": 1, "Low": 2}

Spot = tuple[int, str]
"""Where a page ended: weight of the impact (0 is High), id."""


def known(db: Connection, tenants: Tenants, ids: Sequence[str]) -> dict[str, tuple[str, bool]]:
    """Hash, and whether it is closed, of those of ``ids`` that are held."""
    query = select(advice.c.id, advice.c.hash, advice.c.closed_at).where(
        advice.c.id.in_(ids), tenants.check(advice.c.tenant)
    )
    return {row.id: (row.hash, row.closed_at is not None) for row in db.execute(query)}


def live(db: Connection, tenants: Tenants, connection: ConnectionId, subscription: str) -> set[str]:
    """Ids of the recommendations for a subscription, as far as is known."""
    query = select(advice.c.id).where(
        advice.c.connection == connection,
        advice.c.subscription == subscription,
        advice.c.closed_at.is_(None),
        tenants.clause(advice.c.tenant),
    )
    return set(db.scalars(query))


def add(db: Connection, whose: Whose, now: int, fresh: Sequence[Advice]) -> None:
    """Keep recommendations that were not known."""
    rows = [dict(whose) | _row(one) | {"id": one.id, "first_seen": now} for one in fresh]
    db.execute(insert(advice), rows)


def rewrite(db: Connection, tenants: Tenants, stale: Sequence[Advice]) -> None:
    """Bring known recommendations up to date; closed ones are open again."""
    rows: list[dict[str, Any]] = [_row(one) | {"of": one.id} for one in stale]
    columns: dict[str, Any] = {name: bindparam(name) for name in rows[0] if name != "of"}
    mine = (advice.c.id == bindparam("of"), tenants.clause(advice.c.tenant))
    db.execute(update(advice).where(*mine).values(columns), rows)


def close(db: Connection, tenants: Tenants, ids: Sequence[str], now: int) -> int:
    """Mark recommendations as given no more; how many were open."""
    mine = (
        advice.c.id.in_(ids),
        advice.c.closed_at.is_(None),
        tenants.check(advice.c.tenant),
    )
    return db.execute(update(advice).where(*mine).values(closed_at=now)).rowcount


def page(
    db: Connection, tenants: Tenants, category: str, after: Spot | None, limit: int
) -> list[KeptAdvice]:
    """The next ``limit`` open recommendations, those of high impact first."""
    query = select(advice).where(advice.c.closed_at.is_(None), tenants.clause(advice.c.tenant))
    if category:
        query = query.where(advice.c.category == category)
    if after is not None:
        query = query.where(tuple_(WEIGHT, advice.c.id) > tuple_(*after))
    query = query.order_by(WEIGHT, advice.c.id).limit(limit)
    return [
        KeptAdvice(
            id=row.id,
            tenant=TenantId(row.tenant),
            subscription=row.subscription,
            cloud_id=row.cloud_id,
            category=row.category,
            impact=row.impact,
            kind=row.kind,
            resource=row.resource,
            concerned=row.concerned,
            problem=row.problem,
            solution=row.solution,
            first_seen=instant(row.first_seen),
            closed_at=None,
        )
        for row in db.execute(query)
    ]


def spot(one: KeptAdvice) -> Spot:
    """The spot of a recommendation in the list."""
    return WEIGHTS.get(one.impact, 3), one.id


def _row(one: Advice) -> dict[str, object]:
    return {
        "cloud_id": one.cloud_id,
        "category": one.category,
        "impact": one.impact,
        "kind": one.kind,
        "resource": one.resource,
        "concerned": one.concerned,
        "problem": one.problem,
        "solution": one.solution,
        "updated_at": one.updated_at and micros(one.updated_at),
        "hash": one.hash,
        "body": one.body,
        "closed_at": None,
    }
