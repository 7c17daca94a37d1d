"""Rules as people wrote them, each version too."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, case, delete, func, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from quarterdeck.kernel.clock import micros
from quarterdeck.kernel.db import BULK_ROWS
from quarterdeck.kernel.work import Tenants
from quarterdeck.operations.rules.model import Kept, Standing, State, Version
from quarterdeck.operations.rules.store.table import kept_of, rules, version_of, versions

DELETED = "deleted"
OF_ALL = {"tenant", "name"}  # that no version changes


def listed(db: Connection, tenants: Tenants, after: tuple[str, str], limit: int) -> list[Kept]:
    """The next rules, by tenant and name, after one."""
    tenant, name = after
    beyond = (rules.c.tenant > tenant) | ((rules.c.tenant == tenant) & (rules.c.name > name))
    query = select(rules).where(tenants.clause(rules.c.tenant), beyond)
    return [kept_of(row) for row in db.execute(query.order_by(*rules.primary_key).limit(limit))]


def of_name(db: Connection, tenants: Tenants, name: str) -> Kept | None:
    """One rule, if it is there."""
    query = select(rules).where(tenants.clause(rules.c.tenant), rules.c.name == name)
    row = db.execute(query).one_or_none()
    return None if row is None else kept_of(row)


def of_names(db: Connection, tenants: Tenants, names: Sequence[str]) -> dict[str, Kept]:
    """Those of the rules that are there, by name."""
    found: dict[str, Kept] = {}
    for at in range(0, len(names), BULK_ROWS):
        mine = (tenants.clause(rules.c.tenant), rules.c.name.in_(names[at : at + BULK_ROWS]))
        found |= {row.name: kept_of(row) for row in db.execute(select(rules).where(*mine))}
    return found


def counts(db: Connection, tenants: Tenants) -> dict[State, int]:
    """How many rules are in each state."""
    state = case((rules.c.enabled, rules.c.state), else_=State.DISABLED.value)
    query = select(state, func.count()).where(tenants.clause(rules.c.tenant)).group_by(state)
    return {State(row[0]): row[1] for row in db.execute(query)}


def count(db: Connection, tenants: Tenants) -> int:
    """How many rules there are."""
    query = select(func.count()).select_from(rules).where(tenants.clause(rules.c.tenant))
    return db.scalars(query).one()


def newest(db: Connection, tenants: Tenants, names: Sequence[str]) -> dict[str, int]:
    """The number of the newest version of each name that ever was."""
    found: dict[str, int] = {}
    for at in range(0, len(names), BULK_ROWS):
        mine = (tenants.clause(versions.c.tenant), versions.c.name.in_(names[at : at + BULK_ROWS]))
        query = select(versions.c.name, func.max(versions.c.version)).where(*mine)
        found |= {row[0]: row[1] for row in db.execute(query.group_by(versions.c.name))}
    return found


def history(db: Connection, tenants: Tenants, name: str, limit: int) -> list[Version]:
    """The versions of a rule, newest first."""
    mine = (tenants.clause(versions.c.tenant), versions.c.name == name)
    query = select(versions).where(*mine).order_by(versions.c.version.desc()).limit(limit)
    return [version_of(row) for row in db.execute(query)]


def version(db: Connection, tenants: Tenants, name: str, number: int) -> Version | None:
    """One version of a rule, if there was one."""
    mine = (
        tenants.clause(versions.c.tenant),
        versions.c.name == name,
        versions.c.version == number,
    )
    row = db.execute(select(versions).where(*mine)).one_or_none()
    return None if row is None else version_of(row)


def add(db: Connection, tenants: Tenants, made: Sequence[tuple[Version, bool]]) -> None:
    """Keep new versions, each with whether it is enabled, and have them hold."""
    del tenants  # each bears its own
    fresh = Standing()
    insert_ = sqlite.insert if db.dialect.name == "sqlite" else postgresql.insert
    for at in range(0, len(made), BULK_ROWS):
        some = made[at : at + BULK_ROWS]
        db.execute(insert(versions), [_row(one) for one, _ in some])
        rows = [_head(one, fresh, enabled=enabled) for one, enabled in some if one.how != DELETED]
        if rows:
            statement = insert_(rules)
            new = {name: statement.excluded[name] for name in rows[0] if name not in OF_ALL}
            db.execute(
                statement.on_conflict_do_update(index_elements=["tenant", "name"], set_=new), rows
            )


def remove(db: Connection, tenants: Tenants, name: str) -> None:
    """Have a rule hold no more; its versions stay."""
    db.execute(delete(rules).where(tenants.clause(rules.c.tenant), rules.c.name == name))


def _row(one: Version) -> dict[str, Any]:
    return {
        "tenant": one.tenant,
        "name": one.name,
        "version": one.version,
        "text": one.text,
        "by": one.by,
        "at": micros(one.at),
        "how": one.how,
        "why": one.why,
    }


def _head(one: Version, fresh: Standing, *, enabled: bool) -> dict[str, Any]:
    row = {name: value for name, value in _row(one).items() if name not in ("how", "why")}
    return row | {
        "enabled": enabled,
        "state": fresh.state.value,
        "reason": fresh.reason,
        "value": fresh.value,
        "firing": fresh.firing,
        "pending": fresh.pending,
        "unknown": fresh.unknown,
        "series": fresh.series,
        "evaluated_at": None,
    }
