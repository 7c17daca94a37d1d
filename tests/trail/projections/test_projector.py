"""The read models follow the logs: once, in any order, and only their own log."""

import json
from collections.abc import Iterator
from contextlib import closing

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from quarterdeck.kernel.db import reading, writing
from quarterdeck.kernel.work import begin
from quarterdeck.trail.deliveries.model import Batch
from quarterdeck.trail.log.growth import Growth
from quarterdeck.trail.log.record import RecordUnreadable
from quarterdeck.trail.projections import store
from quarterdeck.trail.projections.model import SCHEMAS, ProjectionDiverged, seen
from quarterdeck.trail.projections.service.projector import Projector
from quarterdeck.trail.projections.service.rebuild import Rebuild, wipe
from quarterdeck.trail.projections.service.standing import projection_health, standings
from quarterdeck.trail.projections.tables import LIVE
from trail.installation import Installation
from trail.logs import AUDITOR, Logs, raw, record, several
from trail.transports import TRANSPORTS, opened

PROJECTED = ("timeline", "actor", "resource")


@pytest.fixture(params=TRANSPORTS)
def logs(request: pytest.FixtureRequest, installation: Installation) -> Iterator[Logs]:
    """What is projected arrives by each transport, and comes out the same."""
    with closing(opened(request, installation.reader)) as topic:
        found = Logs(installation, topic=topic)
        yield found
        found.close()


def rows(logs: Logs) -> dict[str, list[tuple[int, ...]]]:
    with reading(logs.read) as db:
        return {
            name: sorted(tuple(row) for row in db.execute(select(table)))
            for name, table in LIVE.items()
        }


def deliver(logs: Logs, first: int, count: int, *, again: bool = False) -> None:
    entries = tuple(logs.installation.reader.entries("acme", first, count))
    with begin(logs.read, AUDITOR, logs.installation.clock) as work:
        logs.projector.apply(work, Batch(log="acme", first=first, entries=entries, again=again))


@pytest.mark.census("ATP-501")
def test_events_are_found_by_time_by_actor_and_by_resource(logs: Logs) -> None:
    logs.append(*several(range(10)))
    logs.project()
    assert logs.ask() == [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]
    assert logs.ask(actor="u1") == [7, 4, 1]
    assert logs.ask(resource="o2", type="order") == [7, 2]
    assert logs.ask(resource="o2", type="invoice") == []


@pytest.mark.census("ATP-260")
def test_the_same_delivery_twice_is_applied_once(logs: Logs) -> None:
    logs.append(*several(range(6)))
    deliver(logs, 0, 4)
    once = rows(logs)
    deliver(logs, 0, 4)
    deliver(logs, 2, 2, again=True)
    assert rows(logs) == once
    deliver(logs, 2, 4)
    assert len(rows(logs)["timeline"]) == 6


@pytest.mark.census("ATP-261")
@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(order=st.permutations(range(8)), again=st.booleans())
def test_whatever_the_order_of_deliveries_the_end_is_that_of_the_ordered_one(
    logs: Logs, order: list[int], *, again: bool
) -> None:
    logs.projector.growth = Growth(every_s=0)  # as if the beats were seconds apart
    if not logs.installation.reader.size("acme"):
        logs.append(*several(range(8)))
    for name in PROJECTED:
        wipe(logs.read, name, "acme")
    for index in order:
        deliver(logs, index, 1, again=again)
    logs.project()
    scrambled = rows(logs)
    for name in PROJECTED:
        wipe(logs.read, name, "acme")
    deliver(logs, 0, 8)
    assert rows(logs) == scrambled


def test_what_comes_beyond_a_gap_waits_until_the_gap_is_closed(logs: Logs) -> None:
    logs.append(*several(range(6)))
    deliver(logs, 4, 2)
    assert rows(logs)["timeline"] == []
    deliver(logs, 0, 4)
    assert logs.ask() == [3, 2, 1, 0]
    logs.project()
    assert logs.ask() == [5, 4, 3, 2, 1, 0]


def test_what_is_only_late_is_left_to_the_deliveries(logs: Logs) -> None:
    logs.append(*several(range(3)))
    logs.projector.patience_s = 3600.0
    assert not logs.projector.beat()
    assert not logs.projector.beat()
    assert logs.ask() == []
    deliver(logs, 0, 2)
    assert not logs.projector.beat()
    logs.projector.patience_s = 0.0
    assert logs.projector.beat()
    assert logs.ask() == [2, 1, 0]


@pytest.mark.census("ATP-262")
def test_an_unknown_schema_is_refused_and_applied_again_once_it_is_known(logs: Logs) -> None:
    later = json.loads(record(1).encode()) | {"schema": 9}
    logs.append(record(0), raw(1, json.dumps(later).encode()), record(2))
    with pytest.raises(RecordUnreadable, match="schema 9 is not known, only 1"):
        deliver(logs, 0, 3)
    assert rows(logs)["timeline"] == []
    deliver(logs, 0, 1)
    logs.project()
    assert logs.ask() == [2, 0]
    found = standings(
        logs.engine, logs.read, logs.installation.reader, logs.installation.clock, PROJECTED
    )
    assert {one.place.skipped for one in found} == {1}
    logs.projector.schemas = {**SCHEMAS, 9: lambda members: members}
    deliver(logs, 1, 1, again=True)
    with reading(logs.read) as db:
        assert sorted(db.scalars(select(LIVE["timeline"].c.idx))) == [0, 1, 2]


def test_a_read_model_of_another_log_is_not_added_to(logs: Logs) -> None:
    logs.append(*several(range(3)))
    logs.project()
    with writing(logs.read) as db:
        old = store.place(db, "timeline", "acme")
        wrong = type(old)(size=old.size, hash=b"\0" * 32)
        assert store.advance(db, "timeline", "acme", old, wrong)
    logs.append(record(3))
    fresh = Projector(engine=logs.engine, read=logs.read, reader=logs.installation.reader)
    fresh.beat()
    with pytest.raises(ProjectionDiverged, match="rebuild timeline --tenant acme"):
        fresh.beat()
    reader = logs.installation.reader
    found = standings(logs.engine, logs.read, reader, logs.installation.clock, ["timeline"])
    health = projection_health(found, reader)
    assert (health.status, "another log" in health.description) == ("unhealthy", True)
    Rebuild(
        read=logs.read,
        reader=reader,
        fields=logs.explorer.fields,
        projection="timeline",
        log="acme",
    ).run(silent)
    logs.project()
    assert logs.ask() == [3, 2, 1, 0]


@pytest.mark.census("ATP-233", "ATP-259")
def test_a_paused_projection_lags_and_says_so_and_goes_on_where_it_stood(logs: Logs) -> None:
    logs.append(*several(range(3)))
    logs.project()
    with writing(logs.engine) as db:
        assert store.pause(db, "actor", 0)
        assert not store.pause(db, "actor", 0)
    logs.append(*several(range(3, 8)))
    logs.project()
    clock = logs.installation.clock
    found = standings(logs.engine, logs.read, logs.installation.reader, clock, PROJECTED)
    assert {one.projection: one.behind for one in found} == {
        "timeline": 0,
        "actor": 5,
        "resource": 0,
    }
    assert [one.paused for one in found] == [False, True, False]
    logs.installation.now += 20 * (logs.installation.now - logs.installation.now.replace(hour=11))
    (held,) = standings(logs.engine, logs.read, logs.installation.reader, clock, ["actor"])
    assert held.lag_s > 30
    health = projection_health([held], logs.installation.reader)
    assert health.status == "unhealthy"
    assert "actor of acme is 5 records" in health.description
    assert "paused" in health.description
    with writing(logs.engine) as db:
        assert store.resume(db, "actor")
    logs.project()
    assert logs.ask(actor="u1") == [7, 4, 1]


@pytest.mark.census("ATP-285")
@pytest.mark.parametrize("projection", PROJECTED)
def test_a_wiped_projection_is_rebuilt_as_it_was(logs: Logs, projection: str) -> None:
    logs.append(*several(range(20)))
    logs.append(*several(range(7), tenant="zeta"))
    logs.project()
    before = rows(logs)
    wipe(logs.read, projection, "acme")
    assert rows(logs) != before
    anew = Rebuild(
        read=logs.read,
        reader=logs.installation.reader,
        fields=logs.explorer.fields,
        projection=projection,
        log="acme",
    )
    applied, found = anew.run(silent)
    assert (applied, found.surplus, found.missing) == (20, 0, found.rows)
    assert rows(logs) == before
    assert anew.run(silent)[1].missing == 0


@pytest.mark.census("ATP-287")
def test_a_dry_rebuild_counts_and_changes_nothing(logs: Logs) -> None:
    logs.append(*several(range(10)))
    logs.project()
    with writing(logs.read) as db:
        live = LIVE["actor"]
        db.execute(live.delete().where(live.c.idx == 3))
        db.execute(live.insert().values(log=1, term=77, at=1, idx=4))
    before = rows(logs)
    anew = Rebuild(
        read=logs.read,
        reader=logs.installation.reader,
        fields=logs.explorer.fields,
        projection="actor",
        log="acme",
        dry=True,
    )
    applied, found = anew.run(silent)
    assert (applied, found.rows, found.missing, found.surplus) == (10, 10, 1, 1)
    assert found.where == ("actor: record 3 is missing", "actor: record 4 is surplus")
    assert rows(logs) == before


@pytest.mark.census("ATP-286")
def test_a_rebuild_of_one_tenant_and_range_touches_nothing_else(logs: Logs) -> None:
    logs.append(*several(range(10)), *several(range(10), tenant="zeta"))
    logs.project()
    before = rows(logs)
    with writing(logs.read) as db:
        live = LIVE["actor"]
        db.execute(live.delete())
    at = [seen(0, record(number).encode()).at for number in range(10)]
    anew = Rebuild(
        read=logs.read,
        reader=logs.installation.reader,
        fields=logs.explorer.fields,
        projection="actor",
        log="acme",
        since=at[2],
        until=at[5],
    )
    applied, found = anew.run(silent)
    assert (applied, found.missing) == (3, 3)
    kept = rows(logs)["actor"]
    assert len(kept) == 3
    assert set(kept) < set(before["actor"])


def test_what_is_appended_while_a_rebuild_runs_is_not_lost(logs: Logs) -> None:
    logs.append(*several(range(5)))
    logs.project()

    def meanwhile(_done: int, _total: int) -> None:
        logs.append(*several(range(5, 8)))
        logs.project()

    reader = logs.installation.reader
    anew = Rebuild(
        read=logs.read,
        reader=reader,
        fields=logs.explorer.fields,
        projection="resource",
        log="acme",
    )
    anew.run(meanwhile)
    assert logs.ask(resource="o2") == [7, 2]
    assert anew.run(silent)[1].surplus == 0


def silent(_done: int, _total: int) -> None:
    """No progress is shown."""
