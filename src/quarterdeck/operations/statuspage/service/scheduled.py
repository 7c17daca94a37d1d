"""Maintenance windows are announced, and followed, by themselves.

The reason of a window is for the team and stays inside: customers read what is worked on,
and from when to when.
"""

from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.operations.maintenance import service as maintenance
from quarterdeck.operations.maintenance.model import LONGEST_NOTICE, Window
from quarterdeck.operations.statuspage.model.component import KeptComponent, Status
from quarterdeck.operations.statuspage.model.post import Post, PostImpact, PostKind, Stage
from quarterdeck.operations.statuspage.service.keeping import of_tenant
from quarterdeck.operations.statuspage.service.posting import NewUpdate, begin_post, go_on
from quarterdeck.operations.statuspage.service.standing import EVERYONE, settle_all
from quarterdeck.operations.statuspage.store import components, pages
from quarterdeck.operations.statuspage.store import posts as store

BEGAN = "The maintenance has begun."
OVER = "The maintenance is over."
CALLED_OFF = "The maintenance was called off."


def announce(work: Work, window: Window) -> None:
    """Post a window on every page that has a component which it covers."""
    for tenant in _pages_of(work, window.tenant):
        _announce_on(work, tenant, window)


def announce_known(work: Work, tenant: str) -> None:
    """Post what was scheduled before a page had the component which it covers."""
    own = Tenants(frozenset({tenant}))
    for window in maintenance.spans(work, own, work.now, work.now + LONGEST_NOTICE):
        _announce_on(work, tenant, window)


def began(work: Work, of: str, window: str) -> None:
    """Say that a window has begun, on the pages that announced it."""
    _go_on(work, of, window, Stage.IN_PROGRESS, BEGAN)


def ended(work: Work, of: str, window: str) -> None:
    """Say that a window is over, or was called off before it began."""
    _go_on(work, of, window, Stage.COMPLETED, OVER)


def of_fact(work: Work, tenant: str, window: str) -> Window | None:
    """The window that a fact is about, if it is there still."""
    return maintenance.of_id(work, Tenants(frozenset({tenant})), window)


def _announce_on(work: Work, tenant: str, window: Window) -> None:
    own = Tenants(frozenset({tenant}))
    covered = _covered(components.listed(work.db, own), window)
    if covered and store.announcing(work.db, own, window.id) is None:
        begin_post(work, own, _post(work, tenant, window, covered), _words(window, covered))


def _go_on(work: Work, of: str, window: str, stage: Stage, text: str) -> None:
    for tenant in _pages_of(work, of):
        own = Tenants(frozenset({tenant}))
        settle_all(work, own)
        post = store.announcing(work.db, own, window)
        if post is None or not post.is_open or post.stage is stage:
            continue
        called_off = stage is Stage.COMPLETED and post.stage is Stage.SCHEDULED
        words = NewUpdate(text=CALLED_OFF if called_off else text, stage=stage)
        go_on(work, own, post, words)


def _pages_of(work: Work, tenant: str) -> list[str]:
    """The tenants with a page that a window of ``tenant`` may touch: the platform's is all's."""
    if tenant == PLATFORM:
        return [kept.tenant for kept in pages.listed(work.db, EVERYONE)]
    own = Tenants(frozenset({tenant}))
    return [tenant] if of_tenant(work, own) else []


def _covered(known: list[KeptComponent], window: Window) -> list[KeptComponent]:
    return [
        kept
        for kept in known
        if window.covers(kept.tenant, kept.component.environment, kept.component.service)
    ]


def _post(work: Work, tenant: str, window: Window, covered: list[KeptComponent]) -> Post:
    return Post(
        id=work.new_id(),
        tenant=tenant,
        version=1,
        kind=PostKind.MAINTENANCE,
        title="Scheduled maintenance",
        impact=PostImpact.MAINTENANCE,
        stage=Stage.SCHEDULED if work.now < window.start else Stage.IN_PROGRESS,
        window=window.id,
        starts_at=window.start,
        ends_at=window.end,
        affected={kept.component.name: Status.MAINTENANCE for kept in covered},
        created_at=work.now,
        updated_at=work.now,
        by=window.by,
    )


def _words(window: Window, covered: list[KeptComponent]) -> str:
    names = ", ".join(kept.component.title for kept in covered)
    return (
        f"We work on {names} from {window.start:%Y-%m-%d %H:%M} to {window.end:%Y-%m-%d %H:%M} UTC."
    )
