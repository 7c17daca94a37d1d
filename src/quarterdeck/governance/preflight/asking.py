"""Asking for preflight and waiting for what it finds: the web process itself asks no cloud."""

from datetime import timedelta
from threading import Event
from time import monotonic

from sqlalchemy import Connection as Database
from sqlalchemy import Engine

from quarterdeck.governance.connections.model import Connection
from quarterdeck.governance.preflight import service
from quarterdeck.governance.preflight.service import Report
from quarterdeck.kernel import beats
from quarterdeck.kernel.clock import Clock
from quarterdeck.kernel.health import CheckFailed
from quarterdeck.kernel.ids import JobId
from quarterdeck.kernel.work import Actor, begin, read

PATIENCE = timedelta(seconds=20)
"""How long an answer may take; the client's own patience is 30 s."""

POLL_S = 0.05


class Unfinished(Exception):
    """Not every examination came in; ``report`` is what did. Not to be kept.

    Attributes:
        why: what the others wait for.
    """

    def __init__(self, report: Report, why: str) -> None:
        super().__init__(why)
        self.report = report
        self.why = why


def ask(
    engine: Engine, actor: Actor, clock: Clock, runner: str, patience: timedelta = PATIENCE
) -> Report:
    """Have everything examined that ``actor`` may, by ``runner``, the role that runs jobs.

    Raises:
        MissingPermission: the actor may not, on any tenant.
        Unfinished: no ``runner`` is there, or it took longer than ``patience``.
    """
    with begin(engine, actor, clock) as work:
        jobs = service.request(work, service.may_run(work))
        why = _nobody(work.db, runner)
    ends, pause = monotonic() + patience.total_seconds(), Event()
    while True:
        found = _report(engine, actor, clock, jobs)
        if not found.waiting:
            return found
        if why:
            raise Unfinished(found, why)
        if monotonic() > ends:
            words = f"no answer within {patience.total_seconds():.0f} s; ask again"
            raise Unfinished(found, words)
        pause.wait(POLL_S)  # the answer comes from another process, through the database


def _report(
    engine: Engine, actor: Actor, clock: Clock, jobs: dict[JobId, Connection | None]
) -> Report:
    with read(engine, actor, clock) as work:
        return service.report(work, jobs)


def _nobody(db: Database, runner: str) -> str:
    try:
        beats.judge(db, runner)
    except CheckFailed as failed:
        return str(failed)
    return ""
