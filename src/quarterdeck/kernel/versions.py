"""Rows of tenants, by name, that bear a version: nobody overwrites what they have not seen."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Column, Connection, Row, Select, Table, delete, func, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite

from quarterdeck.kernel.errors import Conflict
from quarterdeck.kernel.work import Tenants


def after(tenants: Tenants, table: Table, last: tuple[str, str], limit: int) -> Select[Any]:
    """The next ``limit`` rows by ``tenant`` and ``name``, after one, as what more may be asked."""
    key = (table.c.tenant, table.c.name)
    mine = (tenants.clause(table.c.tenant), tuple_(*key) > tuple_(*last))
    return select(table).where(*mine).order_by(*key).limit(limit)


def of_name(db: Connection, tenants: Tenants, table: Table, name: str) -> Row[Any] | None:
    """The row of that ``name``, if it is there."""
    mine = (tenants.clause(table.c.tenant), table.c.name == name)
    return db.execute(select(table).where(*mine)).one_or_none()


def count(db: Connection, tenants: Tenants, table: Table) -> int:
    """How many rows there are."""
    query = select(func.count()).select_from(table).where(tenants.clause(table.c.tenant))
    return db.execute(query).scalar_one()


def put(db: Connection, tenants: Tenants, table: Table, row: Mapping[str, Any]) -> bool:
    """Keep a row at its ``version``, where 1 is new; False if it is not at the one before.

    ``table`` has a ``tenant``, and ``row`` its whole primary key.
    """
    if row["version"] == 1:
        insert = sqlite.insert if db.dialect.name == "sqlite" else postgresql.insert
        fresh = insert(table).values(row).on_conflict_do_nothing().returning(table.c.version)
        return db.execute(fresh).one_or_none() is not None
    same = [column == row[column.name] for column in table.primary_key]
    old = (tenants.clause(table.c.tenant), *same, table.c.version == row["version"] - 1)
    return db.execute(update(table).where(*old).values(row)).rowcount == 1


def remove(db: Connection, tenants: Tenants, column: Column[str], name: str, version: int) -> bool:
    """Take out the row whose ``column`` is ``name``; False if it is not at that version."""
    table = column.table
    mine = (tenants.clause(table.c.tenant), column == name, table.c.version == version)
    return db.execute(delete(table).where(*mine)).rowcount == 1


def expect(what: str, now: int, expected: int | None, moved: type[Conflict]) -> None:
    """Raise ``moved`` for a change that was meant for another version than ``now``.

    0: it is not there. None is expected by whoever changes it however it is.
    """
    if expected is not None and expected != now:
        raise moved(
            f"{what[:120]} is at version {now}, not {expected}: look at it again"
            if now
            else f"there is no {what[:120]} now, you expected version {expected}"
        )
