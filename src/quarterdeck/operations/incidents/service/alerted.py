"""Incidents out of alerts: filled from what the alert says, and kept in step with it."""

from collections.abc import Sequence

from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.operations.alerts.model import Alert, AlertState, Severity
from quarterdeck.operations.alerts.service.looking import found_of
from quarterdeck.operations.alerts.service.placing import of_ids
from quarterdeck.operations.incidents.model.incident import MAX_LINE, Incident, Source
from quarterdeck.operations.incidents.model.timeline import Wrote
from quarterdeck.operations.incidents.service import paging
from quarterdeck.operations.incidents.service.declaring import Told, begin_incident
from quarterdeck.operations.incidents.service.keeping import OPEN, found, noted, own, write
from quarterdeck.operations.incidents.service.leading import acknowledged
from quarterdeck.operations.incidents.store import incidents as store
from quarterdeck.operations.severities import service as severities
from quarterdeck.operations.severities.model import Ladder

DECLARE = "incident"
"""The label by whose value ``declare`` an alert opens an incident by itself."""


def from_alert(
    work: Work, alert_id: int, *, severity: str = "", source: Source = Source.ALERT
) -> tuple[Incident, bool]:
    """Declare an incident because of an alert; whether it is new: an alert has one at a time."""
    alert = found_of(work, work.tenants(OPEN), alert_id)
    work.require("alerts:read", alert.sign.tenant)
    return out_of(work, alert, severity=severity, source=source)


def out_of(
    work: Work, alert: Alert, *, severity: str = "", source: Source = Source.ALERT
) -> tuple[Incident, bool]:
    """As ``from_alert``, for rules: it asks for no permission."""
    told = _told(severities.ladder(work.db, alert.sign.tenant), alert, severity, source)
    made, fresh = begin_incident(work, told)
    if fresh and alert.state is AlertState.ACKNOWLEDGED:
        made = _acknowledged(work, made, alert.acknowledged_by)
    return made, fresh


def demanding(work: Work, tenant: str, ids: Sequence[int]) -> dict[int, Alert]:
    """Those of these alerts whose label or kind says that they open an incident by themselves.

    One that has passed meanwhile opens none: who hears of it late finds nothing to lead.
    """
    if not ids:
        return {}
    ladder = severities.ladder(work.db, tenant)
    found = of_ids(work, Tenants(frozenset({tenant})), ids)
    return {alert.id: alert for alert in found.values() if _demands(ladder, alert)}


def _demands(ladder: Ladder, alert: Alert) -> bool:
    kind = ladder.kind_of(alert.sign.type)
    by_kind = kind is not None and kind.declares
    is_live = alert.state is not AlertState.RESOLVED
    return is_live and (by_kind or alert.sign.labels.get(DECLARE) == "declare")


def follow(work: Work, tenant: str, alert: str, words: str, *, key: str, who: str = "") -> None:
    """Write on the timelines of an alert's incidents what became of it.

    ``who``: has acknowledged it, and so the incident.
    """
    mine = Tenants(frozenset({tenant}))
    for incident_id in store.about(work.db, mine, f"alert/{alert}"):
        incident = found(work, mine, incident_id)
        if not incident.is_open:
            continue
        write(work, incident, Wrote.ALERT, words, by=who, key=key)
        if who:
            _acknowledged(work, incident, who)


def _acknowledged(work: Work, incident: Incident, who: str) -> Incident:
    """Whoever is on the alert is on its incident, and on the page of one that nobody was on."""
    made = acknowledged(work, incident, who)
    if made is not incident:
        paging.answer(work, made, who)
    return made


def link_alert(work: Work, incident_id: str, alert_id: int) -> Incident:
    """Have an incident be about an alert, too."""
    incident = found(work, work.tenants(OPEN), incident_id)
    alert = found_of(work, own(incident), alert_id)
    work.require("alerts:read", incident.tenant)
    if store.link(work.db, incident.tenant, f"alert/{alert.id}", incident.id):
        text = f"Linked: alert #{alert.id} {alert.sign.title}"
        write(work, incident, Wrote.ALERT, text)
        work.publish(noted(incident, Wrote.ALERT, text))
    return incident


def _told(ladder: Ladder, alert: Alert, severity: str, source: Source) -> Told:
    sign, labels = alert.sign, alert.sign.labels
    kind = ladder.kind_of(sign.type)
    return Told(
        tenant=sign.tenant,
        symptom=" ".join(sign.title.split())[:MAX_LINE] or sign.type,
        severity=severity or ("" if kind else _severity(ladder, alert)),
        kind=kind.name if kind else "",
        violation=labels.get("severity", sign.severity.value),
        service=labels.get("service", "")[:MAX_LINE],
        environment=labels.get("environment", "")[:MAX_LINE],
        region=labels.get("region", "")[:MAX_LINE],
        tenants=(sign.tenant,),
        source=source,
        about=f"alert/{alert.id}",
        key=f"alert/{alert.id}",
        began_at=alert.starts_at,
        first=f"Alert fired: {sign.title} (#{alert.id})"[:MAX_LINE],
        links=_links(alert),
    )


def _severity(ladder: Ladder, alert: Alert) -> str:
    """What its label says, where the ladder knows that word; else by how much it matters."""
    named = ladder.named(alert.sign.labels.get("severity", ""))
    if named:
        return named.name
    rank = {Severity.CRITICAL: 0, Severity.WARNING: len(ladder.severities) // 2}
    place = rank.get(alert.sign.severity, len(ladder.severities) - 1)
    return ladder.severities[min(place, len(ladder.severities) - 1)].name


def _links(alert: Alert) -> tuple[tuple[str, str], ...]:
    said = alert.sign.annotations
    found_ones = {
        "metrics": said.get("dashboard_url", "") or alert.sign.generator_url,
        "logs": said.get("logs_url", ""),
        "traces": said.get("traces_url", ""),
        "runbook": said.get("runbook_url", "") or said.get("runbook", ""),
    }
    web = ("https://", "http://", "/")
    return tuple(
        (word, address)
        for word, address in found_ones.items()
        if address.startswith(web) and len(address) <= MAX_LINE
    )
