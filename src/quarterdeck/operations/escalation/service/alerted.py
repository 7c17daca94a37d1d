"""Pages and the alerts that they are about: who answers these answers the page."""

from collections.abc import Collection, Sequence

from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.operations.alerts.model import Alert, AlertState
from quarterdeck.operations.alerts.service import placing
from quarterdeck.operations.escalation.model.page import Page, PageState
from quarterdeck.operations.escalation.service.answering import answered, ended
from quarterdeck.operations.escalation.store import pages

MEANS = "alerts"


def hear(work: Work, tenant: str, alerts: Collection[int] | None) -> None:
    """Have the open pages that are about some alerts be as these are; None: about any."""
    own = Tenants(frozenset({tenant}))
    for page in pages.with_alerts(work.db, own, alerts):
        found = pages.taken(work.db, own, page)
        if found is not None:
            reconciled(work, own, found, alerts_of(work, own, [found])[found.id])


def alerts_of(work: Work, own: Tenants, some: Sequence[Page]) -> dict[str, list[Alert]]:
    """The alerts that pages are about, by the ids of these."""
    ids = pages.alerts_of_each(work.db, own, [one.id for one in some])
    known = placing.of_ids(work, own, sorted({alert for mine in ids.values() for alert in mine}))
    return {
        one.id: [known[alert] for alert in ids.get(one.id, ()) if alert in known] for one in some
    }


def reconciled(work: Work, own: Tenants, page: Page, known: Collection[Alert]) -> Page:
    """A page that was taken, as its alerts are: answered where all are, over where all are."""
    if page.state is PageState.RESOLVED or not known:
        return page
    fires = [one for one in known if one.fires(work.now)]
    if not fires:
        return ended(work, own, page, _last(known).resolved_by)
    looked_after = all(one.state is AlertState.ACKNOWLEDGED for one in fires)
    if page.state is PageState.OPEN and looked_after and _anew(page, fires):
        return answered(work, own, page, _newest(fires).acknowledged_by, MEANS)
    return page


def _anew(page: Page, fires: Collection[Alert]) -> bool:
    """Whether an alert was acknowledged since the page was, last: the page wants somebody again."""
    before = page.acknowledged_at
    times = [one.acknowledged_at for one in fires if one.acknowledged_at is not None]
    return before is None or any(at > before for at in times)


def _last(known: Collection[Alert]) -> Alert:
    return max(known, key=lambda one: (one.ends_at or one.seen_at, one.id))


def _newest(fires: Collection[Alert]) -> Alert:
    return max(fires, key=lambda one: (one.acknowledged_at or one.seen_at, one.id))
