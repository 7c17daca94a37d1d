"""Who is woken by an alert: its routes, their receivers' policies, and who these reach."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from quarterdeck.kernel.work import Work
from quarterdeck.operations.alerts.service import looking as alerts
from quarterdeck.operations.escalation.service.waking import AHEAD, Woken, woken
from quarterdeck.operations.escalation.severity import severity_of
from quarterdeck.operations.routing.service.configuring import config_of, tried


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteWoken:
    """One route that an alert takes, and who is woken by it.

    Attributes:
        pages: under each policy of its receiver; none: it pages nobody.
    """

    route: str
    receiver: str
    pages: Sequence[Woken]


def by_labels(
    work: Work,
    tenant: str,
    labels: Mapping[str, str],
    at: datetime,
    ahead: timedelta = AHEAD,
) -> list[RouteWoken]:
    """Who is woken by an alert with these labels at an instant; nobody where no routing is."""
    config, severity = config_of(work.db, tenant), severity_of(labels.get("severity", ""))
    if config is None:
        return []
    return [
        RouteWoken(
            route=one.route.key,
            receiver=one.route.receiver,
            pages=[
                woken(work, tenant, name, severity, at, ahead)
                for name in config.receivers[one.route.receiver].pages
            ],
        )
        for one in tried(work, tenant, labels)
    ]


def by_alert(work: Work, alert: int, at: datetime, ahead: timedelta = AHEAD) -> list[RouteWoken]:
    """Who is woken by an alert that is there; raise AlertNotFound."""
    sign = alerts.account(work, alert).alert.sign
    labels = {"severity": sign.severity.value, **sign.labels}
    return by_labels(work, sign.tenant, labels, at, ahead)
