"""What stands in place of the names in an audience's words. Pure.

No value is empty: what nobody knows yet is said to be so.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from quarterdeck.kernel.clock import since
from quarterdeck.operations.incidents.model.incident import Incident, Role

UNKNOWN, NONE, NOBODY = "not known yet", "none", "nobody yet"
MINUTE_S, HOUR_MIN, DAY_H = 60, 60, 24


def outward(incident: Incident, update: str, now: datetime) -> dict[str, str]:
    """What anybody may be told, by name; ``tenants`` are those that are affected."""
    return {
        "incident": incident.id,
        "title": incident.title,
        "symptom": incident.symptom,
        "severity": incident.severity.name,
        "status": incident.status.value,
        "service": incident.service or UNKNOWN,
        "services": _listed(incident.services) or incident.service or UNKNOWN,
        "region": incident.region or UNKNOWN,
        "began": utc(incident.began_at),
        "lasted": _span(since(incident.resolved_at or now, incident.began_at)),
        "tenants": _listed(incident.tenants) or UNKNOWN,
        "update": update,
        "next_update": _next_update(incident, now),
    }


def inward(incident: Incident, customers: str, by: str) -> dict[str, str]:
    """What those inside are told besides, by name."""
    return {
        "stage": incident.stage.value,
        "environment": incident.environment or UNKNOWN,
        "flags": _listed(flag.value for flag in incident.flags) or NONE,
        "impact": _impact(incident) or UNKNOWN,
        "customers": customers or UNKNOWN,
        "commander": incident.holder(Role.IC) or NOBODY,
        "war_room": incident.war_room or NONE,
        "cause": "; ".join(incident.root_cause) or UNKNOWN,
        "mitigation": incident.temporary or incident.permanent or UNKNOWN,
        "by": by or "the platform itself",
    }


def customer_lines(of: Mapping[str, Iterable[str]]) -> str:
    """A line for each affected tenant: its contacts, or that none is known."""
    return "\n".join(
        f"- {tenant}: {'; '.join(found) or 'no contact is known'}" for tenant, found in of.items()
    )


def utc(moment: datetime) -> str:
    """To the minute: ``2026-03-01 14:32 UTC``."""
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _next_update(incident: Incident, now: datetime) -> str:
    minutes = incident.severity.update_min
    if minutes is None or not incident.is_open:
        return "when there is something new" if incident.is_open else NONE
    return utc(now + timedelta(minutes=minutes))


def _impact(incident: Incident) -> str:
    impact = incident.impact
    boxes = {
        "complete outage": impact.outage,
        "partial outage": impact.partial,
        "data issue": impact.data,
        "performance degradation": impact.performance,
    }
    said = [word for word, ticked in boxes.items() if ticked]
    said += [impact.partial_words, impact.users, impact.tenants, impact.integrity]
    return "; ".join(word for word in said if word.strip())


def _span(length: timedelta) -> str:
    minutes = int(length.total_seconds()) // MINUTE_S
    hours, minutes = divmod(minutes, HOUR_MIN)
    days, hours = divmod(hours, DAY_H)
    parts = ((days, "d"), (hours, "h"), (minutes, "min"))
    return " ".join(f"{many} {unit}" for many, unit in parts if many) or "less than a minute"


def _listed(words: Iterable[str]) -> str:
    return ", ".join(words)
