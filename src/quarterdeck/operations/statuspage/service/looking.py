"""Looking at status pages: one with all that is on it, for those who write it."""

from dataclasses import dataclass

from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.operations.statuspage.model.component import KeptComponent
from quarterdeck.operations.statuspage.model.page import Kept
from quarterdeck.operations.statuspage.model.post import Post, Update
from quarterdeck.operations.statuspage.service import standing
from quarterdeck.operations.statuspage.service.keeping import READ, found
from quarterdeck.operations.statuspage.service.posting import of_id
from quarterdeck.operations.statuspage.store import components, pages, posts, subscribers

MOST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A page as those see it who write it.

    Attributes:
        reasons: why it is not known how a component is, by its name.
        open: posts that are not over: those that are overdue first, then the newest.
        subscribers: how many are told by mail.
    """

    kept: Kept
    components: list[KeptComponent]
    reasons: dict[str, str]
    open: list[Post]
    overdue: list[Post]
    subscribers: int


def account(work: Work, tenant: str) -> Account:
    """A tenant's page; raise NoSuchStatusPage."""
    own = work.require(READ, tenant)
    kept, known = found(work, own), components.listed(work.db, own)
    waiting = posts.newest(work.db, own, is_open=True, limit=MOST)
    return Account(
        kept=kept,
        components=known,
        reasons=standing.reasons(work, own, known),
        open=sorted(waiting, key=lambda post: not post.is_overdue(work.now)),
        overdue=[post for post in waiting if post.is_overdue(work.now)],
        subscribers=subscribers.count(work.db, own),
    )


def listed(
    work: Work,
    tenant: str,
    *,
    is_open: bool | None = None,
    before: str = "",
    limit: int = MOST,
) -> list[Post]:
    """Posts of a page, newest first."""
    own = work.require(READ, tenant)
    found(work, own)
    return posts.newest(work.db, own, is_open=is_open, before=before, limit=limit)


def one(work: Work, tenant: str, post: str) -> tuple[Post, list[Update]]:
    """One post with its updates, newest first; raise NoSuchStatusPost."""
    own = work.require(READ, tenant)
    known = of_id(work, own, post)
    return known, posts.updates_of(work.db, own, [known.id])[known.id]


def overdue_counts(work: Work, tenants: Tenants) -> dict[str, int]:
    """How many posts are overdue, by tenant; in no person's name."""
    found_ones: dict[str, int] = {}
    for tenant in (kept.tenant for kept in pages.listed(work.db, tenants)):
        own = Tenants(frozenset({tenant}))
        waiting = posts.newest(work.db, own, is_open=True, limit=MOST)
        late = sum(post.is_overdue(work.now) for post in waiting)
        found_ones[tenant] = late
    return found_ones


def subscriber_counts(work: Work, tenants: Tenants) -> dict[str, int]:
    """How many are told by mail, by tenant; in no person's name."""
    return subscribers.counts(work.db, tenants)
