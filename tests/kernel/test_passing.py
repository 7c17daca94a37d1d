"""Facts that somebody does not hear are passed over at once, and none that they hear ever is."""

from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete, event

from kernel.actors import ADA, noon
from quarterdeck.events.governance import SyncRequested, SyncResumed
from quarterdeck.kernel import deliveries
from quarterdeck.kernel.db import reading, writing
from quarterdeck.kernel.deliveries import Subscriber, positions
from quarterdeck.kernel.outbox import outbox, sequences
from quarterdeck.kernel.passing import Passing, pass_over, unheard
from quarterdeck.kernel.work import begin
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


def past(engine: Engine) -> dict[str, Passing]:
    with reading(engine) as db:
        return dict(unheard(db, "books", [HEARD]))


def test_it_is_told_by_tenant_who_hears_nothing_of_what_waits(engine: Engine) -> None:
    publish(engine, "acme", "..")
    publish(engine, "zeta", ".x")
    passing = Passing(subscriber="books", tenant="acme", place=0, last=2)
    assert past(engine) == {"acme": passing}

    pass_over(engine, [passing])

    assert past(engine) == {}
    assert deliveries.behind(engine, "books") == [("zeta", 0)]
    assert deliveries.place(engine, "books", "acme") == 2


def test_a_place_that_another_worker_moved_stays(engine: Engine) -> None:
    publish(engine, "acme", ".x")
    stale = Passing(subscriber="books", tenant="acme", place=0, last=1)
    deliver_all(engine, noon, [Subscriber(name="books", hears=[HEARD])])
    pass_over(engine, [stale])
    assert deliveries.place(engine, "books", "acme") == 2


def test_more_than_may_be_looked_through_at_once_is_left_to_be_gone_through(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("quarterdeck.kernel.passing.MOST_PASSED", 1)
    publish(engine, "acme", "..")
    assert past(engine) == {}


def test_a_dozen_who_hear_nothing_move_in_one_transaction(engine: Engine) -> None:
    ears = [Subscriber(name=f"ear {n}", hears=[HEARD]) for n in range(12)]
    for tenant in ("acme", "beta", "zeta"):
        publish(engine, tenant, ".")
    commits: list[object] = []
    event.listen(engine, "commit", commits.append)
    deliver_all(engine, noon, ears)
    assert len(commits) <= 2, "one to look, one to write"
    assert [deliveries.behind(engine, ear.name) for ear in ears] == [[]] * 12


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rounds=st.lists(st.tuples(st.sampled_from(["acme", "zeta"]), st.lists(st.booleans()))))
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
    last = {"acme": 0, "zeta": 0}
    for tenant, facts in rounds:
        publish(engine, tenant, facts)
        first = last[tenant] + 1
        sent += [(tenant, n) for n, one in enumerate(facts, first) if one == "x"]
        last[tenant] += len(facts)
        deliver_all(engine, noon, [to])
    for tenant, through in last.items():
        assert [one for one in got if one[0] == tenant] == [one for one in sent if one[0] == tenant]
        assert deliveries.place(engine, "books", tenant) == through
