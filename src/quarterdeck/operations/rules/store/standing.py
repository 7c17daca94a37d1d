"""What rules say, as it is written down round after round."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    Connection,
    Float,
    Integer,
    String,
    Text,
    bindparam,
    case,
    delete,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from quarterdeck.kernel.clock import micros
from quarterdeck.kernel.db import BULK_ROWS
from quarterdeck.kernel.work import Tenants
from quarterdeck.operations.alerts.labels import fingerprint
from quarterdeck.operations.rules.instance import Instance
from quarterdeck.operations.rules.model import Standing, State
from quarterdeck.operations.rules.store.table import instances, rounds, rules

SAID = (
    update(rules)
    .where(
        rules.c.tenant == bindparam("of"),
        rules.c.name == bindparam("rule"),
        rules.c.version == bindparam("then"),
    )
    .values(
        state=bindparam("_state", type_=String),
        reason=bindparam("_reason", type_=Text),
        value=bindparam("_value", type_=Float),
        firing=bindparam("_firing", type_=Integer),
        pending=bindparam("_pending", type_=Integer),
        unknown=bindparam("_unknown", type_=Integer),
        series=bindparam("_series", type_=Integer),
        evaluated_at=bindparam("_evaluated_at", type_=BigInteger),
    )
)

Known = Mapping[str, Instance]
"""What of a rule is pending or fires, by its fingerprint."""


def tell(db: Connection, tenant: str, said: Sequence[tuple[str, int, Standing]]) -> None:
    """Write what rules (name, version) say; of one that was changed since, nothing."""
    rows = [_row(tenant, name, version, one) for name, version, one in said]
    for at in range(0, len(rows), BULK_ROWS):
        db.execute(SAID, rows[at : at + BULK_ROWS])


def known(db: Connection, tenants: Tenants, rule: str = "") -> dict[str, dict[str, Instance]]:
    """What is pending or fires, by its rule; of one rule, if that is said."""
    query = select(instances).where(tenants.clause(instances.c.tenant))
    found: dict[str, dict[str, Instance]] = {}
    for row in db.execute(query.where(instances.c.rule == rule) if rule else query):
        found.setdefault(row.rule, {})[row.fingerprint] = Instance(
            labels=json.loads(row.labels),
            state=State(row.state),
            since=row.since,
            true_at=row.true_at,
            value=row.value,
            fired_at=row.fired_at,
            known=row.known,
            why=row.why,
        )
    return found


def put(db: Connection, tenants: Tenants, rule: str, changed: Sequence[Instance]) -> None:
    """Keep instances of a rule, as they are now."""
    (tenant,) = tenants.ids
    insert_ = sqlite.insert if db.dialect.name == "sqlite" else postgresql.insert
    statement = insert_(instances)
    said = ("state", "known", "since", "true_at", "fired_at", "value", "why")
    keeping = statement.on_conflict_do_update(
        index_elements=["tenant", "rule", "fingerprint"],
        set_={name: statement.excluded[name] for name in said},
    )
    rows = [_instance(tenant, rule, one) for one in changed]
    for at in range(0, len(rows), BULK_ROWS):
        db.execute(keeping, rows[at : at + BULK_ROWS])


def drop(db: Connection, tenants: Tenants, rule: str, prints: Sequence[str] | None) -> None:
    """Remove instances of a rule; None: all."""
    mine = (tenants.clause(instances.c.tenant), instances.c.rule == rule)
    if prints is None:
        db.execute(delete(instances).where(*mine))
        return
    for at in range(0, len(prints), BULK_ROWS):
        some = instances.c.fingerprint.in_(prints[at : at + BULK_ROWS])
        db.execute(delete(instances).where(*mine, some))


def counts(db: Connection) -> list[tuple[str, str, int]]:
    """How many rules of each tenant are in each state."""
    query = select(rules.c.tenant, rules.c.state, func.count()).where(rules.c.enabled)
    return [(t, s, n) for t, s, n in db.execute(query.group_by(rules.c.tenant, rules.c.state))]


def begin(db: Connection, tenants: Tenants) -> None:
    """Have a tenant's rules be evaluated from now on; a round in flight writes nothing more.

    Whoever changes rules calls it first: nobody else writes them until the transaction ends.
    """
    insert_ = sqlite.insert if db.dialect.name == "sqlite" else postgresql.insert
    rows = [{"tenant": one, "due_at": 0, "fence": 0, "not_before": 0} for one in tenants.ids]
    again = {"fence": rounds.c.fence + 1}
    db.execute(insert_(rounds).on_conflict_do_update(index_elements=["tenant"], set_=again), rows)


def due(db: Connection, now: int, every: int) -> list[str]:
    """Tenants whose turn has come; also those whose turn a clock that was set back put off."""
    late = or_(rounds.c.due_at <= now, rounds.c.due_at > now + 2 * every)
    return list(db.scalars(select(rounds.c.tenant).where(late).order_by(rounds.c.due_at)))


def claim(db: Connection, tenant: str, now: int, every: int) -> tuple[int, int] | None:
    """Take a tenant's turn: its fence, and the instant up to which points say nothing new.

    None: another was quicker.
    """
    late = or_(rounds.c.due_at <= now, rounds.c.due_at > now + 2 * every)
    ahead = rounds.c.evaluated_at > now  # the clock was set back since
    statement = (
        update(rounds)
        .where(rounds.c.tenant == tenant, late)
        .values(
            due_at=now - now % every + every,
            fence=rounds.c.fence + 1,
            evaluated_at=now,
            not_before=case((ahead, now), else_=rounds.c.not_before),
        )
        .returning(rounds.c.fence, rounds.c.not_before)
    )
    row = db.execute(statement).one_or_none()
    return None if row is None else (row.fence, row.not_before)


def holds(db: Connection, tenant: str, fence: int) -> bool:
    """Whether the turn is still ours; it stays so until the transaction ends."""
    mine = (rounds.c.tenant == tenant, rounds.c.fence == fence)
    return db.execute(update(rounds).where(*mine).values(fence=fence)).rowcount == 1


def _row(tenant: str, name: str, version: int, one: Standing) -> dict[str, Any]:
    return {
        "of": tenant,
        "rule": name,
        "then": version,
        "_state": one.state.value,
        "_reason": one.reason,
        "_value": one.value,
        "_firing": one.firing,
        "_pending": one.pending,
        "_unknown": one.unknown,
        "_series": one.series,
        "_evaluated_at": None if one.at is None else micros(one.at),
    }


def _instance(tenant: str, rule: str, one: Instance) -> dict[str, Any]:
    return {
        "tenant": tenant,
        "rule": rule,
        "fingerprint": fingerprint(one.labels),
        "labels": json.dumps(dict(one.labels), sort_keys=True),
        "state": one.state.value,
        "known": one.known,
        "since": one.since,
        "true_at": one.true_at,
        "fired_at": one.fired_at,
        "value": one.value,
        "why": one.why,
    }
