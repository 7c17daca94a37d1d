"""Incidents' ear: alerts and budgets that demand one, and what belongs on a timeline."""

import re
from collections.abc import Callable, Mapping, Sequence

from quarterdeck.kernel.deliveries import Subscriber
from quarterdeck.kernel.outbox import Fact
from quarterdeck.kernel.text import spaced
from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.operations.escalation.service import keyed
from quarterdeck.operations.incidents import paged, preserved
from quarterdeck.operations.incidents.model.incident import ID, MAX_LINE, Source
from quarterdeck.operations.incidents.model.timeline import Wrote
from quarterdeck.operations.incidents.service import suspecting
from quarterdeck.operations.incidents.service.alerted import demanding, follow, out_of
from quarterdeck.operations.incidents.service.commanding import joined
from quarterdeck.operations.incidents.service.declaring import Told, begin_incident
from quarterdeck.operations.incidents.service.keeping import known
from quarterdeck.operations.incidents.service.leading import acknowledged, worsen
from quarterdeck.operations.incidents.service.paging import key_of
from quarterdeck.operations.severities import service as severities
from quarterdeck.operations.severities.model import Flag

NAME = "incidents"
FIRED = "AlertFired"
OWN = re.compile("Incident|DataLoss|Notice|Audiences|Customers|Regulator|Postmortem")
"""How the facts begin that incidents tell themselves: they stand on the timeline already."""

HIDDEN = frozenset({"tenant", "incident", "about"})


def subscriber() -> Subscriber:
    """Who hears of facts on behalf of incidents."""
    return Subscriber(name=NAME, receive_all=_hear_all)


def _hear_all(work: Work, facts: Sequence[Fact]) -> None:
    """In a storm of alerts and pages most lead to nothing: that is asked for once for all."""
    tenant = facts[0].tenant
    fired = [int(fact.payload["alert"]) for fact in facts if fact.name == FIRED]
    leading = demanding(work, tenant, fired)
    abouts = keyed.abouts(work, tenant, {fact.payload.get("page", "") for fact in facts} - {""})
    for fact in facts:
        if fact.name == FIRED and (alert := leading.get(int(fact.payload["alert"]))):
            out_of(work, alert, source=Source.RULE)
        if (hear := HEARS.get(fact.name)) is not None:
            hear(work, fact)
        _joined(work, fact, _named(fact, abouts))


def _joined(work: Work, fact: Fact, incident: str) -> None:
    if not incident or OWN.match(fact.name):
        return
    page = fact.name in paged.WORDS
    words = paged.words(fact.name, fact.payload)[:MAX_LINE] if page else _words(fact)
    if words:
        kind = Wrote.PAGE if page else Wrote.COMMAND
        joined(work, fact.tenant, incident, kind, words, by=fact.actor, key=fact.id)


def _acknowledged(work: Work, fact: Fact) -> None:
    who, alert = fact.payload["acknowledged_by"], fact.payload["alert"]
    follow(work, fact.tenant, alert, f"Alert #{alert} acknowledged", key=fact.id, who=who)


def _ended(work: Work, fact: Fact) -> None:
    alert, who = fact.payload["alert"], fact.payload.get("resolved_by", "")
    words = f"Alert #{alert} resolved by {who}" if who else f"Alert #{alert} has passed"
    follow(work, fact.tenant, alert, words, key=fact.id)


def _spent(work: Work, fact: Fact) -> None:
    """Runbook 004, L399: half of an error budget is gone; the second severity, all hands."""
    said = fact.payload
    if said["demand"] != "incident":
        return
    rows = severities.ladder(work.db, fact.tenant).severities
    begin_incident(
        work,
        Told(
            tenant=fact.tenant,
            symptom=f"Error budget of {said['slo']} is spent: {said['percent']} %"[:MAX_LINE],
            severity=rows[min(1, len(rows) - 1)].name,
            service=said["service"],
            tenants=(fact.tenant,),
            source=Source.BURN,
            about=f"slo/{said['slo']}/{said['objective']}",
            key=f"slo/{said['slo']}/{said['objective']}",
            first=said["reason"][:MAX_LINE],
        ),
    )


def _tampered(work: Work, fact: Fact) -> None:
    said, about = fact.payload, f"investigation/{fact.payload['investigation']}"
    first = f"{said['what']} at {said['where']}"[:MAX_LINE]
    if going := suspecting.open_about(work, about):
        for one in going:  # it suspected a loss, and so began the investigation
            worsen(work, one, said["severity"], f"Tampering confirmed: {first}", by=fact.actor)
        return
    rows = severities.ladder(work.db, fact.tenant)
    row = rows.named(said["severity"]) or rows.severities[0]
    begin_incident(
        work,
        Told(
            tenant=fact.tenant,
            symptom="Tampering with the trail confirmed",
            severity=row.name,
            service="trail",
            tenants=(fact.tenant,),
            flags=(Flag.INTEGRITY, Flag.SECURITY),
            source=Source.RULE,
            about=about,
            key=about,
            first=first,
        ),
    )


def _answered(work: Work, fact: Fact) -> None:
    """Whoever answers its page is on the incident; other pages may be about it, too."""
    own, page = Tenants(frozenset({fact.tenant})), fact.payload["page"]
    name = _named(fact, keyed.abouts(work, fact.tenant, {page}))
    incident = known(work, own, name) if name else None
    if incident and keyed.is_under(work, fact.tenant, page, key_of(name)):
        acknowledged(work, incident, fact.payload["acknowledged_by"])


def _named(fact: Fact, abouts: Mapping[str, str]) -> str:
    """The incident in whose name something was done, if in any's; ``abouts`` by page."""
    said = str(fact.payload.get("incident") or fact.payload.get("about") or "")
    if "page" in fact.payload:
        said = abouts.get(fact.payload["page"], "")
    name = said.removeprefix("incident/")
    return name if ID.fullmatch(name) else ""


def _words(fact: Fact) -> str:
    """``Dead letters replayed: consumer projection-worker, messages 3``."""
    what = spaced(fact.name)
    said = [
        f"{name} {value}"
        for name, value in fact.payload.items()
        if name not in HIDDEN and isinstance(value, str | int) and value != ""
    ]
    return f"{what}: {', '.join(said)}"[:MAX_LINE] if said else what


HEARS: Mapping[str, Callable[[Work, Fact], None]] = {
    "AlertAcknowledged": _acknowledged,
    "AlertResolved": _ended,
    "AlertEnded": _ended,
    "BudgetStepReached": _spent,
    "PageAcknowledged": _answered,
    "TamperConfirmed": _tampered,
    **preserved.HEARS,
}
"""By the name of the fact: what it means to incidents, each by itself."""
