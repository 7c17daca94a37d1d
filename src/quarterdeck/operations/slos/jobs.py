"""The job of SLOs: count, judge, tell."""

from collections.abc import Mapping
from functools import partial

from quarterdeck.kernel.jobs.kind import JobKind
from quarterdeck.kernel.jobs.run import Run
from quarterdeck.operations.slos.ports import Numbers
from quarterdeck.operations.slos.service.applying import EVALUATION
from quarterdeck.operations.slos.service.evaluating import Evaluating


def kinds(numbers: Mapping[str, Numbers]) -> list[JobKind]:
    """What a worker needs to run the jobs of SLOs; ``numbers`` are sources by their type."""
    return [JobKind(name=EVALUATION, run=partial(_evaluate, numbers))]


def _evaluate(numbers: Mapping[str, Numbers], run: Run) -> None:
    Evaluating(
        tenant=run.tenant,
        engine=run.engine,
        clock=run.clock,
        working=run.work,
        numbers=numbers,
        check=run.check,
    ).round()
