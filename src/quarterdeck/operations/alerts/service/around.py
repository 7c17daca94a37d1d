"""What was changed shortly before alerts began: the commonest cause of what breaks."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import datetime, timedelta

from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.kernel.work import Work
from quarterdeck.operations.alerts.model import Alert
from quarterdeck.operations.changes import service as changes
from quarterdeck.operations.changes.model import Change, ChangeKind

BEFORE = timedelta(minutes=30)
LATE = timedelta(minutes=1)  # what breaks is often told of sooner than what broke it
OLDEST = timedelta(days=7)  # an alert that began before: what was changed then is history
MOST = 10


def changed(work: Work, alerts: Sequence[Alert]) -> dict[int, list[Change]]:
    """What was changed in the half hour before each of ``alerts``, newest first.

    Where both say of which service or environment they are, these are the same.
    """
    young = [one for one in alerts if work.now - one.starts_at < OLDEST]
    if not young:
        return {}
    tenants = {one.sign.tenant for one in young} | {*map(_about, young)}
    found = changes.within(work, tenants, map(_span, young))
    moments = [change.at for change in found]
    return {one.id: _around(one, found, moments) for one in young}


def _around(alert: Alert, found: Sequence[Change], moments: Sequence[datetime]) -> list[Change]:
    since, until = _span(alert)
    some = found[bisect_left(moments, since) : bisect_right(moments, until)]
    return [change for change in reversed(some) if _fits(change, alert)][:MOST]


def _span(alert: Alert) -> tuple[datetime, datetime]:
    return alert.starts_at - BEFORE, alert.starts_at + LATE


def _about(alert: Alert) -> str:
    """The tenant that an alert is about; one of the platform names it by a label.

    A tenant's own labels are its own words: they open nothing of another's.
    """
    own = alert.sign.tenant
    return alert.sign.labels.get("tenant", own) if own == PLATFORM else own


def _fits(change: Change, alert: Alert) -> bool:
    # Of the tenant that an alert of the platform is about, that its service was started again.
    again = change.kind is ChangeKind.RESTART and change.tenant == _about(alert)
    if change.tenant not in (alert.sign.tenant, PLATFORM) and not again:
        return False
    labels = alert.sign.labels
    return all(
        not said or labels.get(name, said) == said
        for name, said in (("service", change.service), ("environment", change.environment))
    )
