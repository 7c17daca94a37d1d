"""What strangers see of a status page. It asks for no permission: who publishes it, gave it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.operations.statuspage.model.component import KeptComponent, Status, worst
from quarterdeck.operations.statuspage.model.faults import NoSuchStatusPage, NoSuchStatusPost
from quarterdeck.operations.statuspage.model.overall import Overall, overall
from quarterdeck.operations.statuspage.model.page import Kept
from quarterdeck.operations.statuspage.model.post import Post, PostKind, Update
from quarterdeck.operations.statuspage.model.subscriber import Subscriber
from quarterdeck.operations.statuspage.model.uptime import SHOWN_DAYS, Day, days, together
from quarterdeck.operations.statuspage.service import standing
from quarterdeck.operations.statuspage.service.keeping import found
from quarterdeck.operations.statuspage.store import components, pages
from quarterdeck.operations.statuspage.store import posts as store

MOST_POSTS = 50
"""As many as Atlassian's pages tell of each kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A component as strangers see it.

    Attributes:
        reason: why it is not known how it is; empty: it is.
        days: the last 90, today the last; ``percent``: of all of them.
    """

    kept: KeptComponent
    reason: str
    days: Sequence[Day]
    percent: Decimal | None

    @property
    def status(self) -> Status | None:
        """How it is; None: that is not known."""
        return self.kept.status


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """A post as strangers see it, with its updates, newest first."""

    post: Post
    updates: Sequence[Update]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Components that stand together; ``title`` empty: one that stands alone."""

    title: str
    members: Sequence[Shown]

    @property
    def status(self) -> Status | None:
        """The worst of its members; None: not all are known, and none is in trouble."""
        known = [one.status for one in self.members if one.status]
        bad = worst(known)
        whole = len(known) == len(self.members)
        return bad if whole or bad is not Status.OPERATIONAL else None


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A page as strangers see it at one moment."""

    kept: Kept
    now: datetime
    components: Sequence[Shown]
    incidents: Sequence[Posted]
    maintenances: Sequence[Posted]
    changed_at: datetime
    groups: Sequence[Group] = field(default_factory=tuple)

    @property
    def overall(self) -> Overall:
        """How all of it is, in a word."""
        statuses = [one.status for one in self.components]
        return overall(statuses, [one.post for one in self.incidents if one.post.is_open])


def published(work: Work, slug: str) -> Kept:
    """The page at an address; raise NoSuchStatusPage, the same where it is not published."""
    kept = pages.of_slug(work.db, slug)
    if kept is None or not kept.published:
        raise NoSuchStatusPage("there is no status page here")
    return kept


def platform(work: Work) -> Kept:
    """The platform's own page; raise NoSuchStatusPage."""
    own = Tenants(frozenset({PLATFORM}))
    kept = next(iter(pages.listed(work.db, own)), None)
    if kept is None or not kept.published:
        raise NoSuchStatusPage("there is no status page here")
    return kept


def of_subscriber(work: Work, known: Subscriber) -> Kept:
    """The page that a subscriber is told of, published or not."""
    return found(work, Tenants(frozenset({known.tenant})))


def view(work: Work, kept: Kept) -> View:
    """All that strangers see of a page."""
    own = Tenants(frozenset({kept.tenant}))
    known = components.listed(work.db, own)
    incidents = _posted(work, own, PostKind.INCIDENT)
    maintenances = _posted(work, own, PostKind.MAINTENANCE)
    shown = _shown(work, own, known)
    moments = [kept.at, *(one.since or one.at for one in known)]
    moments += [one.post.updated_at for one in (*incidents, *maintenances)]
    return View(
        kept=kept,
        now=work.now,
        components=shown,
        incidents=incidents,
        maintenances=maintenances,
        changed_at=max(moments),
        groups=_grouped(shown),
    )


def post(work: Work, kept: Kept, post_id: str) -> Posted:
    """One post of a page; raise NoSuchStatusPost."""
    own = Tenants(frozenset({kept.tenant}))
    known = store.of_id(work.db, own, post_id)
    if known is None:
        raise NoSuchStatusPost("there is no such post here")
    return Posted(post=known, updates=store.updates_of(work.db, own, [known.id])[known.id])


def _shown(work: Work, own: Tenants, known: list[KeptComponent]) -> list[Shown]:
    since = work.now - timedelta(days=SHOWN_DAYS + 1)
    spans = components.spans_of(work.db, own, since)
    reasons = standing.reasons(work, own, known)
    return [
        Shown(
            kept=kept,
            reason=reasons.get(kept.component.name, ""),
            days=(bars := days(spans.get(kept.component.name, []), work.now)),
            percent=together([day.lasted for day in bars]).percent,
        )
        for kept in known
    ]


def _posted(work: Work, own: Tenants, kind: PostKind) -> list[Posted]:
    """The newest, and all that are not over, however old."""
    waiting = store.newest(work.db, own, kind=kind, is_open=True, limit=MOST_POSTS)
    newest = store.newest(work.db, own, kind=kind, limit=MOST_POSTS)
    found_ones = {one.id: one for one in (*newest, *waiting)}
    updates = store.updates_of(work.db, own, [*found_ones])
    return [Posted(post=one, updates=updates[one.id]) for one in found_ones.values()]


def _grouped(shown: Sequence[Shown]) -> list[Group]:
    """Groups in the order of their first members; who has none stands alone."""
    groups: dict[tuple[str, str], list[Shown]] = {}
    for one in shown:
        component = one.kept.component
        alone = "" if component.group else component.name
        groups.setdefault((component.group, alone), []).append(one)
    return [
        Group(title=members[0].kept.component.group, members=members) for members in groups.values()
    ]
