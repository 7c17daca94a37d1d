"""What is usual of rules' numbers, as it was recorded."""

from typing import Any

import msgspec
from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from quarterdeck.kernel.clock import instant, micros
from quarterdeck.kernel.work import Tenants
from quarterdeck.operations.rules.baseline import Baseline, Usual
from quarterdeck.operations.rules.store.table import baselines

KEY = ["tenant", "rule"]


def put(db: Connection, tenants: Tenants, rule: str, one: Baseline) -> None:
    """Keep it instead of the one before, of the one tenant."""
    (tenant,) = tenants.ids
    insert = sqlite.insert if db.dialect.name == "sqlite" else postgresql.insert
    said: dict[str, Any] = {
        "since": micros(one.since),
        "until": micros(one.until),
        "by": one.by,
        "at": micros(one.at),
        "usual": msgspec.json.encode(one.usual).decode(),
    }
    row = insert(baselines).values(tenant=tenant, rule=rule, **said)
    mine = tenants.clause(baselines.c.tenant)
    db.execute(row.on_conflict_do_update(index_elements=KEY, set_=said, where=mine))


def of_rule(db: Connection, tenants: Tenants, rule: str) -> Baseline | None:
    """What is usual of a rule's numbers."""
    mine = (baselines.c.rule == rule, tenants.clause(baselines.c.tenant))
    row = db.execute(select(baselines).where(*mine)).one_or_none()
    if row is None:
        return None
    return Baseline(
        since=instant(row.since),
        until=instant(row.until),
        by=row.by,
        at=instant(row.at),
        usual=msgspec.json.decode(row.usual, type=tuple[Usual, ...]),
    )


def drop(db: Connection, tenants: Tenants, rule: str) -> None:
    """Forget it: the rule is no more, or looks at other numbers."""
    mine = (baselines.c.rule == rule, tenants.clause(baselines.c.tenant))
    db.execute(delete(baselines).where(*mine))
