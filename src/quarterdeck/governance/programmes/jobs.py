"""The job of programmes: judge one for one tenant."""

from quarterdeck.governance.programmes import service
from quarterdeck.kernel.ids import TenantId
from quarterdeck.kernel.jobs.kind import JobKind
from quarterdeck.kernel.jobs.run import Run


def kinds() -> list[JobKind]:
    """What a worker needs to run the jobs of programmes."""
    return [JobKind(name=service.JUDGE, run=_judge)]


def _judge(run: Run) -> None:
    with run.work() as work:
        service.judge(work, run.tenants, run.body["programme"], TenantId(run.tenant))
