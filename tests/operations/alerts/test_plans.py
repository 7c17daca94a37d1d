"""What is asked for again and again is found by an index, however much has ended."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.event import listen, remove

from operations.alerts.test_pushing import A, Watch
from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.operations.alerts.model import Filter
from quarterdeck.operations.alerts.service import lifecycle, looking
from quarterdeck.operations.alerts.store import live, placing, queries
from quarterdeck.operations.routing.store import notifications

OWN = Tenants(frozenset({"acme"}))
S = timedelta(seconds=1)

ASKED: list[tuple[str, Callable[[Work], object]]] = [
    ("operations_alert_live", lambda work: queries.firing(work.db, OWN, "acme/1")),
    ("operations_alert_live", lambda work: live.known(work.db, OWN, ["acme/1", "acme/2"])),
    ("operations_alert_live", lambda work: live.reopen(work.db, OWN, [1], work.now)),
    ("operations_alert_expiring", lambda work: live.expired(work.db, work.now)),
    ("operations_alert_newest", lambda work: looking.active(work, tenant="acme")),
    ("operations_alert_newest", lambda work: lifecycle.handle(work, "resolve", Filter(words="x"))),
    ("operations_alert_count_state", looking.counts),
    ("operations_alert_unrouted", lambda work: placing.tenants_with_unplaced(work.db)),
    ("operations_alert_unrouted", lambda work: placing.unplaced(work.db, OWN, 500)),
    ("operations_notification_open", lambda work: notifications.waiting(work.db, OWN, ["1"])),
    ("operations_notification_due", lambda work: notifications.any_due(work.db)),
    ("operations_notification_due", lambda work: notifications.takeable(work.db, 9, [], [])),
]


@pytest.mark.parametrize(("index", "ask"), ASKED, ids=map(str, range(len(ASKED))))
@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_it_is_found_by_its_index(
    engine: Engine, index: str, ask: Callable[[Work], object]
) -> None:
    watch = Watch(engine)
    watch.push(A)
    asked: list[tuple[str, Any]] = []

    def note(*about: Any) -> None:  # noqa: ANN401  of SQLAlchemy
        asked.append((about[2], about[3]))

    with watch.work() as work:
        listen(engine, "before_cursor_execute", note)
        ask(work)
        remove(engine, "before_cursor_execute", note)
        plans = [
            " ".join(row[3] for row in work.db.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", given))
            for text, given in asked
            if text.startswith(("SELECT", "UPDATE", "WITH"))
        ]
    assert any(index in plan for plan in plans), plans
    assert not any(re.search(r"SCAN operations_\w+\b(?! USING)", plan) for plan in plans), plans
