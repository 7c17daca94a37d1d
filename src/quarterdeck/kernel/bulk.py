"""Many rows at once, by the quickest way that each database has.

SQLAlchemy looks at every row on its way; of a hundred thousand resources with seven rows each
that is a third of the time. On PostgreSQL rows are copied, not inserted.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.exc import DBAPIError

Rows = Sequence[Mapping[str, object]]


def put(db: Connection, table: Table, rows: Rows) -> None:
    """Add ``rows``, each with the same columns, two or more; what they lack is as the table says.

    Values are as the database's driver takes them: no type of the column looks at them.
    Raises what ``db.execute`` would.
    """
    if not rows:
        return
    columns = tuple(rows[0])
    values = list(map(itemgetter(*columns), rows))
    if db.dialect.name == "postgresql":
        _copy(db, _statement("COPY {} ({}) FROM STDIN", table, columns), values)
    else:
        db.exec_driver_sql(_statement("INSERT INTO {} ({}) VALUES ({})", table, columns), values)


def _copy(db: Connection, statement: str, values: Sequence[tuple[object, ...]]) -> None:
    cursor: Any = db.connection.cursor()  # psycopg's: DB-API knows no copying
    failures = db.dialect.loaded_dbapi.Error
    try:
        with cursor, cursor.copy(statement) as copy:
            for row in values:
                copy.write_row(row)
    except failures as error:
        raise DBAPIError.instance(statement, None, error, failures) from error


@cache
def _statement(form: str, table: Table, columns: tuple[str, ...]) -> str:
    named = ", ".join(f'"{name}"' for name in columns)
    return form.format(f'"{table.name}"', named, ", ".join("?" * len(columns)))
