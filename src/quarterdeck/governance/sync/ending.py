"""How a run ends: what came of its reading, and what follows from that."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from quarterdeck.governance.cloud.ports import AskStatus, CloudFailure, Denied, FailureClass
from quarterdeck.governance.connections.model import Connection
from quarterdeck.governance.sync import model
from quarterdeck.governance.sync.doubts import Doubt, doubts_of
from quarterdeck.governance.sync.failures import (
    Doubted,
    Failure,
    Parted,
    Unread,
    doubts,
    granting,
    judged,
    mostly,
    parted,
    stops,
    worst,
)
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
        failure: None where all was read that may be read, and can be.
        doubts: what was not believed to be gone; ``landed``: nothing else is doubted any more.
    """

    ended: model.Run
    state: RunState
    failure: Failure | None
    doubts: Sequence[Doubt] = ()
    landed: bool = True


def ending(
    began: model.Run,
    connection: Connection,
    reading: Reading,
    backoff: Backoff,
    ask_status: AskStatus,
) -> Ending:
    """What ``began`` came to; asks the cloud how it does where that matters."""
    told = replace(began, since=reading.since, drift=reading.drift)
    came = _ending(told, connection, reading, backoff, ask_status)
    doubts = doubts_of(began, reading.failures, began.started_at)
    # Whose part broke, or who was stopped, did not come to ask all that was doubted.
    asked = all(isinstance(one, Doubted | Denied | Unread) for one in reading.failures)
    return replace(came, doubts=doubts, landed=reading.landed and asked)


def _ending(
    began: model.Run,
    connection: Connection,
    reading: Reading,
    backoff: Backoff,
    ask_status: AskStatus,
) -> Ending:
    came = parted(reading.failures)
    unread = sum(failure.items for failure in came.unread)
    seen = max(reading.seen, sum(failure.seen for failure in came.unread))
    if mostly(unread, seen):
        came = replace(came, broken=[*came.broken, _joined(came)])
    ended = replace(began, counts=Counts(seen=seen, unread=unread))
    if came.denied:
        missing = tuple(dict.fromkeys(failure.missing for failure in came.denied))
        words = _words(came.denied)
        ended = replace(ended, missing=missing, error=words, action=granting(came.denied))
    if came.broken:
        failure = worst(came.broken)
        status = ask_status() if failure.kind is FailureClass.TIMEOUT else None
        state = RunState.PARTIAL if reading.landed else RunState.FAILED
        judgement = judged(failure, connection, began.attempt, backoff, status)
        again = judgement.again  # a pause of no time is one
        if again is None:
            again = _asked_again(came, failure, connection, began.attempt, backoff)
        told: Failure | None = replace(judgement, doubted=doubts(came.broken), again=again)
        return Ending(ended=ended, state=state, failure=told)
    if came.denied and not reading.landed:
        denied = replace(ended, failure=model.DENIED)
        return Ending(ended=denied, state=RunState.FAILED, failure=None)
    told = judged(_joined(came), connection, began.attempt, backoff) if came.unread else None
    state = RunState.PARTIAL if came.denied or came.unread else RunState.SUCCESS
    return Ending(ended=replace(ended, whole=True), state=state, failure=told)


def _asked_again(
    came: Parted, failure: CloudFailure, connection: Connection, attempt: int, backoff: Backoff
) -> timedelta | None:
    """When what is doubted is asked again, though what else broke is not; None: it is not either.

    Or what is gone would stay for as long as another part is broken.
    """
    doubt = next((one for one in came.broken if isinstance(one, Doubted)), None)
    if doubt is None or stops(failure):
        return None
    return judged(doubt, connection, attempt, backoff).again


def _joined(came: Parted) -> CloudFailure:
    return CloudFailure(FailureClass.DATA, _words([*came.unread, *came.denied]))


def _words(failures: Sequence[CloudFailure]) -> str:
    return "; ".join(dict.fromkeys(str(failure) for failure in failures))


def end(run: Run, connection: Connection, came: Ending, exchanges: Sequence[str]) -> model.Run:
    """Write down what the run came to, and have it repeated where that helps."""
    failure = came.failure
    with run.work() as work:
        if failure is not None:
            if failure.held:
                holds.hold(work, run.tenants, came.ended, failure.held)
            progress.repeat(work, connection, came.ended, failure)
        progress.doubt(work, run.tenants, came.ended, came.doubts, all_=came.landed)
        ended = progress.end(work, run.tenants, came.ended, came.state, failure)
        if failure is not None and failure.reproducible:
            text = written(ended, run.body.get("before", ""), exchanges)
            progress.report(work, ended, text)
    count(ended)
    return ended
