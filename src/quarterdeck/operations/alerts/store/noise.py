"""How often alerts of each type fired, and what came of them."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, case, func, select

from quarterdeck.kernel.clock import micros
from quarterdeck.kernel.work import Tenants
from quarterdeck.operations.alerts.store.table import alerts


def by_type(
    db: Connection, tenants: Tenants, since: datetime, short_us: int, limit: int
) -> list[Row[Any]]:
    """By type what fired since: ``type, fired, acknowledged, by_itself, untouched, short``.

    Those that the most ended of with nobody on them come first.
    """
    c = alerts.c
    alone = c.ends_at.is_not(None) & (c.resolved_by == "")
    untouched = alone & c.acknowledged_at.is_(None)
    query = (
        select(
            c.type,
            func.count().label("fired"),
            _many(c.acknowledged_at.is_not(None)).label("acknowledged"),
            _many(alone).label("by_itself"),
            _many(untouched).label("untouched"),
            _many(alone & (c.ends_at - c.starts_at < short_us)).label("short"),
        )
        .where(tenants.clause(c.tenant), c.starts_at >= micros(since))
        .group_by(c.type)
    )
    order = (_many(untouched).desc(), func.count().desc(), c.type)
    return [*db.execute(query.order_by(*order).limit(limit))]


def _many(which: Any) -> Any:  # noqa: ANN401  SQLAlchemy's own
    return func.sum(case((which, 1), else_=0))
