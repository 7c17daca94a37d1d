"""One run's way through a directory: users, groups, roles, policies, applications.

Each listing is a part of its own: what the credential may not read, or the directory has no
licence for, makes what rests on it not known, and the next is read all the same.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial

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
)
from quarterdeck.governance.sync.service import progress
from quarterdeck.kernel.db import BULK_ROWS, bulk
from quarterdeck.kernel.jobs.run import Run
from quarterdeck.kernel.work import read

PORTION = BULK_ROWS // 2  # each writes the item and its change
YIELD_S = 0.001
MANY_MEMBERS = 10
"""A group whose last member leaves is an ordinary day; so many do not leave it at once."""

Ask = Callable[[], Iterator[Page]]


def begin(run: Run, connection: Connection) -> "IdentityReading":
    """A reading of a connection's directory."""
    return IdentityReading(run=run, connection=connection)


@dataclass(slots=True, kw_only=True)
class IdentityReading:
    """What a run has read so far.

    Attributes:
        seen: items read.
        listed: listings read to their end.
        in_a_row: listings that failed one after another; a denied one is none of them.
    """

    run: Run
    connection: Connection
    seen: int = 0
    listed: int = 0
    in_a_row: int = 0
    failures: list[CloudFailure] = field(default_factory=list)

    @property
    def landed(self) -> bool:
        """Whether anything was read."""
        return bool(self.listed)

    def go(self, cloud: Cloud) -> None:
        """Read every listing, then the members of the groups that matter, then conclude."""
        if not self._each(self._listings(cloud)):
            return
        with read(self.run.engine, self.run.actor, self.run.clock) as work:
            groups = identity.groups_needed(work, self.run.tenants, self.connection.id)
        members = [(Kind.MEMBERS, group, partial(cloud.group_members, group)) for group in groups]
        if self._each(members) and self.landed:
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
        for subscription in self.run.keyed(
            "subscriptions", lambda _key: [s.id for s in cloud.subscriptions()]
        ):
            yield Kind.ASSIGNMENTS, subscription, partial(cloud.role_assignments, subscription)

    def _each(self, listings: Iterable[tuple[Kind, str, Ask]]) -> bool:
        """Whether the run may go on."""
        for kind, part, ask in listings:
            try:
                self._step(kind, part, ask)
                self.in_a_row = 0
            except Denied as denied:
                self._lack(kind, part, denied, denied.missing)
            except CloudFailure as failure:
                self._lack(kind, part, failure, str(failure))
                self.in_a_row += 1
                if failure.kind in STOPS_THE_RUN or self.in_a_row == FAILURES_IN_A_ROW:
                    return False
        return True

    def _step(self, kind: Kind, part: str, ask: Ask) -> None:
        before = self.seen
        listing = self._listing(kind, part)
        outcome = self.run.keyed(f"{kind} {part}".strip(), lambda _key: self._list(listing, ask))
        self.seen = before + outcome["seen"]
        self.listed += 1
        if outcome["unread"]:
            kept = outcome.get("kept", 0)  # a step of an older release has none
            self.failures.append(Unread(outcome["unread"], outcome["seen"], str(kind), kept))

    def _list(self, listing: Listing, ask: Ask) -> dict[str, int]:
        ids: set[str] = set()
        seen = unread = 0
        for page in ask():
            sights = self._readable(listing, page)
            for first in range(0, len(sights), PORTION):
                with bulk(self.run.engine), self.run.work() as work:
                    portion = sights[first : first + PORTION]
                    identity.land(work, self.run.tenants, listing, portion)
                self._let_others()
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

    def _close(self, listing: Listing, ids: set[str], gone: list[str]) -> None:
        where = f"the list of {listing.kind} {listing.part}".strip()
        if listing.kind is not Kind.MEMBERS or len(gone) >= MANY_MEMBERS:
            believe(self.run.body.get("doubted", ()), len(gone), len(ids), where)
        for first in range(0, len(gone), PORTION):
            with bulk(self.run.engine), self.run.work() as work:
                identity.remove(work, self.run.tenants, listing, gone[first : first + PORTION])
            self._let_others()
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
