"""Policies in SQL, each version too."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, Table, and_, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from quarterdeck.kernel import versions as versioned
from quarterdeck.kernel.clock import instant, micros
from quarterdeck.kernel.work import Tenants
from quarterdeck.operations.escalation.model.version import DELETED, Version
from quarterdeck.operations.escalation.store.table import policies, versions


def listed(
    db: Connection, tenants: Tenants, *, after: tuple[str, str] = ("", ""), limit: int
) -> list[Version]:
    """The next policies by tenant and name, after one."""
    query = versioned.after(tenants, policies, after, limit)
    return [_version(row) for row in db.execute(query)]


def of_name(db: Connection, tenants: Tenants, name: str) -> Version | None:
    """One policy, if it is there."""
    row = versioned.of_name(db, tenants, policies, name)
    return None if row is None else _version(row)


def count(db: Connection, tenants: Tenants) -> int:
    """How many policies there are."""
    return versioned.count(db, tenants, policies)


def are_there(db: Connection) -> bool:
    """Whether any tenant has a policy."""
    return db.scalar(select(policies.c.name).limit(1)) is not None


def newest(db: Connection, tenants: Tenants, name: str) -> int:
    """The number of the newest version of that name that ever was; 0: there was none."""
    query = select(func.max(versions.c.version)).where(*_named(versions, tenants, name))
    return db.scalar(query) or 0


def history(db: Connection, tenants: Tenants, name: str, limit: int) -> Sequence[Version]:
    """The versions of a policy, newest first."""
    query = select(versions).where(*_named(versions, tenants, name))
    rows = db.execute(query.order_by(versions.c.version.desc()).limit(limit))
    return [_version(row) for row in rows]


def version(db: Connection, tenants: Tenants, name: str, number: int) -> Version | None:
    """One version of a policy, if there was one."""
    mine = and_(*_named(versions, tenants, name), versions.c.version == number)
    row = db.execute(select(versions).where(mine)).one_or_none()
    return None if row is None else _version(row)


def add(db: Connection, tenants: Tenants, made: Version) -> bool:
    """Have a new version hold; False, and nothing changes, if there is one of its number."""
    insert = sqlite.insert if db.dialect.name == "sqlite" else postgresql.insert
    row = insert(versions).values({**_row(made), "how": made.how, "why": made.why})
    added = row.on_conflict_do_nothing().returning(versions.c.version)
    if db.execute(added).one_or_none() is None:
        return False
    mine = _named(policies, tenants, made.name)
    if made.how == DELETED:
        db.execute(delete(policies).where(*mine))
    elif db.execute(update(policies).where(*mine).values(_row(made))).rowcount == 0:
        db.execute(insert(policies).values(_row(made)))
    return True


def _named(table: Table, tenants: Tenants, name: str) -> tuple[Any, Any]:
    return tenants.clause(table.c.tenant), table.c.name == name


def _row(one: Version) -> dict[str, Any]:
    return {
        "tenant": one.tenant,
        "name": one.name,
        "version": one.version,
        "text": one.text,
        "by": one.by,
        "at": micros(one.at),
    }


def _version(row: Row[Any]) -> Version:
    return Version(**row._asdict() | {"at": instant(row.at)})
