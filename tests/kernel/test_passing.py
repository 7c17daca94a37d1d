"""Facts that somebody does not hear are passed over at once, and none that they hear ever is."""

from collections.abc import Sequence
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete, event

from kernel.actors import ADA, noon
from quarterdeck.events.governance import SyncRequested, SyncResumed
from quarterdeck.kernel import deliveries
from quarterdeck.kernel.db import reading, writing
from quarterdeck.kernel.deliveries import Subscriber, late, positions
from quarterdeck.kernel.errors import Unavailable
from quarterdeck.kernel.outbox import Fact, outbox, sequences
from quarterdeck.kernel.passing import FEW, Passing, Seen, pass_over, passing
from quarterdeck.kernel.work import Work, begin
from quarterdeck.worker.delivery import deliver_all

HEARD = SyncRequested.__name__


def publish(engine: Engine, tenant: str, facts: str) -> None:
    """A fact for each letter: ``x`` is heard, ``.`` is not."""
    with begin(engine, ADA, noon) as work:
        for one in facts:
            if one == "x":
                work.publish(SyncRequested(tenant=tenant, run="r", domain="d"))
            else:
                work.publish(SyncResumed(tenant=tenant, domain="d"))


BOOKS = Subscriber(name="books", hears=[HEARD])


def begin_places(engine: Engine, *tenants: str) -> None:
    """Have it stand after a first fact of each."""
    for tenant in tenants:
        publish(engine, tenant, "x")
    while deliver_all(engine, noon, [BOOKS]):
        pass


def past(engine: Engine) -> list[Passing]:
    with reading(engine) as db:
        return passing(db, [(BOOKS, tenant, at) for _, tenant, at in late(db, ["books"])])


def test_it_is_told_by_tenant_who_hears_nothing_of_what_waits(engine: Engine) -> None:
    begin_places(engine, "acme", "zeta")
    publish(engine, "acme", "..")
    publish(engine, "zeta", ".x")
    passed = Passing(subscriber="books", tenant="acme", place=1, end=3)
    assert past(engine) == [passed]

    pass_over(engine, [passed])

    assert past(engine) == []
    assert deliveries.behind(engine, "books") == [("zeta", 1)]
    assert deliveries.place(engine, "books", "acme") == 3


def test_a_place_that_another_worker_moved_stays(engine: Engine) -> None:
    begin_places(engine, "acme")
    publish(engine, "acme", "x")
    stale = Passing(subscriber="books", tenant="acme", place=1, end=1)
    deliver_all(engine, noon, [BOOKS])
    pass_over(engine, [stale])
    assert deliveries.place(engine, "books", "acme") == 2


def test_who_waits_with_what_was_not_looked_at_passes_only_so_far(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin_places(engine, "acme")
    publish(engine, "acme", "..x")
    monkeypatch.setattr("quarterdeck.kernel.passing.MOST_LOOKED_AT", 2)
    assert past(engine) == [Passing(subscriber="books", tenant="acme", place=1, end=3)]


def test_one_who_is_stuck_keeps_nobody_from_passing(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("quarterdeck.kernel.passing.MOST_LOOKED_AT", FEW)
    stuck = Subscriber(name="stuck", hears=[HEARD], receive=_away)
    publish(engine, "acme", "." * FEW + ".")
    deliver_all(engine, noon, [stuck, BOOKS])
    publish(engine, "acme", "x" + "." * (FEW + 5))
    with pytest.raises(Unavailable):
        deliver_all(engine, noon, [stuck])
    deliver_all(engine, noon, [BOOKS])
    publish(engine, "acme", ".")
    with reading(engine) as db:
        waiting = [
            (stuck, "acme", FEW + 1),
            (BOOKS, "acme", deliveries.place(engine, "books", "acme")),
        ]
        assert [one.subscriber for one in passing(db, waiting)] == ["books"]


def test_who_never_was_anywhere_is_no_passer(engine: Engine) -> None:
    """Beside one whose first fact failed, and who so has a place before all."""
    failing = Subscriber(name="failing", hears=[HEARD], receive=_away)
    publish(engine, "acme", "....x")
    with suppress(Unavailable):
        deliver_all(engine, noon, [failing])
    with reading(engine) as db:
        fresh = Seen(since=0, facts=[(1, "other")])
        assert fresh.passing(BOOKS, "acme", 0) is None
        assert passing(db, [(BOOKS, "acme", 0)]) == []


def _away(_work: Work, _fact: Fact) -> None:
    raise Unavailable("it is away")


def test_who_is_before_what_was_looked_at_does_not_pass() -> None:
    seen = Seen(since=5, facts=[(6, "other"), (7, "other")])
    assert seen.passing(BOOKS, "acme", 4) is None
    assert seen.passing(BOOKS, "acme", 5) is not None
    assert seen.passing(BOOKS, "acme", 7) is None


def test_a_dozen_who_hear_nothing_move_in_one_transaction(engine: Engine) -> None:
    ears = [Subscriber(name=f"ear {n}", hears=[HEARD]) for n in range(12)]
    for facts in ("x", "."):
        for tenant in ("acme", "beta", "zeta"):
            publish(engine, tenant, facts)
        if facts == "x":
            deliver_all(engine, noon, ears)
    commits: list[object] = []
    event.listen(engine, "commit", commits.append)
    deliver_all(engine, noon, ears)
    assert len(commits) <= 2, "one to look, one to write"
    assert [deliveries.behind(engine, ear.name) for ear in ears] == [[]] * 12


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rounds=st.lists(st.tuples(st.sampled_from(["acme", "zeta"]), st.text("x.", max_size=5))))
def test_whatever_comes_what_is_heard_is_received_once_in_order(
    engine: Engine, rounds: Sequence[tuple[str, str]]
) -> None:
    with writing(engine) as db:
        for table in (outbox, sequences, positions):
            db.execute(delete(table))
    got: list[tuple[str, int]] = []
    to = Subscriber(
        name="books",
        hears=[HEARD],
        receive=lambda _, fact: got.append((fact.tenant, fact.sequence)),
    )
    sent: list[tuple[str, int]] = []
    other = Subscriber(name="others", hears=[SyncResumed.__name__])
    last = {"acme": 0, "zeta": 0}
    for tenant, facts in rounds:
        publish(engine, tenant, facts)
        first = last[tenant] + 1
        sent += [(tenant, n) for n, one in enumerate(facts, first) if one == "x"]
        last[tenant] += len(facts)
        deliver_all(engine, noon, [to, other])
    for tenant, through in last.items():
        assert [one for one in got if one[0] == tenant] == [one for one in sent if one[0] == tenant]
        assert deliveries.place(engine, "books", tenant) == through
