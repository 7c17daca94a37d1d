"""The jobs of sync: one run of a connection, a backfill, and the check of a credential."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial

from quarterdeck.governance.cloud.ports import (
    AskStatus,
    Cloud,
    CloudCondition,
    CloudFailure,
    CloudStatus,
    FailureClass,
    OpenCloud,
)
from quarterdeck.governance.connections import service as connections
from quarterdeck.governance.connections.model import Connection
from quarterdeck.governance.sync import model
from quarterdeck.governance.sync.ending import end, ending
from quarterdeck.governance.sync.failures import HOLD_PAUSE
from quarterdeck.governance.sync.marks import WEEK
from quarterdeck.governance.sync.model import (
    BACKFILL,
    COSTS,
    IDENTITY,
    Policies,
    RunState,
    policies,
)
from quarterdeck.governance.sync.reading import Begin
from quarterdeck.governance.sync.readings import READINGS, costs, identity
from quarterdeck.governance.sync.readings.costs import USUAL, Options
from quarterdeck.governance.sync.service import holds, progress
from quarterdeck.governance.sync.service.policies import current, paused_of
from quarterdeck.governance.sync.service.requests import BACKFILLS, CHECK, SYNC, await_turn
from quarterdeck.governance.sync.witness import watched
from quarterdeck.kernel.ids import ConnectionId
from quarterdeck.kernel.jobs.kind import JobKind
from quarterdeck.kernel.jobs.model import Cancelled, GiveUp, RetryLater
from quarterdeck.kernel.jobs.run import Run
from quarterdeck.kernel.work import read


def not_asked() -> CloudStatus:
    """The word of a cloud that has no status page."""
    return CloudStatus(condition=CloudCondition.NOT_KNOWN, detail="nobody is asked")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sync:
    """What the jobs of sync need.

    Attributes:
        known: how domains are kept up to date, before what people changed.
        costs: what is asked for of costs.
        identity_whole: after which time a directory is read whole again; 0: always.
    """

    open_cloud: OpenCloud
    ask_status: AskStatus = not_asked
    known: Policies = field(default_factory=policies)
    costs: Options = USUAL
    identity_whole: timedelta = WEEK

    def begin(self, domain: str) -> Begin:
        """Begins a reading of ``domain``."""
        if domain == IDENTITY:
            return partial(identity.begin, whole_every=self.identity_whole)
        return partial(costs.begin, options=self.costs) if domain == COSTS else READINGS[domain]

    def policy(self, run: Run, domain: str) -> model.Policy:
        """How ``domain`` is kept up to date now."""
        with read(run.engine, run.actor, run.clock) as work:
            return current(work.db, self.known)[domain]

    def paused(self, run: Run, domain: str) -> bool:
        """Whether no run of ``domain`` may begin."""
        with read(run.engine, run.actor, run.clock) as work:
            kept = current(work.db, self.known).get(domain)
            return (kept is not None and kept.paused) or domain in paused_of(work.db, run.tenant)


def kinds(
    open_cloud: OpenCloud,
    ask_status: AskStatus = not_asked,
    known: Policies | None = None,
    costs: Options = USUAL,
    identity_whole: timedelta = WEEK,
) -> list[JobKind]:
    """What a worker needs to run the jobs of sync."""
    sync = Sync(
        open_cloud=open_cloud,
        ask_status=ask_status,
        known=known or policies(),
        costs=costs,
        identity_whole=identity_whole,
    )
    return [
        JobKind(name=SYNC, run=partial(_sync, sync)),
        JobKind(name=BACKFILLS, run=partial(_backfill, sync)),
        JobKind(name=CHECK, run=partial(_check, sync)),
    ]


def _sync(sync: Sync, run: Run) -> None:
    domain = run.body["domain"]
    connection = _connection(run)
    if connection is None or sync.paused(run, domain):
        return
    await_turn(run)
    holds.wait(run, sync.ask_status, connection.id, domain)
    began = _begin(run, connection, domain, run.body["attempt"])
    if began is not None:
        _go(sync, run, connection, began, sync.begin(domain))


def _backfill(sync: Sync, run: Run) -> None:
    connection = _connection(run)
    if connection is None:
        return
    # Each attempt is a claim of the same job, so what was read is not read again.
    began = _begin(run, connection, BACKFILL, run.job.fence)
    if began is None:
        _wait_for_another(run)
        return
    first, last = (date.fromisoformat(run.body[name]) for name in ("first", "last"))
    past = partial(costs.begin_backfill, first=first, last=last, options=sync.costs)
    _go(sync, run, connection, began, past)


def _wait_for_another(run: Run) -> None:
    with read(run.engine, run.actor, run.clock) as work:
        begun = progress.known(work, run.tenants, run.job.id)
    if begun is None:
        raise RetryLater("another backfill of this connection is under way", HOLD_PAUSE)


def _go(sync: Sync, run: Run, connection: Connection, began: model.Run, begin: Begin) -> None:
    reading = begin(run, connection)
    exchanges: Sequence[str] = ()
    try:
        cloud = _checked(sync.open_cloud, run, connection)
        if began.attempt > 1:
            cloud, witness = watched(cloud)
            exchanges = witness.lines
        reading.go(cloud)
    except CloudFailure as failure:  # no token, or no list of subscriptions
        reading.failures.append(failure)
    except Cancelled:
        with run.work() as work:
            progress.end(work, run.tenants, began, RunState.CANCELLED, None)
        raise
    backoff = sync.policy(run, COSTS if began.domain == BACKFILL else began.domain).backoff
    came = ending(began, connection, reading, backoff, sync.ask_status)
    if came.failure is not None and began.domain == BACKFILL and came.failure.again is not None:
        raise RetryLater(came.failure.error, came.failure.again)
    ended = end(run, connection, came, exchanges)
    if ended.state is RunState.FAILED:
        raise GiveUp(f"{ended.failure}: {ended.error}")


def _begin(run: Run, connection: Connection, domain: str, attempt: int) -> model.Run | None:
    with run.work() as work:
        return progress.begin(
            work,
            run.tenants,
            model.Run(
                id=run.job.id,
                tenant=connection.tenant,
                connection=connection.id,
                directory=connection.directory,
                domain=domain,
                state=RunState.RUNNING,
                attempt=attempt,
                started_at=work.now,
            ),
            asked_at=run.job.created_at,
        )


def _check(sync: Sync, run: Run) -> None:
    connection = _connection(run)
    if connection is None:
        return
    try:
        _checked(sync.open_cloud, run, connection)
    except CloudFailure as failure:
        raise GiveUp(f"{failure.kind}: {failure}") from failure


def _checked(open_cloud: OpenCloud, run: Run, connection: Connection) -> Cloud:
    try:
        cloud = open_cloud(connection, run.pause)
        cloud.check()
    except CloudFailure as failure:
        # A cloud that is away says nothing about the credential; the last answer stands.
        if failure.kind is FailureClass.AUTHENTICATION:
            _record(run, connection, str(failure))
        raise
    _record(run, connection, "")
    return cloud


def _record(run: Run, connection: Connection, failure: str) -> None:
    with run.work() as work:
        connections.record_check(work, connection.id, failure)


def _connection(run: Run) -> Connection | None:
    with read(run.engine, run.actor, run.clock) as work:
        return connections.one_of(work.db, run.tenants, ConnectionId(run.body["connection"]))
