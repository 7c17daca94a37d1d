"""How a run ends: what came of its reading, and what follows from that."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from quarterdeck.governance.cloud.ports import AskStatus, FailureClass
from quarterdeck.governance.connections.model import Connection
from quarterdeck.governance.sync import model
from quarterdeck.governance.sync.failures import Failure, granting, judged, parted, worst
from quarterdeck.governance.sync.metrics import count
from quarterdeck.governance.sync.model import Backoff, Counts, RunState
from quarterdeck.governance.sync.reading import Reading
from quarterdeck.governance.sync.report import written
from quarterdeck.governance.sync.service import holds, progress
from quarterdeck.kernel.jobs.run import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """What a run came to.

    Attributes:
        ended: the run, with what it read and what it is denied; its state is not said yet.
        failure: None where all was read that may be read.
    """

    ended: model.Run
    state: RunState
    failure: Failure | None


def ending(
    began: model.Run,
    connection: Connection,
    reading: Reading,
    backoff: Backoff,
    ask_status: AskStatus,
) -> Ending:
    """What ``began`` came to; asks the cloud how it does where that matters."""
    denied, failures = parted(reading.failures)
    ended = replace(began, counts=Counts(seen=reading.seen))
    if denied:
        words = "; ".join(dict.fromkeys(str(failure) for failure in denied))
        missing = tuple(dict.fromkeys(failure.missing for failure in denied))
        ended = replace(ended, missing=missing, error=words, action=granting(denied))
    if not failures and (reading.landed or not denied):
        state = RunState.PARTIAL if denied else RunState.SUCCESS
        return Ending(ended=ended, state=state, failure=None)
    failure = worst(failures or denied)
    status = ask_status() if failure.kind is FailureClass.TIMEOUT else None
    return Ending(
        ended=ended,
        state=RunState.PARTIAL if reading.landed else RunState.FAILED,
        failure=judged(failure, connection, began.attempt, backoff, status),
    )


def end(run: Run, connection: Connection, came: Ending, exchanges: Sequence[str]) -> model.Run:
    """Write down what the run came to, and have it repeated where that helps."""
    failure = came.failure
    with run.work() as work:
        if failure is not None:
            if failure.held:
                holds.hold(work, run.tenants, came.ended, failure.held)
            progress.repeat(work, connection, came.ended, failure)
        ended = progress.end(work, run.tenants, came.ended, came.state, failure)
        if failure is not None and failure.reproducible:
            text = written(ended, run.body.get("before", ""), exchanges)
            progress.report(work, ended, text)
    count(ended)
    return ended
