"""Many rows at once, by the quickest way that each database has.

SQLAlchemy looks at every row on its way; of a hundred thousand resources with seven rows each
that is a third of the time. On PostgreSQL rows are copied, not inserted; bytes travel as they are,
for as text they are written twice as long and read again. On SQLite many go in
one statement: at each the driver lets other threads run, and waits milliseconds for its turn.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from functools import cache
from itertools import chain
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.exc import DBAPIError

Rows = Sequence[Mapping[str, object]]
Asked = tuple[str, Sequence[object]]
"""A statement in the words of PostgreSQL's driver, and what it is given."""

MOST_VALUES = 2000  # in one statement; SQLite allows 32,766


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
        insert_many(db, _statement("INSERT INTO {} ({})", table, columns), values)


def insert_many(
    db: Connection, statement: str, rows: Sequence[Sequence[object]], *, last: str = ""
) -> int:
    """Add ``rows`` to a table of SQLite; how many were added.

    ``statement`` is an INSERT up to its ``VALUES``, ``last`` what follows them.
    """
    width = len(rows[0]) if rows else 1
    most, added = max(1, MOST_VALUES // width), 0
    for first in range(0, len(rows), most):
        some = rows[first : first + most]
        values = tuple(chain.from_iterable(some))
        whole = f"{statement} VALUES {_marks(len(some), width)} {last}"
        added += db.exec_driver_sql(whole, values).rowcount
    return added


def change_many(db: Connection, table: Table, sets: str, rows: Sequence[Sequence[object]]) -> int:
    """Change rows of a table of SQLite, by ``id``, the first value of each; how many were.

    ``sets`` is the SET clause: a row's values are ``new.column1``, ``new.column2`` and so on.
    """
    width = len(rows[0]) if rows else 1
    most, changed = max(1, MOST_VALUES // width), 0
    for first in range(0, len(rows), most):
        some = rows[first : first + most]
        given = f"(VALUES {_marks(len(some), width)}) AS new"
        whole = f"UPDATE {table.name} SET {sets} FROM {given} WHERE id = new.column1"  # noqa: S608
        changed += db.exec_driver_sql(whole, tuple(chain.from_iterable(some))).rowcount
    return changed


@cache
def _marks(rows: int, width: int) -> str:
    row = f"({', '.join('?' * width)})"
    return ", ".join([row] * rows)


def copy(db: Connection, into: str, types: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Copy ``rows`` into a table of PostgreSQL, binary.

    ``into`` is the table, and its columns if not all; ``types`` are PostgreSQL's names of theirs.
    Raises what ``db.execute`` would.
    """
    _copy(db, f"COPY {into} FROM STDIN (FORMAT BINARY)", rows, types)


def answers(db: Connection, *asked: Asked) -> list[list[tuple[Any, ...]]]:
    """The rows that PostgreSQL answers to each, binary. Each has some, or could have.

    They are sent together: one way there and back, not one for each.
    Raises what ``db.execute`` would.
    """
    connection: Any = db.connection.driver_connection
    with _failing_alike(db, asked[0][0]):
        with connection.pipeline() if len(asked) > 1 else nullcontext():
            found = [connection.cursor(binary=True).execute(*one) for one in asked]
        return [cursor.fetchall() for cursor in found]


def _copy(
    db: Connection, statement: str, rows: Iterable[Sequence[object]], types: Sequence[str] = ()
) -> None:
    cursor: Any = db.connection.cursor()  # psycopg's: DB-API knows no copying
    with _failing_alike(db, statement), cursor, cursor.copy(statement) as copying:
        if types:
            copying.set_types(types)
        for row in rows:
            copying.write_row(row)


@contextmanager
def _failing_alike(db: Connection, statement: str) -> Iterator[None]:
    failures = db.dialect.loaded_dbapi.Error
    try:
        yield
    except failures as error:
        raise DBAPIError.instance(statement, None, error, failures) from error


@cache
def _statement(form: str, table: Table, columns: tuple[str, ...]) -> str:
    named = ", ".join(f'"{name}"' for name in columns)
    return form.format(f'"{table.name}"', named)
