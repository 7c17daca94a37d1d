"""Reads a listing of a directory by its changes: what the cloud tells since a mark."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from quarterdeck.governance.cloud.ports import (
    Cloud,
    CloudFailure,
    Denied,
    FailureClass,
    Page,
    Tracked,
)
from quarterdeck.governance.identity import service as identity
from quarterdeck.governance.identity.model.changed import Fragment, fragment, merged
from quarterdeck.governance.identity.model.items import Kind, Listing, Sighting
from quarterdeck.governance.identity.model.reading import legible
from quarterdeck.governance.identity.model.shape import UnreadableIdentity
from quarterdeck.kernel.jobs.run import Run
from quarterdeck.kernel.work import read

TRACKED = {
    Kind.USERS: Tracked.USERS,
    Kind.GROUPS: Tracked.GROUPS,
    Kind.APPLICATIONS: Tracked.APPLICATIONS,
    Kind.PRINCIPALS: Tracked.SERVICE_PRINCIPALS,
}

LATE = timedelta(days=2)
"""Sign-ins are told some hours after they were made; so much is asked for again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What was told of a listing since a mark, and has landed.

    Attributes:
        told: items that are new or other, or were told again.
        gone: items that it has no more.
        regrouped: groups whose own members are others.
        token: the next mark.
    """

    told: frozenset[str]
    gone: frozenset[str]
    regrouped: frozenset[str]
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Follower:
    """Lands what changed of a listing; ``land`` and ``remove`` write it, in portions."""

    run: Run
    cloud: Cloud
    land: Callable[[Listing, Sequence[Sighting]], None]
    remove: Callable[[Listing, Sequence[str]], None]

    def news(self, listing: Listing, token: str, since: datetime) -> News | None:
        """What changed since ``token`` was given; all was known of what was before ``since``.

        None where the changes are not told, not any more, or not so that they can be read:
        then all of the listing is to be read. Raises CloudFailure for trouble that passes.
        """
        try:
            found = self._changes(listing, token)
            whole = listing.kind is not Kind.USERS or self._sign_ins(listing, since - LATE)
        except UnreadableIdentity:
            return None
        except CloudFailure as failure:
            if isinstance(failure, Denied) or failure.kind is FailureClass.DATA:
                return None
            raise
        return found if whole else None

    def _changes(self, listing: Listing, token: str) -> News:
        told: list[Fragment] = []
        for page, mark in self.cloud.changes(TRACKED[listing.kind], token):
            found = [fragment(item) for item in page.items]
            self._lay(listing, found)
            told += found
            token = mark or token
            self.run.check()
        return News(
            told=frozenset(one.id for one in told),
            gone=frozenset(one.id for one in told if one.gone),
            regrouped=frozenset(one.id for one in told if one.regrouped),
            token=token,
        )

    def _lay(self, listing: Listing, told: Sequence[Fragment], *, new: bool = True) -> None:
        # ``new``: also over what is not held.
        held = self._held(listing, [one.id for one in told])
        now: dict[str, str | None] = dict(held)
        for one in told:
            if new or one.id in held:
                now[one.id] = None if one.gone else merged(now.get(one.id), one).decode()
        there = [body.encode() for body in now.values() if body is not None]
        self.land(listing, [legible(listing.kind, body) for body in there])
        self.remove(listing, [one for one in held if now[one] is None])

    def _sign_ins(self, listing: Listing, since: datetime) -> bool:
        """Whether they are told as before: not where the licence for them came, or ended."""
        with read(self.run.engine, self.run.actor, self.run.clock) as work:
            told = identity.sign_ins_told(work, self.run.tenants, listing.connection)
        try:
            seen = sum(self._signed_in(listing, page) for page in self.cloud.sign_ins(since))
        except Denied:
            return not told
        return told or not seen

    def _signed_in(self, listing: Listing, page: Page) -> int:
        found = [fragment(item) for item in page.items]
        # Who came after the list of changes was read is in the next one.
        self._lay(listing, found, new=False)
        self.run.check()
        return len(found)

    def _held(self, listing: Listing, ids: Sequence[str]) -> dict[str, str]:
        with read(self.run.engine, self.run.actor, self.run.clock) as work:
            return identity.held(work, self.run.tenants, listing, ids)
