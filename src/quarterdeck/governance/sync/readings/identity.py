"""One run's way through a directory: users, groups, roles, policies, applications.

Each listing is a part of its own: what the credential may not read, or the directory has no
licence for, makes what rests on it not known, and the next is read all the same. Where the
directory tells what changed of a listing, that alone is read, and all of it once in a while.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from quarterdeck.governance.cloud.ports import Cloud, CloudFailure, Denied, FailureClass, Page
from quarterdeck.governance.connections.model import Connection
from quarterdeck.governance.identity import service as identity
from quarterdeck.governance.identity.model.items import Kind, Listing, Sighting
from quarterdeck.governance.identity.model.reading import legible
from quarterdeck.governance.identity.model.shape import UnreadableIdentity
from quarterdeck.governance.inventory import service as inventory
from quarterdeck.governance.sync.failures import (
    FAILURES_IN_A_ROW,
    STOPS_THE_RUN,
    Unread,
    believe,
    mostly,
    vanished,
)
from quarterdeck.governance.sync.marks import WEEK, Mark
from quarterdeck.governance.sync.model import IDENTITY
from quarterdeck.governance.sync.readings.following import TRACKED, Follower
from quarterdeck.governance.sync.service import progress
from quarterdeck.kernel.clock import instant, micros
from quarterdeck.kernel.db import BULK_ROWS, bulk
from quarterdeck.kernel.jobs.run import Run
from quarterdeck.kernel.work import read

PORTION = BULK_ROWS // 2  # each writes the item and its change
YIELD_S = 0.001
MANY_MEMBERS = 10
"""A group whose last member leaves is an ordinary day; so many do not leave it at once."""

Ask = Callable[[], Iterator[Page]]


def begin(run: Run, connection: Connection, whole_every: timedelta = WEEK) -> "IdentityReading":
    """A reading of a connection's directory; ``whole_every`` 0: always of all."""
    return IdentityReading(run=run, connection=connection, whole_every=whole_every)


@dataclass(slots=True, kw_only=True)
class IdentityReading:
    """What a run has read so far.

    Attributes:
        seen: items read.
        listed: listings read to their end.
        in_a_row: listings that failed one after another; a denied one is none of them.
        groups_since: since when what changed of groups is known; None: they were read whole.
        touched: groups with other members, and whoever is gone.
    """

    run: Run
    connection: Connection
    whole_every: timedelta
    seen: int = 0
    listed: int = 0
    in_a_row: int = 0
    failures: list[CloudFailure] = field(default_factory=list)
    since: datetime | None = None
    drift: int = 0
    groups_since: datetime | None = None
    touched: set[str] = field(default_factory=set)

    @property
    def landed(self) -> bool:
        """Whether anything was read."""
        return bool(self.listed)

    def go(self, cloud: Cloud) -> None:
        """Read every listing, then the members of the groups that matter, then conclude."""
        if not self._each(cloud, self._listings(cloud)):
            return
        groups = self._groups()
        members = [(Kind.MEMBERS, group, partial(cloud.group_members, group)) for group in groups]
        if self._each(cloud, members) and self.landed:
            with self.run.work() as work:
                identity.conclude(work, self.run.tenants, self._listing(Kind.ASSESSMENT, ""))

    def _listings(self, cloud: Cloud) -> Iterator[tuple[Kind, str, Ask]]:
        yield Kind.USERS, "", cloud.users
        yield Kind.GROUPS, "", cloud.groups
        yield Kind.DIRECTORY_ROLES, "", cloud.directory_roles
        yield Kind.REGISTRATIONS, "", cloud.registrations
        yield Kind.POLICIES, "", cloud.conditional_access
        yield Kind.APPLICATIONS, "", cloud.applications
        yield Kind.PRINCIPALS, "", cloud.service_principals
        subscriptions = self.run.keyed(
            "subscriptions", lambda _key: [s.id for s in cloud.subscriptions()]
        )
        for subscription in subscriptions:
            yield Kind.ASSIGNMENTS, subscription, partial(cloud.role_assignments, subscription)
        if subscriptions:
            self._part_with({one.casefold() for one in subscriptions})

    def _part_with(self, named: set[str]) -> None:
        """Roles on a subscription that is gone are held no more: once a second list lacks it."""
        with read(self.run.engine, self.run.actor, self.run.clock) as work:
            known = identity.parts(work, self.run.tenants, self.connection.id, Kind.ASSIGNMENTS)
        for part in sorted(known):
            if part.casefold() in named:
                continue
            listing = self._listing(Kind.ASSIGNMENTS, part)
            with read(self.run.engine, self.run.actor, self.run.clock) as work:
                gone = identity.gone(work, self.run.tenants, listing, set())
            doubted = self.run.body.get("doubted", ())
            if doubt := vanished(doubted, part, max(len(gone), 1)):
                self.failures.append(doubt)
                continue
            self._remove(listing, gone)
            with self.run.work() as work:
                identity.forget(work, self.run.tenants, listing)

    def _groups(self) -> list[str]:
        """The groups whose members are to be read: they decide something, and may be others.

        Of a group in which nobody came or went, nor in any group within it, they are known.
        """
        tenants, connection = self.run.tenants, self.connection.id
        with read(self.run.engine, self.run.actor, self.run.clock) as work:
            needed = identity.groups_needed(work, tenants, connection)
            if self.groups_since is None:
                return needed
            known = identity.members(work, tenants, connection, self.groups_since)
        same = {one for one, inside in known.items() if not self.touched & {one, *inside}}
        with self.run.work() as work:
            for group in same & set(needed):
                identity.complete(work, tenants, self._listing(Kind.MEMBERS, group))
        return [group for group in needed if group not in same]

    def _each(self, cloud: Cloud, listings: Iterable[tuple[Kind, str, Ask]]) -> bool:
        """Whether the run may go on."""
        for kind, part, ask in listings:
            try:
                self._step(cloud, kind, part, ask)
                self.in_a_row = 0
            except Denied as denied:
                self._lack(kind, part, denied, denied.missing)
            except CloudFailure as failure:
                self._lack(kind, part, failure, str(failure))
                self.in_a_row += 1
                if failure.kind in STOPS_THE_RUN or self.in_a_row == FAILURES_IN_A_ROW:
                    return False
        return True

    def _step(self, cloud: Cloud, kind: Kind, part: str, ask: Ask) -> None:
        before = self.seen
        listing = self._listing(kind, part)
        whole = partial(self._list, listing, ask)
        reads = partial(self._track, cloud, listing, whole) if self._tracked(kind) else whole
        outcome = self.run.keyed(f"{kind} {part}".strip(), lambda _key: reads())
        self.seen = before + outcome["seen"]
        self.listed += 1
        self._note(kind, outcome)
        if outcome["unread"]:
            kept = outcome.get("kept", 0)  # a step of an older release has none
            self.failures.append(Unread(outcome["unread"], outcome["seen"], str(kind), kept))

    def _tracked(self, kind: Kind) -> bool:
        return kind in TRACKED and bool(self.whole_every)

    def _note(self, kind: Kind, outcome: Mapping[str, Any]) -> None:
        # A step of an older release, and one that is not tracked, has none of these.
        self.drift += outcome.get("drift", 0)
        if not (since := outcome.get("since", 0)):
            return
        moment = instant(since)
        self.since = min(self.since or moment, moment)
        self.touched.update(outcome["touched"])
        if kind is Kind.GROUPS:
            self.groups_since = moment

    def _track(
        self, cloud: Cloud, listing: Listing, whole: Callable[[], dict[str, Any]]
    ) -> dict[str, Any]:
        follower = Follower(run=self.run, cloud=cloud, land=self._land, remove=self._remove)
        at, mark = self._known(listing)
        news = mark and follower.news(listing, mark.token, mark.since)
        if mark and news and at < mark.whole_due(self.whole_every):
            seen = self._go_on(listing, replace(mark, token=news.token, since=at), told=True)
            touched = sorted(news.regrouped | news.gone)
            return {"seen": seen, "unread": 0, "since": micros(mark.since), "touched": touched}
        token = news.token if news else self._begun(cloud, listing)
        with read(self.run.engine, self.run.actor, self.run.clock) as work:
            first = identity.next_number(work, self.run.tenants, listing.run)
        outcome = whole()
        if news:
            outcome["drift"], token = self._drift(follower, listing, first, token)
        self._go_on(listing, Mark(part=listing.kind, token=token, since=at, whole_at=at))
        return outcome

    def _known(self, listing: Listing) -> tuple[datetime, Mark | None]:
        """The moment, and from where to go on; None where that would leave something out."""
        with read(self.run.engine, self.run.actor, self.run.clock) as work:
            mark = progress.mark(work, self.run.tenants, self.connection, IDENTITY, listing.kind)
            known = identity.known(work, self.run.tenants, listing)
            return work.now, mark if known and mark and mark.token else None

    def _begun(self, cloud: Cloud, listing: Listing) -> str:
        # Before the listing: what changes while it is read is told again.
        try:
            return cloud.mark(TRACKED[listing.kind])
        except CloudFailure as failure:
            if failure.kind in STOPS_THE_RUN and not isinstance(failure, Denied):
                raise
            return ""

    def _drift(
        self, follower: Follower, listing: Listing, first: int, token: str
    ) -> tuple[int, str]:
        """How many items the listing had otherwise than told, and the next mark.

        What changed while it was read is told by now, and is none of them.
        """
        with read(self.run.engine, self.run.actor, self.run.clock) as work:
            other = identity.changed_since(work, self.run.tenants, listing, first)
            now = work.now
        try:
            late = follower.news(listing, token, now) if other else None
        except CloudFailure:
            return 0, token  # what cannot be asked is no finding; the listing itself is whole
        return (len(other - late.told), late.token) if late else (len(other), token)

    def _go_on(self, listing: Listing, mark: Mark, *, told: bool = False) -> int:
        """How many items the listing has; ``told``: they are all known again."""
        with self.run.work() as work:
            progress.go_on(work, self.run.tenants, self.connection, IDENTITY, mark)
            if told:
                identity.complete(work, self.run.tenants, listing)
            return identity.size(work, self.run.tenants, listing)

    def _list(self, listing: Listing, ask: Ask) -> dict[str, Any]:
        ids: set[str] = set()
        seen = unread = 0
        for page in ask():
            sights = self._readable(listing, page)
            self._land(listing, sights)
            ids.update(sight.id for sight in sights)
            seen, unread = seen + len(page.items), unread + len(page.items) - len(sights)
            self.seen += len(page.items)
            self.run.progress(self.seen, 0, "items")
        # Only here, past the last page, does absence mean anything.
        with read(self.run.engine, self.run.actor, self.run.clock) as work:
            gone = identity.gone(work, self.run.tenants, listing, ids)
        if unread:  # what is absent may be what could not be read: that told no id
            self._want(listing, seen, unread)
            return {"seen": seen, "unread": unread, "kept": len(gone)}
        self._close(listing, ids, gone)
        return {"seen": seen, "unread": 0, "kept": 0}

    def _land(self, listing: Listing, sights: Sequence[Sighting]) -> None:
        for first in range(0, len(sights), PORTION):
            with bulk(self.run.engine), self.run.work() as work:
                portion = sights[first : first + PORTION]
                identity.land(work, self.run.tenants, listing, portion)
            self._let_others()

    def _remove(self, listing: Listing, gone: Sequence[str]) -> None:
        for first in range(0, len(gone), PORTION):
            with bulk(self.run.engine), self.run.work() as work:
                identity.remove(work, self.run.tenants, listing, gone[first : first + PORTION])
            self._let_others()

    def _close(self, listing: Listing, ids: set[str], gone: list[str]) -> None:
        where = f"the list of {listing.kind} {listing.part}".strip()
        if listing.kind is not Kind.MEMBERS or len(gone) >= MANY_MEMBERS:
            believe(self.run.body.get("doubted", ()), len(gone), len(ids), where)
        self._remove(listing, gone)
        with self.run.work() as work:
            identity.complete(work, self.run.tenants, listing)

    def _want(self, listing: Listing, seen: int, unread: int) -> None:
        with self.run.work() as work:
            if mostly(unread, seen):
                words = f"{unread} of {seen} items cannot be read: their form has changed"
                identity.lack(work, self.run.tenants, listing, words)
            else:
                words = f"{unread} items could not be read: their schema may have changed"
                identity.want(work, self.run.tenants, listing, words)

    def _lack(self, kind: Kind, part: str, failure: CloudFailure, missing: str) -> None:
        self.failures.append(failure)
        listing = self._listing(kind, part)
        if failure.page:
            self._quarantine(listing, failure)
        with self.run.work() as work:
            identity.lack(work, self.run.tenants, listing, missing)

    def _listing(self, kind: Kind, part: str) -> Listing:
        return Listing(
            run=self.run.job.id,
            tenant=self.connection.tenant,
            connection=self.connection.id,
            kind=kind,
            part=part,
        )

    def _let_others(self) -> None:
        # SQLite's writers wait for one lock; a bulk writer that takes it again at once
        # would starve them. On the way down there is nobody to wait for.
        if self.run.engine.dialect.name == "sqlite":
            self.run.stop.wait(YIELD_S)

    def _readable(self, listing: Listing, page: Page) -> list[Sighting]:
        found = []
        for item in page.items:
            try:
                found.append(legible(listing.kind, item))
            except UnreadableIdentity as error:
                self._quarantine(
                    listing,
                    CloudFailure(
                        FailureClass.DATA, str(error), request_id=page.request_id, page=item
                    ),
                )
        return found

    def _quarantine(self, listing: Listing, failure: CloudFailure) -> None:
        where = inventory.Listing(
            run=listing.run,
            tenant=listing.tenant,
            connection=listing.connection,
            subscription=f"{listing.kind} {listing.part}".strip(),
        )
        with self.run.work() as work:
            progress.quarantine(work, where, failure)
