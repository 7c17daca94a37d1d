"""The job of preflight: examines one connection, or the cloud itself."""

from functools import partial

from quarterdeck.governance.cloud.ports import AskStatus, OpenCloud
from quarterdeck.governance.connections import service as connections
from quarterdeck.governance.connections.model import Connection
from quarterdeck.governance.preflight.calls import cloud_itself, examine
from quarterdeck.governance.preflight.model import Examined
from quarterdeck.governance.preflight.service import CLOUD, PREFLIGHT, keep
from quarterdeck.kernel.ids import ConnectionId, TenantId
from quarterdeck.kernel.jobs.kind import JobKind
from quarterdeck.kernel.jobs.run import Run
from quarterdeck.kernel.work import read

ATTEMPTS = 2


def kinds(open_cloud: OpenCloud, ask_status: AskStatus, ask_identity: AskStatus) -> list[JobKind]:
    """What a worker needs to run preflight."""
    run = partial(_run, open_cloud, ask_status, ask_identity)
    return [JobKind(name=PREFLIGHT, run=run, max_attempts=ATTEMPTS)]


def _run(open_cloud: OpenCloud, ask_status: AskStatus, ask_identity: AskStatus, run: Run) -> None:
    if not run.body["connection"]:
        name, scopes = CLOUD, list[str]()
        results = cloud_itself(ask_status, ask_identity)
    else:
        connection = _connection(run)
        if connection is None:
            return
        name = connection.name
        results, scopes = examine(open_cloud, connection, run.clock().date())
    whole = Examined(
        tenant=TenantId(run.tenant),
        connection=ConnectionId(run.body["connection"]),
        name=name,
        job=run.job.id,
        at=run.clock(),
        results=results,
        scopes=scopes,
    )
    with run.work() as work:
        keep(work, run.tenants, whole)


def _connection(run: Run) -> Connection | None:
    with read(run.engine, run.actor, run.clock) as work:
        return connections.one_of(work.db, run.tenants, ConnectionId(run.body["connection"]))
