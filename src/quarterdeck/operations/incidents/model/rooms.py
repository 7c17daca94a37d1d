"""War rooms: how they are called, and what their topic says (runbook 004, L249, L741). Pure."""

from collections.abc import Collection
from datetime import UTC, datetime

from quarterdeck.operations.incidents.model.incident import Incident
from quarterdeck.operations.incidents.model.stage import Status
from quarterdeck.operations.severities.model import Flag


def room_name(incident: Incident, at: datetime, taken: Collection[str] = ()) -> str:
    """``#incident-2025-10-30-1432``, by UTC; a second one of the same name gets a number."""
    utc = at.astimezone(UTC)
    security = Flag.SECURITY in incident.flags
    name = f"#security-incident-{utc:%Y%m%d}" if security else f"#incident-{utc:%Y-%m-%d-%H%M}"
    names = (name, *(f"{name}-{number}" for number in range(2, len(taken) + 3)))
    return next(one for one in names if one not in taken)


def has_channel(incident: Incident) -> bool:
    """Whether it has a channel of its own: its severity has a war room, or somebody opened one.

    The channel does not wait until the room opens: whoever is paged finds each other there.
    """
    return bool(incident.war_room) or incident.severity.war_room_min is not None


def topic(incident: Incident) -> str:
    """``[SEV-2] [Ingestion] High Latency``; what became of it follows once it is known."""
    service = f" [{incident.service}]" if incident.service else ""
    status = incident.status
    stands = "" if status is Status.INVESTIGATING else f" - {status.value}"
    return f"[{incident.severity.name}]{service} {incident.symptom}{stands}"
