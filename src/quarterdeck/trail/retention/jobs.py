"""The job that purges a tenant's records, and the daily one that asks for it."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Engine

from quarterdeck.kernel.errors import Conflict
from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.kernel.jobs.kind import JobKind
from quarterdeck.kernel.jobs.model import GiveUp, RetryLater
from quarterdeck.kernel.jobs.run import Run
from quarterdeck.kernel.schedules import Schedule
from quarterdeck.trail.ingest.service import IDEMPOTENCY
from quarterdeck.trail.keys import service as data_keys
from quarterdeck.trail.keys.keystore import KeyStore
from quarterdeck.trail.keys.seal import tag
from quarterdeck.trail.log.appender import raw_tag
from quarterdeck.trail.log.ports import Sequencer
from quarterdeck.trail.log.record import PLATFORM_SOURCE
from quarterdeck.trail.projections.service.fields import Fields
from quarterdeck.trail.projections.service.forgetting import forget
from quarterdeck.trail.retention.model import Purge
from quarterdeck.trail.retention.service import steps
from quarterdeck.trail.retention.service.asking import JOB, purge_daily
from quarterdeck.trail.retention.service.planning import Ground

SOON = timedelta(seconds=2)
DAILY = Schedule(
    name="trail-purge-daily", kind="trail-purge-daily", tenant=PLATFORM, every=timedelta(days=1)
)


def daily_kind() -> JobKind:
    """The kind that ``DAILY`` runs."""

    def run(run: Run) -> None:
        with run.work() as work:
            purge_daily(work)

    return JobKind(name=DAILY.kind, run=run)


@dataclass(frozen=True, slots=True, kw_only=True)
class Purging:
    """What purges are done with.

    Attributes:
        read: where the read models are.
        fields: what makes the rows of committed fields.
    """

    ground: Ground
    keys: KeyStore
    sequencer: Sequencer
    read: Engine
    fields: Fields

    def kind(self) -> JobKind:
        """The kind of its jobs."""
        return JobKind(name=JOB, run=self.run)

    def run(self, run: Run) -> None:
        """Purge what is due, step by step."""
        try:
            self._run(run)
        except Conflict as error:  # a hold or a freeze came meanwhile: it is asked for anew
            raise GiveUp(str(error)) from error

    def _run(self, run: Run) -> None:
        total = 0
        while (purge := self._next(run)) is not None:
            total += self._remove(run, purge)
            run.progress(total, 0, "records")
        with run.work() as work:
            steps.drop_keys(work, self.ground, run.tenant)
        data_keys.scrub(run.engine)

    def _next(self, run: Run) -> Purge | None:
        with run.work() as work:
            waiting = steps.announced(work, run.tenant)
            purge = waiting[0] if waiting else steps.announce(work, self.ground, run.tenant)
        if purge is None:
            return None
        leaf = self._leaf(purge)
        if leaf is None:
            raise RetryLater("the log does not say yet what is removed", SOON)
        # Before anything goes: whoever verifies meanwhile asks why it is gone.
        with run.work() as work:
            steps.marked(work, purge, leaf)
        return purge

    def _leaf(self, purge: Purge) -> int | None:
        """Where the log says what is removed; None: not yet, and nothing may go before."""
        secret = self.keys.derived(purge.tenant, IDEMPOTENCY)
        wanted = raw_tag(tag(secret, PLATFORM_SOURCE, purge.event))
        found = self.sequencer.known(purge.tenant, [wanted]).get(wanted)
        return None if found is None else found.index

    def _remove(self, run: Run, purge: Purge) -> int:
        with run.work() as work:
            gone = steps.removable(work, self.ground, purge)
            indices = [one.index for one in gone]
            forget(self.read, purge.tenant, self.fields, indices)
            self.ground.removal.remove(purge.tenant, indices)
            steps.complete(work, purge)
        return len(gone)
