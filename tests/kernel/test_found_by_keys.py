"""What is named by its keys is found by them, however much its tenant has."""

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Engine, Table, event

from quarterdeck.governance.compliance.store import names as policy_names
from quarterdeck.governance.inventory.store import landing
from quarterdeck.governance.inventory.store.tables import resources
from quarterdeck.kernel.work import Tenants
from quarterdeck.operations.alerts.store import live, placing
from quarterdeck.operations.alerts.store.table import alerts

MINE = Tenants(frozenset({"acme"}))
IDS = [f"{n:032}" for n in range(500)]


@pytest.fixture
def asked(engine: Engine) -> Iterator[list[tuple[str, tuple[object, ...]]]]:
    found: list[tuple[str, tuple[object, ...]]] = []

    def note(
        _db: object, _cursor: object, statement: str, values: tuple[object, ...], *_: object
    ) -> None:
        found.append((statement, values))

    event.listen(engine, "before_cursor_execute", note)
    yield found
    event.remove(engine, "before_cursor_execute", note)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("table", "ask"),
    [
        (resources, lambda db: landing.known(db, MINE, IDS)),
        (resources, lambda db: landing.identities(db, MINE, IDS)),
        (alerts, lambda db: live.known(db, MINE, IDS)),
        (alerts, lambda db: placing.of_ids(db, MINE, list(range(500)))),
    ],
)
def test_hundreds_of_keys_are_no_reason_to_read_all_that_a_tenant_has(
    engine: Engine,
    asked: list[tuple[str, tuple[object, ...]]],
    table: Table,
    ask: Callable[[object], object],
) -> None:
    with engine.connect() as db:
        ask(db)
        [(statement, values)] = [one for one in asked if f"FROM {table.name}" in one[0]]
        plan = db.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
    steps = " ".join(row.detail for row in plan)
    assert "tenant" not in steps, steps
    assert f"SEARCH {table.name} USING" in steps, steps


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_where_the_key_begins_with_the_tenant_it_is_asked_for(
    engine: Engine, asked: list[tuple[str, tuple[object, ...]]]
) -> None:
    with engine.connect() as db:
        policy_names.titles(db, MINE, IDS)
        *_, (statement, values) = asked
        plan = db.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
    assert "SEARCH" in plan[0].detail
