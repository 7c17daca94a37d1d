"""Many rows at once, on each database."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import BigInteger, Column, Engine, MetaData, String, Table, Text, delete, select
from sqlalchemy.exc import IntegrityError

from quarterdeck.kernel import bulk

things = Table(
    "bulk_thing",
    MetaData(),
    Column("id", String, primary_key=True),
    Column("words", Text),
    Column("number", BigInteger),
    Column("kind", String, nullable=False, server_default="plain"),
)

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
ROW = st.tuples(st.none() | TEXT, st.none() | st.integers(-(2**63), 2**63 - 1))


@pytest.fixture
def table(engine: Engine) -> Iterator[Table]:
    things.create(engine)
    yield things
    things.drop(engine)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(ROW, max_size=8))
def test_what_is_put_is_read_back_as_it_was(
    engine: Engine, table: Table, rows: list[tuple[str | None, int | None]]
) -> None:
    wanted = [
        {"id": str(n), "words": words, "number": many} for n, (words, many) in enumerate(rows)
    ]
    with engine.begin() as db:
        db.execute(delete(table))
        bulk.put(db, table, wanted)
        found = db.execute(select(table).order_by(table.c.id)).mappings().all()
    assert [dict(row) for row in found] == [row | {"kind": "plain"} for row in wanted]


def test_letters_that_mean_something_to_a_copy_are_letters(engine: Engine, table: Table) -> None:
    words = 'a\tb\nc\\d\\N\r\\.\n"e"\''
    with engine.begin() as db:
        bulk.put(db, table, [{"id": "1", "words": words}, {"id": "2", "words": "\\N"}])
        found = list(db.scalars(select(table.c.words).order_by(table.c.id)))
    assert found == [words, "\\N"]


def test_a_row_that_is_there_is_refused_and_none_is_added(engine: Engine, table: Table) -> None:
    row = {"id": "1", "words": "first"}
    with engine.begin() as db:
        bulk.put(db, table, [row])
    with pytest.raises(IntegrityError), engine.begin() as db:
        bulk.put(db, table, [{"id": "0", "words": "new"}, row])
    with engine.connect() as db:
        assert list(db.scalars(select(table.c.id))) == ["1"]


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_many_rows_change_each_by_its_own_values(engine: Engine, table: Table) -> None:
    count = 1500  # more than one statement takes
    with engine.begin() as db:
        bulk.put(db, table, [{"id": str(n), "number": n} for n in range(count + 1)])
        sets = "words = new.column2, number = number + 1"
        wanted = [(str(n), f"word {n}") for n in range(count)] + [("nobody", "nothing")]
        assert bulk.change_many(db, table, sets, wanted) == count
        assert bulk.change_many(db, table, sets, []) == 0
        found = {row.id: (row.words, row.number) for row in db.execute(select(table))}
    assert found == {str(n): (f"word {n}", n + 1) for n in range(count)} | {
        str(count): (None, count)
    }
