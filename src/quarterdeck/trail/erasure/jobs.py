"""The job that erases."""

from functools import partial

from quarterdeck.kernel.jobs.kind import JobKind
from quarterdeck.kernel.jobs.run import Run
from quarterdeck.trail.erasure.service.asking import JOB
from quarterdeck.trail.erasure.service.erasing import Ground, destroyed, erase
from quarterdeck.trail.keys import service as data_keys
from quarterdeck.trail.projections.service.forgetting import forget_sealed


def kind(ground: Ground) -> JobKind:
    """The kind of jobs that ``asking.approve`` enqueues."""
    return JobKind(name=JOB, run=partial(_run, ground))


def _run(ground: Ground, run: Run) -> None:
    with run.work() as work:
        erase(work, ground, run.tenant, str(run.body["erasure"]))
        keys = destroyed(work, run.tenant, str(run.body["erasure"]))
    # Also when an earlier run erased and was broken off here.
    data_keys.scrub(run.engine)
    forget_sealed(ground.read, run.tenant, keys)
