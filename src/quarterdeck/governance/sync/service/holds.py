"""Runs that wait until the cloud says that it is healthy (runbook 000, section 3.1)."""

from dataclasses import replace

from quarterdeck.events.governance import SyncHeld, SyncReleased
from quarterdeck.governance.cloud.ports import AskStatus, CloudCondition
from quarterdeck.governance.sync.failures import HOLD_PAUSE
from quarterdeck.governance.sync.model import Run
from quarterdeck.governance.sync.store import holds as store
from quarterdeck.governance.sync.waiting import Hold
from quarterdeck.kernel.errors import NotFound
from quarterdeck.kernel.ids import ConnectionId
from quarterdeck.kernel.jobs.model import RetryLater
from quarterdeck.kernel.jobs.run import Run as JobRun
from quarterdeck.kernel.work import Tenants, Work, read


class NotHeld(NotFound):
    """Nothing of that connection is held."""


def held(work: Work) -> list[Hold]:
    """What waits for its cloud, the longest first."""
    return store.held(work.db, work.tenants("sync:read"))


def release(work: Work, connection: ConnectionId, domain: str) -> None:
    """Read it although its cloud says that it is degraded; raise NotHeld if it is not held."""
    tenants = work.tenants("sync:trigger")
    hold = _of(work, tenants, connection, domain)
    if hold is None:
        raise NotHeld(f"nothing of connection {connection[:80]} is held")
    _let_go(work, tenants, hold)


def hold(work: Work, tenants: Tenants, run: Run, words: str) -> None:
    """Hold what ``run`` read: it timed out, and the cloud said ``words``."""
    begun = Hold(
        connection=run.connection,
        domain=run.domain,
        tenant=run.tenant,
        run=run.id,
        since=work.now,
        asked_at=work.now,
        words=words,
    )
    if store.put(work.db, tenants, begun):
        work.publish(SyncHeld(tenant=run.tenant, domain=run.domain, words=words))


def wait(run: JobRun, ask_status: AskStatus, connection: ConnectionId, domain: str) -> None:
    """Return if nothing is held, or the cloud does not say any more that it is degraded.

    A cloud of which nobody knows how it does is tried: not knowing is no reason to wait.

    Raises:
        RetryLater: it is degraded still.
    """
    with read(run.engine, run.actor, run.clock) as work:
        hold = _of(work, run.tenants, connection, domain)
    if hold is None:
        return
    status = ask_status()
    with run.work() as work:
        if status.condition is not CloudCondition.DEGRADED:
            _let_go(work, run.tenants, hold)
            return
        words = status.detail or hold.words
        store.put(work.db, run.tenants, replace(hold, words=words, asked_at=work.now))
    raise RetryLater(f"held: the cloud says {words}", HOLD_PAUSE)


def _of(work: Work, tenants: Tenants, connection: ConnectionId, domain: str) -> Hold | None:
    mine = (connection, domain)
    found = (h for h in store.held(work.db, tenants) if (h.connection, h.domain) == mine)
    return next(found, None)


def _let_go(work: Work, tenants: Tenants, hold: Hold) -> None:
    if store.release(work.db, tenants, hold.connection, hold.domain):
        work.publish(SyncReleased(tenant=hold.tenant, domain=hold.domain))
