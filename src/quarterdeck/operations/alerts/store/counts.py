"""How many alerts there are in each state that is not resolved, without counting them.

Whatever changes a state writes down by how much, in the same transaction: rows that are only
added, so that no two programs that push wait for each other. A worker counts anew now and then,
which puts these together, and mends what a release that did not keep them has changed.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, text

from quarterdeck.kernel.work import Tenants
from quarterdeck.operations.alerts.model import AlertState
from quarterdeck.operations.alerts.store.table import IS_LIVE, alerts, counts

BY = func.sum(counts.c.by)
COUNTED = (
    select(alerts.c.tenant, alerts.c.state, func.count().label("by"))
    .where(IS_LIVE)
    .group_by(alerts.c.tenant, alerts.c.state)
)
ALONE = text("LOCK TABLE operations_alert_count IN SHARE UPDATE EXCLUSIVE MODE")


def of_states(db: Connection, tenants: Tenants) -> dict[str, int]:
    """How many there are in each state that is not resolved; none: left out."""
    query = select(counts.c.state, BY.label("many")).where(tenants.clause(counts.c.tenant))
    found = db.execute(query.group_by(counts.c.state).having(BY != 0))
    return {row.state: int(row.many) for row in found}


def more(db: Connection, state: AlertState, rows: Iterable[Row[Any]]) -> None:
    """Those of ``rows`` (tenant) have come into a state."""
    _add(db, state, Counter(row.tenant for row in rows))


def fewer(db: Connection, state: AlertState, rows: Iterable[Row[Any]]) -> None:
    """Those of ``rows`` (tenant) have left a state."""
    left = Counter(row.tenant for row in rows)
    _add(db, state, {tenant: -many for tenant, many in left.items()})


def settled(db: Connection) -> bool:
    """Whether there is one row a tenant and state, and it says how many there are."""
    kept = db.execute(select(counts.c.tenant, counts.c.state, counts.c.by))
    return sorted(map(tuple, kept)) == sorted(map(tuple, db.execute(COUNTED)))


def settle(db: Connection) -> None:
    """Count anew, and keep that alone; one at a time does."""
    anew = insert(counts).from_select(["tenant", "state", "by"], COUNTED)
    if db.dialect.name == "sqlite":  # the transaction has the database to itself
        db.execute(delete(counts))
        db.execute(anew)
    else:  # one statement sees alerts and rows as of one moment; what comes meanwhile stays
        db.execute(ALONE)
        db.execute(anew.add_cte(delete(counts).cte("gone")))


def _add(db: Connection, state: AlertState, by: Mapping[str, int]) -> None:
    if by:
        rows = [{"tenant": tenant, "state": state, "by": many} for tenant, many in by.items()]
        db.execute(insert(counts), rows)
