"""Rows that bear a version, so that nobody overwrites what they have not seen."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Table, update
from sqlalchemy.dialects import postgresql, sqlite

from quarterdeck.kernel.work import Tenants


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
