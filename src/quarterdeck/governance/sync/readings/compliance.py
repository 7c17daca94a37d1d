"""One run's way through what the cloud's own checks say of a connection's subscriptions."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any

from quarterdeck.governance.cloud.ports import (
    Cloud,
    CloudFailure,
    Denied,
    FailureClass,
    Page,
    Subscription,
)
from quarterdeck.governance.compliance.model.coverage import Part
from quarterdeck.governance.compliance.model.item import UnreadableItem
from quarterdeck.governance.compliance.model.posture import Advice, advice, score
from quarterdeck.governance.compliance.model.state import Sighting, newest, sighting
from quarterdeck.governance.compliance.service import landing
from quarterdeck.governance.connections.model import Connection
from quarterdeck.governance.inventory.service import Listing
from quarterdeck.governance.sync.failures import (
    FAILURES_IN_A_ROW,
    Unread,
    Unseen,
    believe,
    mostly,
    stops,
    vanished,
)
from quarterdeck.governance.sync.readings.naming import name_policies
from quarterdeck.governance.sync.service import progress
from quarterdeck.kernel.clock import instant, micros
from quarterdeck.kernel.db import BULK_ROWS, bulk
from quarterdeck.kernel.jobs.run import Run
from quarterdeck.kernel.work import read

STATES_A_CHUNK = BULK_ROWS // 3  # each writes the state, its body and its change
CLOSED_A_CHUNK = BULK_ROWS // 2  # each writes the state and its change
YIELD_S = 0.001


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """How a listing was read.

    Attributes:
        unread: of its items, those that could not be read.
        kept: what it lacks, and what may be among the unreadable.
        since: of what is new alone: since when, in microseconds; 0: all was read.
    """

    items: int
    unread: int
    kept: int = 0
    since: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """A listing of policy states that was followed to its end.

    Attributes:
        ids: of the states that could be read.
        until: the newest evaluation among them; None where none is told.
    """

    told: Told
    ids: set[str]
    until: datetime | None


def begin(run: Run, connection: Connection) -> "ComplianceReading":
    """A reading of a connection's compliance; as many states are expected as last time."""
    with read(run.engine, run.actor, run.clock) as work:
        expected = landing.count_of(work, run.tenants, connection.id)
    return ComplianceReading(run=run, connection=connection, expected=expected)


@dataclass(slots=True, kw_only=True)
class ComplianceReading:
    """What a run has read so far.

    Attributes:
        expected: states that the connection had last time; 0 if that is not known.
        seen: policy states read.
        listed: parts of subscriptions read to their end.
        failures: what went wrong, in order, and what may not be read.
    """

    run: Run
    connection: Connection
    expected: int
    seen: int = 0
    listed: int = 0
    failures: list[CloudFailure] = field(default_factory=list)
    since: datetime | None = None
    drift: int = 0

    @property
    def landed(self) -> bool:
        """Whether anything was read."""
        return bool(self.seen or self.listed)

    def go(self, cloud: Cloud) -> None:
        """Read every part of every subscription, a keyed step each; then the policies' names."""
        self._read(cloud)
        if self.landed and not any(stops(failure) for failure in self.failures):
            name_policies(self.run, self.connection, cloud)

    def _read(self, cloud: Cloud) -> None:
        in_a_row = 0
        subscriptions = self._subscriptions(cloud)
        if not subscriptions:
            self.failures.append(Unseen(self.expected))
            return
        self._forget({s.id.casefold() for s in subscriptions})
        for subscription in subscriptions:
            failure = self._subscription(cloud, subscription)
            if failure is None:
                in_a_row = 0
                continue
            in_a_row += 1
            if stops(failure) or in_a_row == FAILURES_IN_A_ROW:
                return

    def _subscription(self, cloud: Cloud, subscription: Subscription) -> CloudFailure | None:
        # The last failure of its parts, denials apart; none keeps the others from being read.
        last = None
        parts: list[tuple[Part, Callable[[Cloud, Subscription], Told]]] = [
            (Part.SCORES, self._scores),
            (Part.STATES, self._states),
            (Part.ADVICE, self._advice),
        ]
        for part, go in parts:
            try:
                self._step(part, subscription, partial(go, cloud, subscription))
            except CloudFailure as failure:
                self._note(failure, part, subscription)
                last = last if isinstance(failure, Denied) else failure
                if stops(failure):
                    break
        return last

    def _step(self, part: Part, subscription: Subscription, go: Callable[[], Told]) -> None:
        before = self.seen
        outcome = self.run.keyed(f"{part.value} {subscription.id}", lambda _key: self._told(go))
        self.seen = max(outcome["seen"], before)
        self.listed += 1
        if since := outcome.get("since", 0):
            moment = instant(since)
            self.since = min(self.since or moment, moment)
        if outcome["unread"]:
            where = f"{part.value} of subscription {subscription.name}"
            # A step of an older release tells neither.
            many, kept = outcome.get("items", 0), outcome.get("kept", 0)
            self.failures.append(Unread(outcome["unread"], many, where, kept))

    def _told(self, go: Callable[[], Told]) -> dict[str, int]:
        return asdict(go()) | {"seen": self.seen}

    def _states(self, cloud: Cloud, subscription: Subscription) -> Told:
        listing = self._listing(subscription)
        since = self._since(listing)
        if since is not None:
            told = self._new_states(cloud, subscription, since)
            if not told.unread:
                return told
            # Of what is new alone nobody can say how much of all is not known.
            self.seen -= told.items
        return self._all_states(cloud, subscription)

    def _new_states(self, cloud: Cloud, subscription: Subscription, since: datetime) -> Told:
        listing = self._listing(subscription)
        found = self._followed(listing, cloud.policy_states(subscription.id, since))
        if found.told.unread:
            return found.told
        with self.run.work() as work:
            landing.renew(work, self.run.tenants, listing, subscription.name)
            landing.evaluated(work, listing, found.until, full=False)
        return replace(found.told, since=micros(since))

    def _all_states(self, cloud: Cloud, subscription: Subscription) -> Told:
        listing = self._listing(subscription)
        found = self._followed(listing, cloud.policy_states(subscription.id, None))
        # Only here, past the last page of all, does absence mean anything.
        where = f"policy states of {_called(subscription)}"
        kept = self._lacking(listing, found.ids, found.told.unread, where)
        told = replace(found.told, kept=kept)
        self._complete(listing, Part.STATES, subscription, told)
        with self.run.work() as work:
            landing.evaluated(work, listing, found.until, full=True)
        return told

    def _followed(self, listing: Listing, pages: Iterator[Page]) -> Followed:
        # Lands every page.
        items, unread, until = 0, 0, None
        ids: set[str] = set()
        for page in pages:
            sights, bad = self._sorted(listing, page, self._sighting)
            self._land(listing, sights)
            ids.update(sight.id for sight in sights)
            until = newest(until, sights)
            items, unread = items + len(page.items), unread + bad
            self.seen += len(page.items)
            self.run.progress(self.seen, max(self.seen, self.expected), "policy states")
        return Followed(told=Told(items=items, unread=unread), ids=ids, until=until)

    def _since(self, listing: Listing) -> datetime | None:
        with read(self.run.engine, self.run.actor, self.run.clock) as work:
            return landing.since(work, self.run.tenants, listing)

    def _scores(self, cloud: Cloud, subscription: Subscription) -> Told:
        listing, items, unread = self._listing(subscription), 0, 0
        found = []
        for page in cloud.secure_scores(subscription.id):
            scores, bad = self._sorted(listing, page, score)
            found += scores
            items, unread = items + len(page.items), unread + bad
        with self.run.work() as work:
            landing.put_scores(work, listing, found, every=not unread)
        told = Told(items=items, unread=unread)
        self._complete(listing, Part.SCORES, subscription, told)
        return told

    def _advice(self, cloud: Cloud, subscription: Subscription) -> Told:
        listing, items, unread = self._listing(subscription), 0, 0
        ids: set[str] = set()
        for page in cloud.advice(subscription.id):
            given, bad = self._sorted(listing, page, self._advised)
            for chunk in _chunks(given, BULK_ROWS):
                with bulk(self.run.engine), self.run.work() as work:
                    landing.land_advice(work, self.run.tenants, listing, chunk)
                self._let_others()
            ids.update(one.id for one in given)
            items, unread = items + len(page.items), unread + bad
        where = f"advice on {_called(subscription)}"
        kept = self._withdrawn(listing, ids, unread, where)
        told = Told(items=items, unread=unread, kept=kept)
        self._complete(listing, Part.ADVICE, subscription, told)
        return told

    def _land(self, listing: Listing, sights: list[Sighting]) -> None:
        with read(self.run.engine, self.run.actor, self.run.clock) as work:
            news = landing.news(work, self.run.tenants, sights)
        for chunk in _chunks(news, STATES_A_CHUNK):
            with bulk(self.run.engine), self.run.work() as work:
                landing.land(work, self.run.tenants, listing, chunk)
            self._let_others()

    def _withdrawn(self, listing: Listing, seen: set[str], unread: int, where: str) -> int:
        # Closes advice that is given no more; how much is kept: it may be what cannot be read.
        with self.run.work() as work:
            gone = len(landing.gone_advice(work, self.run.tenants, listing, seen))
            if unread:
                return gone
            believe(self.run.body.get("doubted", ()), gone, len(seen), where)
            landing.close_advice(work, self.run.tenants, listing, seen)
        return 0

    def _lacking(self, listing: Listing, seen: set[str], unread: int, where: str) -> int:
        # Closes states that are absent; how many are kept: they may be what cannot be read.
        gone = self._gone(listing, seen)
        if unread:
            return len(gone)
        believe(self.run.body.get("doubted", ()), len(gone), len(seen), where)
        self._close(listing, gone)
        return 0

    def _gone(self, listing: Listing, seen: set[str]) -> list[str]:
        with read(self.run.engine, self.run.actor, self.run.clock) as work:
            return landing.gone(work, self.run.tenants, listing, seen)

    def _close(self, listing: Listing, gone: list[str]) -> None:
        for chunk in _chunks(gone, CLOSED_A_CHUNK):
            with bulk(self.run.engine), self.run.work() as work:
                landing.close(work, self.run.tenants, listing, chunk)
            self._let_others()

    def _complete(
        self, listing: Listing, part: Part, subscription: Subscription, told: Told
    ) -> None:
        items, unread, name = told.items, told.unread, subscription.name
        with self.run.work() as work:
            if mostly(unread, items):
                reason = f"{unread} of {items} items cannot be read: their form has changed"
                landing.fail(work, listing, part, name, reason=reason, missing="")
            else:
                had = (items, unread)
                landing.complete(work, self.run.tenants, listing, part, name, had)

    def _forget(self, named: set[str]) -> None:
        with read(self.run.engine, self.run.actor, self.run.clock) as work:
            known = landing.subscriptions(work, self.run.tenants, self.connection.id)
        for one in sorted(known - named):
            self._part_with(Subscription(id=one, name=one, state=""))

    def _part_with(self, subscription: Subscription) -> None:
        listing = self._listing(subscription)
        gone = self._gone(listing, set())
        # Scores and advice are known of it too, though no state may be: never nothing.
        many = max(len(gone), 1)
        if doubt := vanished(self.run.body.get("doubted", ()), subscription.id, many):
            self.failures.append(doubt)
            return
        self._close(listing, gone)
        with self.run.work() as work:
            landing.forget(work, self.run.tenants, listing)

    def _subscriptions(self, cloud: Cloud) -> list[Subscription]:
        found = self.run.keyed(
            "subscriptions", lambda _key: [asdict(s) for s in cloud.subscriptions()]
        )
        return [Subscription(**fields) for fields in found]

    def _note(self, failure: CloudFailure, part: Part, subscription: Subscription) -> None:
        missing = failure.missing if isinstance(failure, Denied) else ""
        listing = self._listing(subscription)
        told = {"reason": str(failure), "missing": missing}
        with self.run.work() as work:
            landing.fail(work, listing, part, subscription.name, **told)
        self.failures.append(failure)
        if failure.page:
            self._quarantine(listing, failure)

    def _sorted(
        self, listing: Listing, page: Page, reads: Callable[[bytes], Any]
    ) -> tuple[list[Any], int]:
        # What can be read, and how many cannot: those are kept as they came.
        found, unread = [], 0
        for item in page.items:
            try:
                found.append(reads(item))
            except UnreadableItem as error:
                unread += 1
                words, request = str(error), page.request_id
                failure = CloudFailure(FailureClass.DATA, words, request_id=request, page=item)
                self._quarantine(listing, failure)
        return found, unread

    def _sighting(self, item: bytes) -> Sighting:
        return sighting(self.connection.id, item)

    def _advised(self, item: bytes) -> Advice:
        return advice(self.connection.id, item)

    def _quarantine(self, listing: Listing, failure: CloudFailure) -> None:
        with self.run.work() as work:
            progress.quarantine(work, listing, failure)

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


def _called(subscription: Subscription) -> str:
    return f"subscription {subscription.name} ({subscription.id})"


def _chunks(rows: list[Any], size: int) -> list[list[Any]]:
    return [rows[first : first + size] for first in range(0, len(rows), size)]
