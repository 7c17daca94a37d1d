"""How many alerts there are is never counted to be shown, and never wrong."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier, Thread

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete, insert, select, text

from operations.alerts.test_pushing import MINUTE, Watch
from quarterdeck.kernel.db import reading, writing
from quarterdeck.operations.alerts.model import Filter
from quarterdeck.operations.alerts.service import counting, lifecycle, looking, pushing
from quarterdeck.operations.alerts.store import counts
from quarterdeck.operations.alerts.store.table import alerts
from quarterdeck.operations.alerts.store.table import counts as table
from waiting import until

STEPS = st.one_of(
    st.tuples(st.just("push"), st.integers(1, 4)),
    st.tuples(st.just("end"), st.integers(1, 4)),
    st.tuples(st.sampled_from(("acknowledge", "unacknowledge", "resolve", "reopen")), st.just(0)),
    st.tuples(st.sampled_from(("wait", "expire", "settle")), st.just(0)),
)


def label(number: int) -> dict[str, str]:
    return {"alertname": "Disk", "n": str(number)}


def done(watch: Watch, step: str, number: int) -> None:
    match step:
        case "push":
            watch.push(*(label(n) for n in range(number)))
        case "end":
            watch.push(label(number), ends_in=timedelta(0))
        case "wait":
            watch.now += 6 * MINUTE
        case "expire":
            pushing.expire(watch.engine, lambda: watch.now)
        case "settle":
            counting.settle(watch.engine)
        case how:
            with watch.work() as work:
                lifecycle.handle(work, how, Filter(words="Disk"))


def shown(watch: Watch) -> dict[str, int]:
    with watch.work() as work:
        return looking.counts(work, "acme")


def counted(engine: Engine) -> dict[str, int]:
    with reading(engine) as db:
        return {row.state: row.by for row in db.execute(counts.COUNTED)}


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=st.lists(STEPS, min_size=3, max_size=10))
def test_whatever_is_done_the_number_is_that_of_the_alerts(
    engine: Engine, steps: list[tuple[str, int]]
) -> None:
    with writing(engine) as db:
        db.execute(delete(alerts))
        db.execute(delete(table))
    watch = Watch(engine)
    for step, number in steps:
        done(watch, step, number)
        assert shown(watch) == counted(engine), step
    counting.settle(engine)
    assert shown(watch) == counted(engine)


def test_rows_are_put_together_and_what_nobody_kept_is_mended(engine: Engine) -> None:
    watch = Watch(engine)
    watch.push(label(1))
    watch.push(label(2))
    with writing(engine) as db:  # as a release does that knows of no counts
        db.execute(delete(table).where(table.c.id == select(table.c.id).limit(1).scalar_subquery()))
    assert shown(watch) == {"firing": 1}

    assert counting.settle(engine)
    assert not counting.settle(engine)

    assert shown(watch) == {"firing": 2}
    with reading(engine) as db:
        assert len(db.execute(select(table)).all()) == 1


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
def test_what_comes_while_a_worker_counts_is_neither_lost_nor_doubled(engine: Engine) -> None:
    watch = Watch(engine)
    begun = Barrier(3)

    def settle() -> None:
        begun.wait()
        for _ in range(10):
            with writing(engine) as db:
                counts.settle(db)

    workers = [Thread(target=settle) for _ in range(2)]
    for worker in workers:
        worker.start()
    begun.wait()
    for number in range(40):
        watch.push(label(number))
    for worker in workers:
        worker.join()

    assert shown(watch) == counted(engine) == {"firing": 40}


def test_a_tenant_with_none_left_has_no_number(engine: Engine) -> None:
    watch = Watch(engine)
    watch.push(label(1))
    watch.push(label(1), ends_in=timedelta(0))

    assert shown(watch) == {}
    with writing(engine) as db:
        db.execute(insert(table).values(tenant="globex", state="firing", by=3))
    assert shown(watch) == {}, "of another tenant"


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
def test_what_ends_while_an_acknowledgement_is_taken_back_ends(engine: Engine) -> None:
    watch = Watch(engine)
    watch.push(label(1))
    with watch.work() as work:
        lifecycle.handle(work, "acknowledge", Filter(words="Disk"))

    with ThreadPoolExecutor(1) as pool:
        with watch.work() as work:
            lifecycle.handle(work, "unacknowledge", Filter(words="Disk"))
            ended = pool.submit(resolve, watch)
            until(lambda: waits_for_a_lock(engine))
        ended.result()

    assert shown(watch) == counted(engine) == {}


def resolve(watch: Watch) -> None:
    with watch.work() as work:
        [alert] = looking.active(work, tenant="acme")
        lifecycle.resolve(work, alert.id)


def waits_for_a_lock(engine: Engine) -> bool:
    with reading(engine) as db:
        waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(db.scalar(waiting))
