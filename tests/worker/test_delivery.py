"""Delivery: each fact once, in order for each tenant, and none that blocks others."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Barrier, Event

import pytest
from sqlalchemy import Column, Engine, Integer, String, Table, func, insert, select, update

from kernel.actors import ADA, NOON, noon
from kernel.jobs.queues import DATABASES
from quarterdeck.events.governance import SyncRequested, SyncResumed
from quarterdeck.kernel import deliveries
from quarterdeck.kernel.clock import micros
from quarterdeck.kernel.db import DatabaseUnavailable, metadata, now_micros, reading, writing
from quarterdeck.kernel.deliveries import BATCH, MAX_TRIES, Subscriber, positions
from quarterdeck.kernel.errors import Unavailable
from quarterdeck.kernel.outbox import Fact, outbox
from quarterdeck.kernel.work import Work, begin
from quarterdeck.worker.delivery import deliver_all

heard = Table(
    "test_heard",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("by", String, nullable=False),
    Column("tenant", String, nullable=False),
    Column("run", String, nullable=False),
)


def publish(engine: Engine, *runs: str, tenant: str = "acme") -> None:
    for run in runs:
        with begin(engine, ADA, noon) as work:
            work.publish(SyncRequested(tenant=tenant, run=run, domain="d"))


def listener(name: str = "books", refuse: Callable[[Fact], None] = lambda _: None) -> Subscriber:
    def receive(work: Work, fact: Fact) -> None:
        row = {"by": name, "tenant": fact.tenant, "run": fact.payload["run"]}
        work.db.execute(insert(heard).values(row))
        refuse(fact)

    return Subscriber(name=name, receive=receive)


def failing_on(run: str, error: Exception) -> Callable[[Fact], None]:
    def refuse(fact: Fact) -> None:
        if fact.payload["run"] == run:
            raise error

    return refuse


def heard_by(engine: Engine, name: str = "books", tenant: str = "acme") -> list[str]:
    query = select(heard.c.run).where(heard.c.by == name, heard.c.tenant == tenant)
    with reading(engine) as db:
        return list(db.scalars(query.order_by(heard.c.number)))


def pause_is_over(engine: Engine) -> None:
    with writing(engine) as db:
        db.execute(update(positions).values(retry_at=0))


def pauses_s(engine: Engine) -> list[float]:
    with reading(engine) as db:
        pauses = db.scalars(select(positions.c.retry_at - now_micros()))
        return [pause / 1_000_000 for pause in pauses if pause > 0]


def test_facts_are_received_once_and_in_order(engine: Engine) -> None:
    publish(engine, "a", "b", "c")
    publish(engine, "z", tenant="zeta")
    assert deliver_all(engine, noon, [listener()]) == 4
    assert deliver_all(engine, noon, [listener()]) == 0
    assert heard_by(engine) == ["a", "b", "c"]
    assert heard_by(engine, tenant="zeta") == ["z"]


def test_each_subscriber_has_its_own_place(engine: Engine) -> None:
    publish(engine, "a")
    deliver_all(engine, noon, [listener("early")])
    publish(engine, "b")
    deliver_all(engine, noon, [listener("early"), listener("late")])
    assert heard_by(engine, "early") == heard_by(engine, "late") == ["a", "b"]


@pytest.mark.parametrize("engine", DATABASES, indirect=True)
def test_deliverers_that_race_deliver_each_fact_once(engine: Engine) -> None:
    for turn in range(5):
        publish(engine, f"a{turn}", f"b{turn}")
        together = Barrier(3)

        def deliver(_: int, together: Barrier = together) -> int:
            together.wait(10)
            return deliver_all(engine, noon, [listener()])

        with ThreadPoolExecutor(3) as pool:
            assert sum(pool.map(deliver, range(3))) == 2
    assert heard_by(engine) == [f"{x}{turn}" for turn in range(5) for x in "ab"]


def test_what_a_subscriber_publishes_is_heard_too(engine: Engine) -> None:
    def receive(work: Work, fact: Fact) -> None:
        if fact.tenant == "acme":
            work.publish(SyncRequested(tenant="zeta", run=fact.payload["run"], domain="d"))

    publish(engine, "a")
    deliver_all(engine, noon, [Subscriber(name="echo", receive=receive)])
    deliver_all(engine, noon, [listener()])
    assert heard_by(engine, tenant="zeta") == ["a"]


def test_a_poisoned_fact_waits_alone_then_is_put_aside_for_its_subscriber(engine: Engine) -> None:
    publish(engine, "a", "bad", "c")
    publish(engine, "z", tenant="zeta")
    poisoned = listener("poisoned", failing_on("bad", ValueError("can't \0 read")))
    tries = []
    for _ in range(MAX_TRIES):
        deliver_all(engine, noon, [poisoned, listener()])
        tries += pauses_s(engine)
        assert heard_by(engine, "poisoned", "zeta") == ["z"]
        assert heard_by(engine) == ["a", "bad", "c"]
        pause_is_over(engine)
    deliver_all(engine, noon, [poisoned])
    assert heard_by(engine, "poisoned") == ["a", "c"]
    assert tries == pytest.approx([1, 2, 4, 8, 16, 32, 64], abs=1)
    with reading(engine) as db:
        (aside,) = deliveries.dead(db)
    assert (aside.subscriber, aside.tenant, aside.reason) == (
        "poisoned",
        "acme",
        "ValueError: can't ? read",
    )


def test_of_many_that_are_told_together_a_poisoned_one_spoils_none(engine: Engine) -> None:
    names = [f"tenant-{number:02}" for number in range(45)]
    for name in names:
        publish(engine, "bad" if name == names[7] else "a", "b", tenant=name)
    poisoned = listener("poisoned", failing_on("bad", ValueError("no")))
    assert deliver_all(engine, noon, [poisoned, listener()]) == 45 * 2 * 2 - 2
    assert [heard_by(engine, "poisoned", name) for name in names] == [
        [] if name == names[7] else ["a", "b"] for name in names
    ]
    assert all(len(heard_by(engine, tenant=name)) == 2 for name in names)
    with reading(engine) as db:
        assert db.scalar(select(func.sum(positions.c.tries))) == 1


def test_what_is_done_about_two_facts_told_together_is_told_apart(engine: Engine) -> None:
    def receive(work: Work, fact: Fact) -> None:
        work.publish(SyncRequested(tenant="zeta", run=fact.tenant, domain="d"))

    publish(engine, "a")
    publish(engine, "b", tenant="beta")
    deliver_all(engine, noon, [Subscriber(name="echo", receive=receive)])
    with reading(engine) as db:
        requests = select(outbox.c.request).where(outbox.c.tenant == "zeta")
        assert len({*db.scalars(requests)}) == 2


def test_a_pause_is_kept(engine: Engine) -> None:
    publish(engine, "bad")
    poisoned = listener("poisoned", failing_on("bad", ValueError("no")))
    for _ in range(3):
        deliver_all(engine, noon, [poisoned])
    with reading(engine) as db:
        assert db.scalar(select(positions.c.tries)) == 1


@pytest.mark.parametrize("away", [DatabaseUnavailable("away"), Unavailable("sequencer away")])
def test_what_passes_by_itself_never_counts_against_a_fact(engine: Engine, away: Exception) -> None:
    publish(engine, "a", "b")
    waiting = listener("waiting", failing_on("a", away))
    for _ in range(MAX_TRIES + 2):
        with pytest.raises(type(away), match="away"):
            deliver_all(engine, noon, [waiting, listener()])
    assert heard_by(engine) == ["a", "b"]
    assert heard_by(engine, "waiting") == []
    with reading(engine) as db:
        assert deliveries.dead(db) == []
    deliver_all(engine, noon, [listener("waiting")])
    assert heard_by(engine, "waiting") == ["a", "b"]


def test_what_is_away_for_one_tenant_keeps_no_other_waiting(engine: Engine) -> None:
    publish(engine, "lost", tenant="acme")
    publish(engine, "fine", tenant="beta")
    with pytest.raises(Unavailable, match="key"):
        deliver_all(engine, noon, [listener(refuse=failing_on("lost", Unavailable("no key")))])
    assert (heard_by(engine, tenant="acme"), heard_by(engine, tenant="beta")) == ([], ["fine"])
    with reading(engine) as db:
        assert deliveries.waiting_since(db, "books") == micros(NOON)
        assert deliveries.waiting_since(db, "others") == micros(NOON)


def test_a_failure_of_a_fact_that_was_delivered_meanwhile_is_not_counted(engine: Engine) -> None:
    publish(engine, "a", "b")
    deliver_all(engine, noon, [listener()])
    for _ in range(MAX_TRIES + 1):
        assert not deliveries.failed(engine, noon, listener(), "acme", 0, "stale")
    with reading(engine) as db:
        assert deliveries.dead(db) == []


def test_the_backlog_is_what_was_not_received(engine: Engine) -> None:
    def backlog() -> int:
        with reading(engine) as db:
            return deliveries.backlog(db, "books")

    assert backlog() == 0
    publish(engine, "a", "b")
    publish(engine, "z", tenant="zeta")
    assert backlog() == 3
    deliver_all(engine, noon, [listener()])
    assert backlog() == 0


def test_only_what_all_subscribers_have_counts_as_received(engine: Engine) -> None:
    publish(engine, "a", "b")
    publish(engine, "z", tenant="zeta")
    deliver_all(engine, noon, [listener("one")])
    publish(engine, "c")
    with reading(engine) as db:
        assert deliveries.received_by_all(db, ["one", "two"]) == {}
    deliver_all(engine, noon, [listener("two")])
    with reading(engine) as db:
        assert deliveries.received_by_all(db, ["one", "two"]) == {"acme": 2, "zeta": 1}
        assert deliveries.received_by_all(db, []) == {}


def test_old_facts_are_gone_and_the_rest_still_arrives(engine: Engine) -> None:
    publish(engine, "a")
    deliver_all(engine, noon, [listener()])
    with begin(engine, ADA, lambda: NOON + timedelta(days=1)) as work:
        work.db.execute(outbox.delete())
    publish(engine, "b")
    deliver_all(engine, noon, [listener(), listener("new")])
    assert heard_by(engine, "new") == ["b"]
    assert heard_by(engine) == ["a", "b"]


def choosy(*names: str, refuse: Callable[[Fact], None] = lambda _: None) -> Subscriber:
    return replace(listener(refuse=refuse), hears=names)


def announce(engine: Engine, *runs: str) -> None:
    """What nobody here hears of."""
    for run in runs:
        with begin(engine, ADA, noon) as work:
            work.publish(SyncResumed(tenant="acme", domain=run))


def place_of(engine: Engine, name: str = "books") -> int:
    return deliveries.place(engine, name, "acme")


def test_of_many_facts_only_those_that_are_heard_are_received(engine: Engine) -> None:
    announce(engine, "1", "2")
    publish(engine, "a")
    announce(engine, "3")
    publish(engine, "b")
    announce(engine, "4")
    hears = choosy("SyncRequested")

    assert deliver_all(engine, noon, [hears]) == 2

    assert heard_by(engine) == ["a", "b"]
    assert deliveries.behind(engine, "books") == [], "the others are passed over"
    with reading(engine) as db:
        assert deliveries.backlog(db, "books") == 0
    publish(engine, "c")
    deliver_all(engine, noon, [hears])
    assert heard_by(engine) == ["a", "b", "c"]


def test_of_facts_that_are_heard_so_many_at_once(engine: Engine) -> None:
    for turn in range(3):
        announce(engine, f"{turn}")
        publish(engine, f"a{turn}")
    hears = choosy("SyncRequested")

    assert deliveries.deliver(engine, noon, hears, "acme", 0, limit=2) == 2
    assert place_of(engine) == 4, "no further than what was received"
    assert deliveries.deliver(engine, noon, hears, "acme", 4, limit=2) == 1
    assert heard_by(engine) == ["a0", "a1", "a2"]


def test_many_that_nobody_hears_are_passed_over_in_portions(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("quarterdeck.kernel.outbox.MOST_PASSED", 2)
    announce(engine, "1", "2", "3")
    publish(engine, "a")
    hears = choosy("SyncRequested")

    assert deliver_all(engine, noon, [hears]) == 0
    assert place_of(engine) == 2
    assert deliver_all(engine, noon, [hears]) == 1
    assert heard_by(engine) == ["a"]


def test_a_poisoned_fact_among_others_is_put_aside_alone(engine: Engine) -> None:
    announce(engine, "1")
    publish(engine, "a", "bad", "b")
    announce(engine, "2")
    hears = choosy("SyncRequested", refuse=failing_on("bad", ValueError("no")))

    for _ in range(MAX_TRIES):
        deliver_all(engine, noon, [hears])
        pause_is_over(engine)
    deliver_all(engine, noon, [hears])

    assert heard_by(engine) == ["a", "b"]
    with reading(engine) as db:
        assert [row.reason for row in deliveries.dead(db)] == ["ValueError: no"]
    assert deliveries.behind(engine, "books") == []


@pytest.mark.parametrize("engine", DATABASES, indirect=True)
def test_what_is_committed_while_others_are_passed_over_is_received(engine: Engine) -> None:
    hears, stop = choosy("SyncRequested"), Event()

    def deliver() -> int:
        many = 0
        while not stop.is_set():
            many += deliver_all(engine, noon, [hears])
        return many + deliver_all(engine, noon, [hears])

    with ThreadPoolExecutor(1) as pool:
        delivered = pool.submit(deliver)
        for turn in range(40):
            announce(engine, f"{turn}")
            publish(engine, f"a{turn}")
        stop.set()
        assert delivered.result() == 40
    assert heard_by(engine) == [f"a{turn}" for turn in range(40)]


def taker(refuse: Callable[[Fact], None] = lambda _: None) -> tuple[Subscriber, list[list[str]]]:
    """A subscriber outside of transactions, and what it took, call by call."""
    calls: list[list[str]] = []

    def take(_now: datetime, facts: Sequence[Fact]) -> None:
        for fact in facts:
            refuse(fact)
        calls.append([f"{fact.tenant} {fact.payload['run']}" for fact in facts])

    return Subscriber(name="books", take=take), calls


def test_what_many_tenants_have_is_taken_at_once(engine: Engine) -> None:
    publish(engine, "a", "b")
    publish(engine, "z", tenant="zeta")
    books, calls = taker()
    assert deliver_all(engine, noon, [books]) == 3
    assert calls == [["acme a", "acme b", "zeta z"]]
    assert deliver_all(engine, noon, [books]) == 0


def test_a_tenants_facts_that_cannot_be_taken_keep_no_others(engine: Engine) -> None:
    publish(engine, "a")
    publish(engine, "z", tenant="zeta")
    books, calls = taker(refuse=failing_on("a", Unavailable("its log is away")))
    with pytest.raises(Unavailable):
        deliver_all(engine, noon, [books])
    assert calls == [["zeta z"]]
    assert deliveries.behind(engine, "books") == [("acme", 0)]


def test_a_storm_of_one_tenant_is_taken_as_fast_beside_others(engine: Engine) -> None:
    with begin(engine, ADA, noon) as work:
        for number in range(BATCH + 50):
            work.publish(SyncRequested(tenant="acme", run=f"{number}", domain="d"))
    for number in range(4):
        publish(engine, "one", tenant=f"t{number}")
    books, calls = taker()
    while deliver_all(engine, noon, [books]):
        pass
    assert [len(call) for call in calls] == [BATCH + 4, 50]
