"""Forgets what nobody needs any more: old facts, ended jobs, processes long dead."""

from collections.abc import Callable, Sequence
from datetime import timedelta

from quarterdeck.kernel import beats, deliveries, outbox
from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.kernel.jobs import service as jobs
from quarterdeck.kernel.jobs.kind import JobKind
from quarterdeck.kernel.jobs.run import Run
from quarterdeck.kernel.schedules import Schedule
from quarterdeck.kernel.work import Work

KEEP_FACTS = timedelta(days=7)  # live streams may ask for them again
KEEP_JOBS = timedelta(days=30)

SCHEDULE = Schedule(name="upkeep", kind="upkeep", tenant=PLATFORM, every=timedelta(hours=1))


def upkeep(subscribers: Sequence[str]) -> JobKind:
    """The kind that ``SCHEDULE`` runs; ``subscribers`` are the names of all there are."""

    def run(run: Run) -> None:
        with run.work() as work:
            beats.forget(work.db)
            received = deliveries.received_by_all(work.db, subscribers)
        _whole(run, _prune_jobs)
        for tenant, through in received.items():
            _whole(run, _prune_facts(tenant, through))

    return JobKind(name=SCHEDULE.kind, run=run)


def _whole(run: Run, prune: Callable[[Work], int]) -> None:
    """``prune`` until nothing is left, each time in a transaction of its own: others get turns."""
    pruned = 1
    while pruned:
        run.check()
        with run.work() as work:
            pruned = prune(work)


def _prune_jobs(work: Work) -> int:
    return jobs.prune(work.db, work.now - KEEP_JOBS)


def _prune_facts(tenant: str, through: int) -> Callable[[Work], int]:
    return lambda work: outbox.prune(work.db, tenant, through, work.now - KEEP_FACTS)
