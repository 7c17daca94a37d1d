"""Whom a group of alerts that fires has paged: one page a group and policy."""

from collections.abc import Sequence
from datetime import datetime

from quarterdeck.operations.alerts.model import Alert, AlertState
from quarterdeck.operations.escalation.model.page import Wanted, What
from quarterdeck.operations.escalation.severity import worst
from quarterdeck.operations.routing.ids import worked_out
from quarterdeck.operations.routing.model import Receiver
from quarterdeck.operations.routing.store.groups import Group

LONGEST_TITLE, MOST_FACTS = 400, 20


def pages_of(
    group: Group, receiver: Receiver, shown: Sequence[Alert], now: datetime
) -> list[Wanted]:
    """The pages that a group wants, under each policy of its receiver: anew, or the open ones.

    Alerts that somebody looks after, all of them, page nobody. That all are over, or looked
    after, the page hears from the alerts themselves.
    """
    fires = sorted((one for one in shown if one.fires(now)), key=lambda one: one.id)
    if not receiver.pages or not any(one.state is AlertState.FIRING for one in fires):
        return []
    what, ids = _what(group, fires), {one.id for one in fires}
    return [
        Wanted(policy=policy, what=what, key=_key(group, receiver, policy), alerts=ids)
        for policy in receiver.pages
    ]


def _key(group: Group, receiver: Receiver, policy: str) -> str:
    return f"group/{worked_out(group.key, receiver.name, policy)}"


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
