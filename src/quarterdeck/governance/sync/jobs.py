"""The jobs of sync: one run of a connection, and the check of its credential."""

from dataclasses import replace
from functools import partial

from quarterdeck.governance.connections import service as connections
from quarterdeck.governance.connections.model import Connection
from quarterdeck.governance.inventory import service as inventory
from quarterdeck.governance.sync import model
from quarterdeck.governance.sync.failures import judged, worst
from quarterdeck.governance.sync.landing import Reading
from quarterdeck.governance.sync.model import Counts, RunState
from quarterdeck.governance.sync.ports import Cloud, CloudFailure, FailureClass, OpenCloud
from quarterdeck.governance.sync.service import progress
from quarterdeck.governance.sync.service.requests import CHECK, SYNC
from quarterdeck.kernel.ids import ConnectionId
from quarterdeck.kernel.jobs.kind import JobKind
from quarterdeck.kernel.jobs.model import Cancelled, GiveUp
from quarterdeck.kernel.jobs.run import Run
from quarterdeck.kernel.work import read


def kinds(open_cloud: OpenCloud) -> list[JobKind]:
    """What a worker needs to run the jobs of sync."""
    return [
        JobKind(name=SYNC, run=partial(_sync, open_cloud)),
        JobKind(name=CHECK, run=partial(_check, open_cloud)),
    ]


def _sync(open_cloud: OpenCloud, run: Run) -> None:
    connection = _connection(run)
    if connection is None:
        return
    began = _begin(run, connection)
    if began is None:
        return
    try:
        reading = _read(open_cloud, run, connection)
    except Cancelled:
        with run.work() as work:
            progress.end(work, run.tenants, began, RunState.CANCELLED, None)
        raise
    ended = _end(run, replace(began, counts=Counts(seen=reading.seen)), reading)
    if ended.state is RunState.FAILED:
        raise GiveUp(f"{ended.failure}: {ended.error}")


def _read(open_cloud: OpenCloud, run: Run, connection: Connection) -> Reading:
    with read(run.engine, run.actor, run.clock) as work:
        expected = inventory.count_of(work, run.tenants, connection.id)
    reading = Reading(run=run, connection=connection, expected=expected)
    try:
        reading.go(_checked(open_cloud, run, connection))
    except CloudFailure as failure:  # no token, or no list of subscriptions
        reading.failures.append(failure)
    return reading


def _end(run: Run, ended: model.Run, reading: Reading) -> model.Run:
    with run.work() as work:
        if not reading.failures:
            return progress.end(work, run.tenants, ended, RunState.SUCCESS, None)
        failure = judged(worst(reading.failures), reading.connection, ended.attempt)
        progress.repeat(work, reading.connection, ended, failure)
        state = RunState.PARTIAL if reading.landed else RunState.FAILED
        return progress.end(work, run.tenants, ended, state, failure)


def _begin(run: Run, connection: Connection) -> model.Run | None:
    with run.work() as work:
        return progress.begin(
            work,
            run.tenants,
            model.Run(
                id=run.job.id,
                tenant=connection.tenant,
                connection=connection.id,
                directory=connection.directory,
                domain=run.body["domain"],
                state=RunState.RUNNING,
                attempt=run.body["attempt"],
                started_at=work.now,
            ),
            asked_at=run.job.created_at,
        )


def _check(open_cloud: OpenCloud, run: Run) -> None:
    connection = _connection(run)
    if connection is None:
        return
    try:
        _checked(open_cloud, run, connection)
    except CloudFailure as failure:
        raise GiveUp(f"{failure.kind}: {failure}") from failure


def _checked(open_cloud: OpenCloud, run: Run, connection: Connection) -> Cloud:
    try:
        cloud = open_cloud(connection)
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
