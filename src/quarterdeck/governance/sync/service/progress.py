"""A run's beginning and end, for its job. The right to it was checked when it was asked for."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from typing import Any

from quarterdeck.events.governance import SyncCancelled, SyncCompleted, SyncDrifted, SyncFailed
from quarterdeck.governance.cloud.ports import CloudFailure, FailureClass
from quarterdeck.governance.connections.model import Connection
from quarterdeck.governance.inventory import service as inventory
from quarterdeck.governance.inventory.model import What
from quarterdeck.governance.sync.changeset import ChangeSet
from quarterdeck.governance.sync.doubts import Doubt
from quarterdeck.governance.sync.failures import Failure
from quarterdeck.governance.sync.marks import Mark
from quarterdeck.governance.sync.model import BACKFILL, Counts, Run, RunState
from quarterdeck.governance.sync.service import changes as made_by
from quarterdeck.governance.sync.service import signals
from quarterdeck.governance.sync.service.requests import SYNC, body, dedup
from quarterdeck.governance.sync.store import doubts, holds, latest, marks, runs
from quarterdeck.governance.sync.store.latest import Record
from quarterdeck.kernel.clock import EPOCH, micros
from quarterdeck.kernel.jobs.model import NewJob
from quarterdeck.kernel.jobs.queue import enqueue
from quarterdeck.kernel.work import Tenants, Work


def begin(work: Work, tenants: Tenants, run: Run, asked_at: datetime) -> Run | None:
    """Begin ``run``, or take it up again after its worker was lost.

    None where there is nothing to do: another run of the connection is on its way, this
    one has ended, the cloud asked not to be asked yet, or this is a repetition and a run
    that began after it was ``asked_at`` has succeeded.
    """
    known = runs.of_id(work.db, tenants, run.id)
    if known is not None:
        return known if known.state is RunState.RUNNING else None
    record = latest.of_connection(work.db, tenants, run.connection, run.domain)
    if record is not None and _in_vain(run, record, asked_at):
        return None
    bury(work, tenants)
    return run if runs.begin(work.db, run) else None


def end(work: Work, tenants: Tenants, run: Run, state: RunState, failure: Failure | None) -> Run:
    """End ``run``, counting what landed; tell the platform, and the log. Once, if repeated."""
    ended = replace(run, state=state, ended_at=work.now, counts=_counts(work, tenants, run))
    if failure is not None:
        ended = replace(
            ended,
            failure=failure.kind.value,
            error=failure.error,
            action=failure.action,
            request=failure.request,
        )
    if not runs.end(work.db, tenants, ended):
        return ended
    if ended.drift:
        work.publish(
            SyncDrifted(tenant=run.tenant, domain=run.domain, run=run.id, items=ended.drift)
        )
    if state is not RunState.CANCELLED:
        if ended.domain != BACKFILL:  # what is past makes nothing current
            latest.record(work.db, ended, work.now, _not_before(failure, work.now))
        signals.note(work, tenants, ended)
    _publish(work, tenants, ended)
    return ended


def repeat(work: Work, connection: Connection, run: Run, failure: Failure) -> None:
    """Have the run repeated after its pause, in the name of who asked for it.

    A job of its own: schedules and people may ask meanwhile, and are not made to wait.
    """
    if failure.again is None:
        return
    attempt = run.attempt + 1
    enqueue(
        work.db,
        work.now,
        NewJob(
            kind=SYNC,
            tenant=run.tenant,
            body=body(connection, run.domain, attempt, failure.error, failure.doubted),
            # The attempt, or a repetition would find itself and not be repeated.
            dedup=f"{dedup(connection, run.domain)}:{attempt}",
            due_at=work.now + failure.again,
            actor=work.actor.id,
            request=work.request,
        ),
    )


def doubt(work: Work, tenants: Tenants, run: Run, found: Sequence[Doubt], *, all_: bool) -> None:
    """Keep what ``run`` did not believe to be gone; ``all_``: all else is known again."""
    doubts.put(work.db, tenants, run, found, all_=all_)


def mark(
    work: Work, tenants: Tenants, connection: Connection, domain: str, part: str
) -> Mark | None:
    """From where a listing is read by its changes; None before it was read whole once."""
    return marks.of_connection(work.db, tenants, connection.id, domain).get(part)


def go_on(work: Work, tenants: Tenants, connection: Connection, domain: str, mark: Mark) -> None:
    """Read a listing from ``mark`` next time."""
    marks.put(work.db, tenants, (connection.tenant, connection.id, domain), mark)


def known(work: Work, tenants: Tenants, run: str) -> Run | None:
    """A run, for its job; None where it has not begun."""
    return runs.of_id(work.db, tenants, run)


def report(work: Work, run: Run, text: str) -> None:
    """Keep the report that was prepared of a run that has just ended."""
    holds.keep_report(work.db, run.tenant, run.id, work.now, text)


def bury(work: Work, tenants: Tenants) -> int:
    """End runs whose job is over without them; how many."""
    gone = runs.lost(work.db, tenants)
    for run in gone:
        failure = Failure(
            kind=FailureClass.UNKNOWN,
            error="its job ended without it",
            request="",
            action=f"Read what job {run.id} says, then sync again.",
            again=None,
        )
        end(work, tenants, run, RunState.FAILED, failure)
    return len(gone)


def quarantine(work: Work, listing: inventory.Listing, failure: CloudFailure) -> None:
    """Keep the bytes that could not be read, as they came. Doing it again does nothing."""
    whose = f"{listing.run}\n{listing.subscription}\n".encode()
    runs.hold(
        work.db,
        {
            "id": sha256(whose + failure.page).hexdigest(),
            "tenant": listing.tenant,
            "run": listing.run,
            "subscription": listing.subscription,
            "at": micros(work.now),
            "reason": str(failure),
            "request": failure.request_id,
            "body": failure.page,
        },
    )


def _in_vain(run: Run, record: Record, asked_at: datetime) -> bool:
    if run.started_at < record.not_before:
        return True
    return run.attempt > 1 and record.success is not None and record.success >= asked_at


def _counts(work: Work, tenants: Tenants, run: Run) -> Counts:
    made = made_by.tally(work, tenants, run.id)
    return Counts(
        seen=run.counts.seen,
        added=made.get(What.ADDED, 0) + made.get(What.RESTORED, 0),
        changed=made.get(What.CHANGED, 0),
        removed=made.get(What.REMOVED, 0),
        quarantined=runs.held(work.db, tenants, run.id),
        unread=run.counts.unread,
    )


def _not_before(failure: Failure | None, now: datetime) -> datetime:
    if failure is None or failure.kind is not FailureClass.RATE_LIMIT or failure.again is None:
        return EPOCH
    return now + failure.again


def _publish(work: Work, tenants: Tenants, run: Run) -> None:
    told: dict[str, Any] = {
        "tenant": run.tenant,
        "run": run.id,
        "domain": run.domain,
        "seen": run.counts.seen,
        "added": run.counts.added,
        "changed": run.counts.changed,
        "removed": run.counts.removed,
        "changes": root(work, tenants, run.id),
    }
    if run.whole:
        gaps: dict[str, Any] = {"missing": list(run.missing), "unread": run.counts.unread}
        work.publish(SyncCompleted(**told, **gaps))
    elif run.state is RunState.CANCELLED:
        work.publish(SyncCancelled(**told))
    else:
        words: dict[str, Any] = {"error": run.error, "recommended": run.action}
        work.publish(SyncFailed(**told, **words, state=run.state.value, failure=run.failure))


def root(work: Work, tenants: Tenants, run: str) -> str:
    """The Merkle root over a run's changes, hex: what its leaf in the log says."""
    changes = ChangeSet()
    for leaf in made_by.leaves(work, tenants, run):
        changes.add(leaf)
    return changes.root()
