"""What a listing of policy states writes."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select, update

from quarterdeck.governance.compliance.model.state import Change, Known, Sighting
from quarterdeck.governance.compliance.model.verdict import Verdict
from quarterdeck.governance.compliance.store.tables import bodies, changes, states
from quarterdeck.governance.inventory.model import What
from quarterdeck.kernel.clock import micros
from quarterdeck.kernel.ids import ConnectionId, TenantId
from quarterdeck.kernel.work import Tenants

Entry = tuple[Change, Sighting]


def known(db: Connection, tenants: Tenants, ids: Sequence[str]) -> dict[str, Known]:
    """Those of ``ids`` that are held, also closed ones."""
    query = select(states.c.id, states.c.hash, states.c.verdict, states.c.closed_at).where(
        states.c.id.in_(ids), tenants.check(states.c.tenant)
    )
    return {
        row.id: Known(hash=row.hash, verdict=Verdict(row.verdict), closed=row.closed_at is not None)
        for row in db.execute(query)
    }


def live(db: Connection, tenants: Tenants, connection: ConnectionId, subscription: str) -> set[str]:
    """Ids of the states that a subscription has, as far as is known."""
    query = select(states.c.id).where(
        states.c.connection == connection,
        states.c.subscription == subscription,
        states.c.closed_at.is_(None),
        tenants.clause(states.c.tenant),
    )
    return set(db.scalars(query))


def next_number(db: Connection, run: str) -> int:
    """The number that the next change of ``run`` bears."""
    last = db.scalar(select(func.max(changes.c.number)).where(changes.c.run == run))
    return 0 if last is None else last + 1


def write(
    db: Connection,
    tenant: TenantId,
    connection: ConnectionId,
    subscription: str,
    entries: Sequence[Entry],
) -> None:
    """Bring states up to date, and keep what changed."""
    owner = {"tenant": tenant, "connection": connection, "subscription": subscription}
    fresh = [e for e in entries if e[0].what is What.ADDED]
    stale = [e for e in entries if e[0].what is not What.ADDED]
    if fresh:
        rows = [
            owner | _row(sight) | {"first_seen": micros(c.at), "since": micros(c.at)}
            for c, sight in fresh
        ]
        db.execute(insert(states), rows)
        db.execute(insert(bodies), [{"state": s.id, "body": s.body} for _, s in fresh])
    if stale:
        _rewrite(db, stale)
    keep(db, tenant, [change for change, _ in entries])


def identities(
    db: Connection, tenants: Tenants, ids: Sequence[str]
) -> list[tuple[str, str, str, Verdict]]:
    """Id, cloud id, hash and verdict of live states, in order of id."""
    query = (
        select(
            states.c.id,
            states.c.resource,
            states.c.assignment,
            states.c.policy,
            states.c.hash,
            states.c.verdict,
        )
        .where(states.c.id.in_(ids), states.c.closed_at.is_(None), tenants.check(states.c.tenant))
        .order_by(states.c.id)
    )
    return [
        (row.id, f"{row.resource} {row.assignment} {row.policy}", row.hash, Verdict(row.verdict))
        for row in db.execute(query)
    ]


def close(db: Connection, tenants: Tenants, tenant: TenantId, gone: Sequence[Change]) -> None:
    """Mark states as closed; they stay to be looked at."""
    mine = (states.c.id.in_([c.state for c in gone]), tenants.clause(states.c.tenant))
    db.execute(update(states).where(*mine).values(closed_at=micros(gone[0].at)))
    keep(db, tenant, gone)


def keep(db: Connection, tenant: TenantId, entries: Sequence[Change]) -> None:
    """Write down what changed."""
    rows = [
        {
            "run": c.run,
            "number": c.number,
            "tenant": tenant,
            "state": c.state,
            "cloud_id": c.cloud_id,
            "what": c.what.value,
            "at": micros(c.at),
            "before": c.before,
            "after": c.after,
            "was": c.was and c.was.value,
            "became": c.became and c.became.value,
        }
        for c in entries
    ]
    db.execute(insert(changes), rows)


def _rewrite(db: Connection, stale: Sequence[Entry]) -> None:
    rows = [_row(sight) | {"of": sight.id} for _, sight in stale]
    for row in rows:
        del row["id"]
    columns: dict[str, Any] = {name: bindparam(name) for name in rows[0] if name != "of"}
    one = states.c.id == bindparam("of")
    db.execute(update(states).where(one).values(columns), rows)
    turned = [
        {"of": c.state, "at": micros(c.at), "before": c.was and c.was.value}
        for c, _ in stale
        if c.was is not c.became
    ]
    if turned:
        values: dict[str, Any] = {"since": bindparam("at"), "was": bindparam("before")}
        db.execute(update(states).where(one).values(values), turned)
    body = update(bodies).where(bodies.c.state == bindparam("of"))
    db.execute(body.values(body=bindparam("new")), [{"of": s.id, "new": s.body} for _, s in stale])


def _row(sight: Sighting) -> dict[str, object]:
    return {
        "id": sight.id,
        "resource": sight.resource,
        "resource_key": sight.resource.casefold(),
        "resource_type": sight.resource_type,
        "location": sight.location,
        "resource_group": sight.group,
        "assignment": sight.assignment,
        "assignment_name": sight.assignment_name,
        "policy": sight.policy,
        "policy_name": sight.policy_name,
        "policy_set": sight.policy_set,
        "policy_set_name": sight.policy_set_name,
        "category": sight.category,
        "effect": sight.effect,
        "word": sight.word,
        "verdict": sight.verdict.value,
        "evaluated_at": sight.evaluated_at and micros(sight.evaluated_at),
        "hash": sight.hash,
        "closed_at": None,
    }
