"""What was changed shortly before alerts began: the commonest cause of what breaks."""

from collections.abc import Sequence
from datetime import timedelta

from quarterdeck.kernel.work import Work
from quarterdeck.operations.alerts.model import Alert
from quarterdeck.operations.changes import service as changes
from quarterdeck.operations.changes.model import Change

BEFORE = timedelta(minutes=30)
LATE = timedelta(minutes=1)  # what breaks is often told of sooner than what broke it
OLDEST = timedelta(days=7)  # an alert that began before: what was changed then is history
MOST = 10


def changed(work: Work, tenant: str, alerts: Sequence[Alert]) -> dict[int, list[Change]]:
    """What was changed in the half hour before each of a tenant's alerts, newest first.

    Where both say of which service or environment they are, these are the same.
    """
    young = [one for one in alerts if work.now - one.starts_at < OLDEST]
    if not young:
        return {}
    first = min(one.starts_at for one in young)
    found = changes.recent(work, tenant, within=work.now - first + BEFORE)
    return {one.id: [change for change in found if _before(change, one)][:MOST] for one in young}


def _before(change: Change, alert: Alert) -> bool:
    if not alert.starts_at - BEFORE <= change.at <= alert.starts_at + LATE:
        return False
    labels = alert.sign.labels
    return all(
        not said or labels.get(name, said) == said
        for name, said in (("service", change.service), ("environment", change.environment))
    )
