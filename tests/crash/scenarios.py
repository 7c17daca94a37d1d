"""What a worker does when it dies, and what must hold once another has taken over."""

import json
from collections.abc import Callable, Iterable
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic
from typing import Any

from sqlalchemy import Column, Connection, Engine, Integer, String, Table, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from typing_extensions import override

from crash.points import Points
from crash.world import World
from quarterdeck.events.governance import SyncRequested
from quarterdeck.kernel import deliveries, schedules
from quarterdeck.kernel.clock import utc_now
from quarterdeck.kernel.db import metadata, reading, writing
from quarterdeck.kernel.deliveries import Subscriber, dead_facts, positions
from quarterdeck.kernel.ids import JobId
from quarterdeck.kernel.jobs import queue, service
from quarterdeck.kernel.jobs.kind import JobKind
from quarterdeck.kernel.jobs.model import JobState, NewJob
from quarterdeck.kernel.jobs.run import Run
from quarterdeck.kernel.jobs.table import jobs, steps
from quarterdeck.kernel.outbox import Fact, outbox, sequences
from quarterdeck.kernel.schedules import Schedule
from quarterdeck.kernel.work import Actor, Work, begin
from quarterdeck.worker.delivery import deliver_all
from quarterdeck.worker.loop import Worker
from quarterdeck.worker.schedule import tick_all

DEAD_LEASE = timedelta(milliseconds=30)
LEASE = timedelta(seconds=30)
TAKE_OVER_S = 5.0
PERSON = Actor("ada", frozenset({("jobs:read", "*"), ("jobs:decide", "*")}))
KINDS = ("plain", "probed", "keyed")
TENANTS = ("acme", "zeta")
POISON, PATIENCE = 2, 2

received = Table(
    "test_crash_received",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("of", String, nullable=False),
    Column("sequence", Integer, nullable=False),
)
marks = Table("test_crash_mark", metadata, Column("job", String, primary_key=True))
TABLES = (
    steps,
    jobs,
    outbox,
    sequences,
    positions,
    dead_facts,
    schedules.schedules,
    received,
    marks,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One thing that workers do.

    Attributes:
        prepare: what stands before, in an empty database.
        act: what the worker does that dies of it.
        recover: what another does afterwards.
        check: raises AssertionError unless all promises were kept.
        weight: how many times more points than others it deserves.
    """

    prepare: Callable[[Engine], None]
    act: Callable[[Engine, World, Points], None]
    recover: Callable[[Engine, World], None]
    check: Callable[[Engine, World], None]
    weight: int = 1


class Inline(Executor):
    """Runs what is submitted at once: the order of statements is the same each time."""

    @override
    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


def clear(engine: Engine) -> None:
    """Empty every table that a scenario writes."""
    with writing(engine) as db:
        for table in TABLES:
            db.execute(table.delete())


def enqueue_jobs(engine: Engine) -> None:
    with writing(engine) as db:
        for kind in KINDS:
            queue.enqueue(db, utc_now(), NewJob(kind=kind, tenant="acme"))


def run_jobs(engine: Engine, world: World, points: Points) -> None:
    turn_until(worker(engine, world, points, DEAD_LEASE), lambda: ended(engine))


def take_over(engine: Engine, world: World) -> None:
    """Another worker goes on, within the lease; a person answers what it asks."""
    turn_until(worker(engine, world, Points(0), LEASE), lambda: ended(engine))
    for job in of_state(engine, JobState.UNKNOWN):
        done = world.done("effect", job)
        with begin(engine, PERSON, utc_now) as work:
            service.decide(work, job, "pay", "seen by a person" if done else None)
    turn_until(worker(engine, world, Points(0), LEASE), lambda: ended(engine))


def jobs_held(engine: Engine, world: World) -> None:
    found = of_state(engine, JobState.DONE)
    assert len(found) == len(KINDS), f"lost: {of_state(engine, *JobState)}"
    with reading(engine) as db:
        told = db.scalar(select(func.count()).where(outbox.c.name == "SyncRequested"))
    assert told == len(KINDS), f"{told} events for {len(KINDS)} jobs"
    for job in found:
        _one_job_held(engine, world, job)


def _one_job_held(engine: Engine, world: World, job: JobId) -> None:
    keys = world.done("keyed", job)
    assert set(map(str, keys)) == {f"{job}:fetch"}, f"keys {keys}"
    with reading(engine) as db:
        kind = db.scalar(select(jobs.c.kind).where(jobs.c.id == job))
        journal = db.execute(select(steps).where(steps.c.job == job)).all()
        told = select(outbox.c.payload).where(outbox.c.payload.contains(f'"run": "{job}'))
        event = db.scalar(told)
    outcomes = {row.name: row.outcome for row in journal}
    assert {row.state for row in journal} == {"done"}, f"open steps: {journal}"
    paid = world.done("effect", job)
    assert len(paid) == (kind != "keyed"), f"the effect of a {kind} job was run {len(paid)} times"
    # What effect and event were built on is what the journal says.
    built_on = {json.loads(event or "{}")["domain"], *map(str, paid)}
    assert built_on == {outcomes["fetch"]}, f"built on {built_on}, journal {outcomes}"


def worker(engine: Engine, world: World, points: Points, lease: timedelta) -> Worker:
    kinds = {
        name: JobKind(name=name, run=work_of(name, world, points), backoff=timedelta(0))
        for name in KINDS
    }
    return Worker(
        name="w", engine=engine, clock=utc_now, kinds=kinds, threads=len(KINDS), lease=lease
    )


def work_of(kind: str, world: World, points: Points) -> Callable[[Run], None]:
    def run(run: Run) -> None:
        job = run.job.id
        # Each execution answers something else: what was built on the first must stay.
        fetched = run.keyed("fetch", lambda key: world.do(points, "keyed", job, key))
        if kind != "keyed":
            probe = (lambda: world.done("effect", job) or None) if kind == "probed" else None
            run.effect("pay", lambda: world.do(points, "effect", job, fetched), probe)
        run.progress(1, 1, "payment")
        with run.work() as work:
            tell_once(work, job, fetched)

    return run


def tell_once(work: Work, job: str, fetched: int) -> None:
    upsert = sqlite.insert if work.db.dialect.name == "sqlite" else postgresql.insert
    mark = upsert(marks).values(job=job).on_conflict_do_nothing().returning(marks.c.job)
    if work.db.scalar(mark):
        work.publish(SyncRequested(tenant="acme", run=job, domain=str(fetched)))


def turn_until(worker: Worker, condition: Callable[[], bool]) -> None:
    """Turn until ``condition``, which a lease that runs out must let come true in time."""
    ends = monotonic() + TAKE_OVER_S
    while not condition():
        assert monotonic() < ends, "not taken over within the lease"
        worker.turn(Inline())


def ended(engine: Engine) -> bool:
    return not of_state(engine, JobState.READY, JobState.RUNNING)


def of_state(engine: Engine, *states: JobState) -> list[JobId]:
    with reading(engine) as db:
        found = db.scalars(select(jobs.c.id).where(jobs.c.state.in_(states)))
        return [JobId(job) for job in found]


def publish_facts(engine: Engine) -> None:
    for number in (1, 2, 3):
        with begin(engine, PERSON, utc_now) as work:
            for tenant in TENANTS:
                work.publish(SyncRequested(tenant=tenant, run=str(number), domain="d"))


def publish_poison(engine: Engine) -> None:
    """As ``publish_facts``, to deliverers of little patience."""
    deliveries.MAX_TRIES = PATIENCE
    publish_facts(engine)


def subscriber(points: Points, *, poisoned: bool) -> Subscriber:
    def receive(work: Work, fact: Fact) -> None:
        points.hit()
        if fact.tenant not in TENANTS:
            return
        work.db.execute(received.insert().values(of=fact.tenant, sequence=fact.sequence))
        if poisoned and fact.sequence == POISON:
            raise ValueError("poison")
        work.publish(SyncRequested(tenant="heard", run=fact.id, domain="d"))

    return Subscriber(name="books", receive=receive)


def deliver_facts(engine: Engine, points: Points, *, poisoned: bool) -> None:
    """Until nothing is left, leaving out the pauses."""
    to = [subscriber(points, poisoned=poisoned)]
    while _left(engine):
        deliver_all(engine, utc_now, to)


def _left(engine: Engine) -> bool:
    with writing(engine) as db:
        db.execute(update(positions).values(retry_at=0))
    return bool(deliveries.behind(engine, "books"))


def facts_held(engine: Engine, *, poisoned: bool) -> None:
    expected = [n for n in (1, 2, 3) if not (poisoned and n == POISON)]
    with reading(engine) as db:
        for tenant in TENANTS:
            assert _heard(db, tenant) == expected, f"{tenant} heard {_heard(db, tenant)}"
        put_aside = [(row.tenant, row.reason) for row in deliveries.dead(db)]
        echoes = db.scalar(select(func.count()).where(outbox.c.tenant == "heard"))
    aside = [(tenant, "ValueError: poison") for tenant in TENANTS] if poisoned else []
    assert sorted(put_aside) == aside
    assert echoes == len(TENANTS) * len(expected)


def _heard(db: Connection, tenant: str) -> list[int]:
    query = select(received.c.sequence).where(received.c.of == tenant)
    return list(db.scalars(query.order_by(received.c.number)))


def plan(engine: Engine) -> None:
    hourly = Schedule(name="hourly", kind="plain", tenant="acme", every=timedelta(hours=1))
    with writing(engine) as db:
        schedules.put(db, utc_now(), hourly)


def tick(engine: Engine) -> None:
    tick_all(engine, utc_now)


def ticked_once(engine: Engine) -> None:
    with reading(engine) as db:
        assert schedules.overdue(db, utc_now()) == [], "the schedule did not move on"
        kinds: Iterable[str] = db.scalars(select(jobs.c.kind)).all()
    assert list(kinds) == ["plain"], f"a tick made {kinds}"


def ask(engine: Engine) -> None:
    """A use case: its job and its event, together or not at all."""
    with begin(engine, PERSON, utc_now) as work:
        queue.enqueue(work.db, work.now, NewJob(kind="plain", tenant="acme", dedup="asked"))
        work.publish(SyncRequested(tenant="acme", run="r", domain="d"))


def asked_wholly(engine: Engine) -> None:
    with reading(engine) as db:
        counts = [db.scalar(select(func.count()).select_from(t)) for t in (jobs, outbox)]
    assert counts in ([0, 0], [1, 1]), f"half a use case: {counts}"


SCENARIOS = {
    "run": Scenario(
        prepare=enqueue_jobs, act=run_jobs, recover=take_over, check=jobs_held, weight=6
    ),
    "deliver": Scenario(
        prepare=publish_facts,
        act=lambda engine, _, points: deliver_facts(engine, points, poisoned=False),
        recover=lambda engine, _: deliver_facts(engine, Points(0), poisoned=False),
        check=lambda engine, _: facts_held(engine, poisoned=False),
    ),
    "poison": Scenario(
        prepare=publish_poison,
        act=lambda engine, _, points: deliver_facts(engine, points, poisoned=True),
        recover=lambda engine, _: deliver_facts(engine, Points(0), poisoned=True),
        check=lambda engine, _: facts_held(engine, poisoned=True),
    ),
    "tick": Scenario(
        prepare=plan,
        act=lambda engine, *_: tick(engine),
        recover=lambda engine, _: tick(engine),
        check=lambda engine, _: ticked_once(engine),
    ),
    "ask": Scenario(
        prepare=lambda _: None,
        act=lambda engine, *_: ask(engine),
        recover=lambda *_: None,
        check=lambda engine, _: asked_wholly(engine),
    ),
}
