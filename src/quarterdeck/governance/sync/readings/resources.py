"""One run's way through a connection's subscriptions, page by page into the inventory."""

from dataclasses import asdict, dataclass, field
from datetime import datetime

from quarterdeck.governance.cloud.ports import (
    Cloud,
    CloudFailure,
    Denied,
    FailureClass,
    Page,
    Subscription,
)
from quarterdeck.governance.connections.model import Connection
from quarterdeck.governance.inventory import service as inventory
from quarterdeck.governance.inventory.model import (
    Sighting,
    Unreadable,
    named,
    portions,
    sighting,
)
from quarterdeck.governance.inventory.service import Listing
from quarterdeck.governance.sync.failures import (
    FAILURES_IN_A_ROW,
    Unread,
    Unseen,
    believe,
    stops,
    vanished,
)
from quarterdeck.governance.sync.service import progress
from quarterdeck.kernel.db import BULK_ROWS, bulk
from quarterdeck.kernel.jobs.run import Run
from quarterdeck.kernel.work import read

LANDED = 3 * BULK_ROWS
"""Rows of resources that land together. SQLite writes each page of an index that a transaction
touches twice, and few rows touch as many as many do; some 40 ms is what others wait for these."""

REMOVALS = BULK_ROWS // 2  # each writes the resource and its change
YIELD_S = 0.001


def begin(run: Run, connection: Connection) -> "ResourceReading":
    """A reading of a connection's resources; as many are expected as there were last time."""
    with read(run.engine, run.actor, run.clock) as work:
        expected = inventory.count_of(work, run.tenants, connection.id)
    return ResourceReading(run=run, connection=connection, expected=expected)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """How a subscription was read.

    Attributes:
        unread: items that could not be read.
        gone: resources that it has no more.
        kept: resources that it lacks, and that may be among the unreadable.
    """

    seen: int
    unread: int
    gone: int
    kept: int = 0


@dataclass(slots=True, kw_only=True)
class ResourceReading:
    """What a run has read so far.

    Attributes:
        expected: resources that the connection had last time; 0 if that is not known.
        seen: resources read.
        listed: subscriptions read to their end.
        gone: resources that they have no more.
        failures: what went wrong, in order.
    """

    run: Run
    connection: Connection
    expected: int
    seen: int = 0
    listed: int = 0
    gone: int = 0
    failures: list[CloudFailure] = field(default_factory=list)
    since: datetime | None = None
    drift: int = 0

    def go(self, cloud: Cloud) -> None:
        """Read every subscription. A failure of one is not that of the next.

        Each is a keyed step: after a take-over, those that were read are not read again.
        """
        self._read(cloud)
        if self.gone:
            with self.run.work() as work:
                inventory.link_moves(
                    work, self.run.tenants, self.connection.tenant, self.run.job.id
                )

    def _read(self, cloud: Cloud) -> None:
        in_a_row = 0
        subscriptions = self._subscriptions(cloud)
        if not subscriptions:
            self.failures.append(Unseen(self.expected))
            return
        self._forget({s.id.casefold() for s in subscriptions})
        for subscription in subscriptions:
            try:
                self._step(cloud, subscription)
            except Denied as failure:
                self._note(failure, subscription)
            except CloudFailure as failure:
                self._note(failure, subscription)
                in_a_row += 1
                if stops(failure) or in_a_row == FAILURES_IN_A_ROW:
                    return
            else:
                in_a_row = 0

    @property
    def landed(self) -> bool:
        """Whether anything was read."""
        return bool(self.seen or self.listed)

    def _subscriptions(self, cloud: Cloud) -> list[Subscription]:
        found = self.run.keyed(
            "subscriptions", lambda _key: [asdict(s) for s in cloud.subscriptions()]
        )
        return [Subscription(**fields) for fields in found]

    def _step(self, cloud: Cloud, subscription: Subscription) -> None:
        before = self.seen
        name = f"subscription {subscription.id}"
        outcome = self.run.keyed(name, lambda _key: asdict(self._list(cloud, subscription)))
        self.seen = before + outcome["seen"]
        self.gone += outcome.get("gone", 0)  # a step of an older release has none
        self.listed += 1
        if outcome["unread"]:
            where = f"subscription {subscription.name}"
            kept = outcome.get("kept", 0)
            self.failures.append(Unread(outcome["unread"], outcome["seen"], where, kept))

    def _list(self, cloud: Cloud, subscription: Subscription) -> Listed:
        listing = self._listing(subscription)
        ids: set[str] = set()
        seen = unread = 0
        unnamed = False
        for page in cloud.resources(subscription.id):
            sights, failures = _sorted(self.connection, page)
            for failure in failures:
                self._quarantine(listing, failure)
            self._land(listing, sights)
            ids.update(sight.id for sight in sights)
            there = [self._id(failure) for failure in failures]
            ids.update(there)
            unnamed = unnamed or "" in there
            seen, unread = seen + len(page.items), unread + len(failures)
            self.seen += len(page.items)
            self.run.progress(self.seen, max(self.seen, self.expected), "resources")
        gone = self._gone(listing, subscription, ids)
        if gone and unnamed:  # what is absent may be what could not be read
            return Listed(seen=seen, unread=unread, gone=0, kept=len(gone))
        self._close(listing, subscription, gone)
        return Listed(seen=seen, unread=unread, gone=len(gone))

    def _land(self, listing: Listing, sights: list[Sighting]) -> None:
        with read(self.run.engine, self.run.actor, self.run.clock) as work:
            news, old = inventory.compared(work, self.run.tenants, sights)
        for portion in portions(news, LANDED):
            with bulk(self.run.engine), self.run.work() as work:
                inventory.land(work, self.run.tenants, listing, [sight for _, sight in portion])
            self._let_others()
        if old:
            with bulk(self.run.engine), self.run.work() as work:
                inventory.judge(work, listing, old)
            self._let_others()

    def _gone(self, listing: Listing, subscription: Subscription, seen: set[str]) -> list[str]:
        # Only here, past the last page, does absence mean anything.
        with read(self.run.engine, self.run.actor, self.run.clock) as work:
            gone = inventory.gone(work, self.run.tenants, listing, seen)
        where = f"subscription {subscription.name} ({subscription.id})"
        doubted = self.run.body.get("doubted", ())
        believe(doubted, len(gone), len(seen), where, listing.subscription)
        return gone

    def _close(self, listing: Listing, subscription: Subscription, gone: list[str]) -> None:
        self._remove(listing, gone)
        with self.run.work() as work:
            inventory.complete(work, listing, subscription.name, subscription.state)

    def _remove(self, listing: Listing, gone: list[str]) -> None:
        for first in range(0, len(gone), REMOVALS):
            with bulk(self.run.engine), self.run.work() as work:
                inventory.remove(work, self.run.tenants, listing, gone[first : first + REMOVALS])
            self._let_others()

    def _forget(self, named: set[str]) -> None:
        """What was in subscriptions that are not listed any more is there no more.

        That is believed when a second list lacks them too.
        """
        with read(self.run.engine, self.run.actor, self.run.clock) as work:
            known = inventory.subscriptions(work, self.run.tenants, self.connection.id)
        for one, name in sorted(known.items()):
            if one not in named:
                self._part_with(Subscription(id=one, name=name, state=""))

    def _part_with(self, subscription: Subscription) -> None:
        listing = self._listing(subscription)
        with read(self.run.engine, self.run.actor, self.run.clock) as work:
            gone = inventory.gone(work, self.run.tenants, listing, set())
        doubted = self.run.body.get("doubted", ())
        if doubt := vanished(doubted, subscription.id, len(gone), subscription.name):
            self.failures.append(doubt)
            return
        self._remove(listing, gone)
        self.gone += len(gone)

    def _note(self, failure: CloudFailure, subscription: Subscription) -> None:
        self.failures.append(failure)
        if failure.page:
            self._quarantine(self._listing(subscription), failure)

    def _quarantine(self, listing: Listing, failure: CloudFailure) -> None:
        with self.run.work() as work:
            progress.quarantine(work, listing, failure)

    def _id(self, failure: CloudFailure) -> str:
        """Of an item that could not be read, where it tells that much."""
        return named(self.connection.id, failure.page, self.connection.prefix)

    def _listing(self, subscription: Subscription) -> Listing:
        return Listing(
            run=self.run.job.id,
            tenant=self.connection.tenant,
            connection=self.connection.id,
            subscription=subscription.id.casefold(),
        )

    def _let_others(self) -> None:
        # SQLite's writers wait for one lock; a bulk writer that takes it again at once
        # would starve them. On the way down there is nobody to wait for.
        if self.run.engine.dialect.name == "sqlite":
            self.run.stop.wait(YIELD_S)


def _sorted(connection: Connection, page: Page) -> tuple[list[Sighting], list[CloudFailure]]:
    sights, failures = [], []
    for item in page.items:
        try:
            sights.append(sighting(connection.id, item, connection.prefix))
        except Unreadable as error:
            failures.append(
                CloudFailure(FailureClass.DATA, str(error), request_id=page.request_id, page=item)
            )
    return sights, failures
