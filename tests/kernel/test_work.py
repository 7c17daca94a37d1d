"""The two doors: what reads cannot write, and what is announced comes in order of commits."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta

import pytest
from sqlalchemy import Engine, insert, select
from sqlalchemy.exc import DBAPIError

from kernel.actors import NOON, noon
from quarterdeck.events.governance import SyncRequested
from quarterdeck.kernel.clock import micros
from quarterdeck.kernel.ids import uuid7
from quarterdeck.kernel.outbox import after, last, outbox, prune, sequences
from quarterdeck.kernel.work import (
    ANY,
    Actor,
    MissingPermission,
    TenantNotFound,
    begin,
    read,
)

ADA = Actor("ada", frozenset())


def announced(engine: Engine, tenant: str = "acme") -> list[tuple[int, str]]:
    query = select(outbox.c.sequence, outbox.c.payload).where(outbox.c.tenant == tenant)
    with read(engine, ADA, noon) as work:
        rows = work.db.execute(query.order_by(outbox.c.sequence)).all()
    return [(row.sequence, row.payload.split('"')[-2]) for row in rows]


def event(name: str, tenant: str = "acme") -> SyncRequested:
    return SyncRequested(tenant=tenant, run=name, domain=name)


def test_an_event_says_who_when_what_and_by_which_request(engine: Engine) -> None:
    with begin(engine, ADA, noon, "req-1") as work:
        work.publish(event("b"))
    with read(engine, ADA, noon) as work:
        row = work.db.execute(select(outbox)).one()
    payload = '{"tenant": "acme", "run": "b", "domain": "b"}'
    assert row.id.startswith("019ca41e-ae00-7")  # noon, in milliseconds
    assert tuple(row)[1:] == ("acme", 1, "ada", "req-1", micros(NOON), "SyncRequested", payload)


def test_work_without_a_request_has_an_id_of_its_own(engine: Engine) -> None:
    with begin(engine, ADA, noon) as first, read(engine, ADA, noon) as second:
        assert first.request
        assert first.request != second.request


def test_each_tenant_counts_for_itself(engine: Engine) -> None:
    for _ in range(2):
        with begin(engine, ADA, noon) as work:
            work.publish(event("x", "acme"))
            work.publish(event("y", "zeta"))
            work.publish(event("z", "acme"))
    assert announced(engine) == [(1, "x"), (2, "z"), (3, "x"), (4, "z")]
    assert announced(engine, "zeta") == [(1, "y"), (2, "y")]


def test_work_that_fails_announces_nothing_and_leaves_no_gap(engine: Engine) -> None:
    with suppress(RuntimeError), begin(engine, ADA, noon) as work:
        work.publish(event("lost"))
        raise RuntimeError
    with begin(engine, ADA, noon) as work:
        work.publish(event("kept"))
    assert announced(engine) == [(1, "kept")]


@pytest.mark.parametrize(  # SQLite has one writer at a time
    "engine", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True
)
def test_the_first_to_commit_is_the_first_delivered(engine: Engine) -> None:
    with begin(engine, ADA, noon) as slow:
        slow.publish(event("slow"))
        with begin(engine, ADA, noon) as quick:
            quick.publish(event("quick"))
    assert announced(engine) == [(1, "quick"), (2, "slow")]


def test_a_write_in_a_read_is_refused(engine: Engine) -> None:
    with pytest.raises(DBAPIError), read(engine, ADA, noon) as work:
        work.db.execute(insert(sequences).values(tenant="acme", last=9))
    with begin(engine, ADA, noon) as work:
        work.publish(event("b"))
    assert announced(engine) == [(1, "b")]


def test_an_event_in_a_read_is_refused(engine: Engine) -> None:
    with pytest.raises(DBAPIError), read(engine, ADA, noon) as work:
        work.publish(event("b"))


def test_a_reader_does_not_wait_for_a_writer(engine: Engine) -> None:
    with begin(engine, ADA, noon) as work:
        work.publish(event("b"))
        assert announced(engine) == []


def test_writers_that_read_first_do_not_trip_each_other(engine: Engine) -> None:
    def read_then_write(name: str) -> None:
        with begin(engine, ADA, noon) as work:
            work.db.execute(select(outbox)).all()
            work.publish(event(name))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(read_then_write, "abcdefgh"))
    assert [number for number, _ in announced(engine)] == list(range(1, 9))


def test_two_tenants_taken_in_either_order_are_no_deadlock(engine: Engine) -> None:
    def announce(tenants: str) -> None:
        with begin(engine, ADA, noon) as work:
            for tenant in tenants:
                work.publish(event("b", tenant))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(announce, ["ab", "ba"] * 20))
    assert [number for number, _ in announced(engine, "a")] == list(range(1, 41))


def test_ids_sort_by_creation_time() -> None:
    ids = [uuid7(NOON + timedelta(milliseconds=n)) for n in range(9)]
    assert ids == sorted(set(ids))


def grants(*pairs: tuple[str, str]) -> Actor:
    return Actor("ada", frozenset(pairs))


def test_a_permission_opens_its_own_tenant_alone(engine: Engine) -> None:
    with read(engine, grants(("sync:read", "acme")), noon) as work:
        assert work.require("sync:read", "acme").ids == {"acme"}
        with pytest.raises(MissingPermission, match="sync:trigger"):
            work.require("sync:trigger", "acme")
        with pytest.raises(TenantNotFound):
            work.require("sync:read", "zeta")


def test_a_permission_on_any_tenant_opens_each_one(engine: Engine) -> None:
    with read(engine, grants(("sync:read", ANY)), noon) as work:
        assert work.require("sync:read", "zeta").ids == {"zeta"}
        assert work.tenants("sync:read").ids == {ANY}


def test_lists_reach_as_far_as_the_grants(engine: Engine) -> None:
    for name in ("acme", "beta", "zeta"):
        with begin(engine, ADA, noon) as work:
            work.publish(event("x", name))
    own = grants(("sync:read", "acme"), ("sync:read", "beta"), ("jobs:read", "zeta"))
    with read(engine, own, noon) as work:
        mine = work.tenants("sync:read").clause(outbox.c.tenant)
        assert set(work.db.scalars(select(outbox.c.tenant).where(mine))) == {"acme", "beta"}
        with pytest.raises(MissingPermission):
            work.tenants("tenants:read")


def test_facts_come_in_order_after_a_place(engine: Engine) -> None:
    for name in "abc":
        with begin(engine, ADA, noon) as work:
            work.publish(event(name))
    with read(engine, ADA, noon) as work:
        found = after(work.db, "acme", 1, limit=9)
        assert [(fact.sequence, fact.payload["run"]) for fact in found] == [(2, "b"), (3, "c")]
        assert [fact.sequence for fact in after(work.db, "acme", 0, limit=1)] == [1]
        assert (last(work.db, "acme"), last(work.db, "zeta")) == (3, 0)


def test_only_old_facts_that_all_have_received_are_forgotten(engine: Engine) -> None:
    for name in "abc":
        with begin(engine, ADA, noon) as work:
            work.publish(event(name))
    with begin(engine, ADA, noon) as work:
        assert prune(work.db, "acme", 2, NOON) == 0
        assert prune(work.db, "zeta", 2, NOON + timedelta(days=1)) == 0
        assert prune(work.db, "acme", 2, NOON + timedelta(days=1)) == 2
    assert [name for _, name in announced(engine)] == ["c"]
