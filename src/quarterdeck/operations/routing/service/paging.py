"""Has somebody paged for a group of alerts that fires: one page a group and policy."""

from collections.abc import Sequence

from quarterdeck.kernel.work import Work
from quarterdeck.operations.alerts.model import Alert, AlertState
from quarterdeck.operations.escalation.model.page import What
from quarterdeck.operations.escalation.service.opening import page_anyway
from quarterdeck.operations.escalation.severity import worst
from quarterdeck.operations.routing.ids import worked_out
from quarterdeck.operations.routing.model import Receiver
from quarterdeck.operations.routing.store.groups import Group

LONGEST_TITLE, MOST_FACTS = 400, 20


def page_group(work: Work, group: Group, receiver: Receiver, shown: Sequence[Alert]) -> None:
    """Open a group's page under each policy of its receiver, or add to the one that is open.

    Alerts that somebody looks after, all of them, page nobody. That all are over, or looked
    after, the page hears from the alerts themselves.
    """
    fires = sorted((one for one in shown if one.fires(work.now)), key=lambda one: one.id)
    if not any(one.state is AlertState.FIRING for one in fires):
        return
    what, ids = _what(group, fires), {one.id for one in fires}
    for policy in receiver.pages:
        key = f"group/{worked_out(group.key, receiver.name, policy)}"
        page_anyway(work, group.tenant, policy, what, key=key, alerts=ids)


def _what(group: Group, fires: Sequence[Alert]) -> What:
    first, *others = fires
    title = " ".join(first.sign.title.split())[:LONGEST_TITLE] or "an alert without a title"
    more = f" and {len(others)} more" if others else ""
    severities = [one.sign.labels.get("severity", one.sign.severity.value) for one in fires]
    labels = group.labels or first.sign.labels
    summary = first.sign.annotations.get("summary", "")
    return What(
        title=f"{title}{more}",
        severity=worst(severities),
        about=f"alert/{first.id}",
        facts=tuple(list(labels.items())[:MOST_FACTS])
        + ((("summary", summary),) if summary else ()),
        links=tuple(_links(first)),
    )


def _links(alert: Alert) -> list[tuple[str, str]]:
    runbook = alert.sign.annotations.get("runbook_url", "")
    found = (("Runbook", runbook), ("Rule", alert.sign.generator_url))
    return [(label, address) for label, address in found if address.startswith("https://")]
