"""What people do with views: their own ones alone."""

from quarterdeck.access.views import store
from quarterdeck.access.views.model import MOST, UnusableView, View, ViewNotFound
from quarterdeck.events.access import ViewRemoved, ViewSaved
from quarterdeck.kernel.ids import PLATFORM, PrincipalId
from quarterdeck.kernel.work import Work

OWN = "access:ask"  # whoever may ask anything may keep what was asked


def views(work: Work, page: str = "") -> list[View]:
    """One's own views, of one page or of all, by page and name."""
    work.tenants(OWN)
    return store.own(work.db, work.actor.id, page)


def save(work: Work, page: str, name: str, query: str) -> View:
    """Keep an address under a name.

    Raises:
        UnusableView, ViewExists
    """
    work.tenants(OWN)
    view = View(
        id=work.new_id(),
        principal=PrincipalId(work.actor.id),
        page=page,
        name=name.strip(),
        query=query,
    )
    if store.count(work.db, work.actor.id) >= MOST:
        raise UnusableView(f"one keeps at most {MOST} views; remove one that is used no more")
    store.add(work.db, view)
    work.publish(ViewSaved(tenant=_log(work), view=view.id, page=view.page, name=view.name))
    return view


def remove(work: Work, view: str) -> None:
    """Keep a view no more; raise ViewNotFound if one has none of that id."""
    work.tenants(OWN)
    if not store.remove(work.db, work.actor.id, view):
        raise ViewNotFound(f"you have no view {view[:80]}")
    work.publish(ViewRemoved(tenant=_log(work), view=view))


def _log(work: Work) -> str:
    return work.actor.home or PLATFORM
