"""While an incident of such a severity is open, nothing but its mending is deployed."""

from quarterdeck.kernel.ids import TenantId
from quarterdeck.kernel.work import Work
from quarterdeck.operations.changes import service as changes
from quarterdeck.operations.changes.model import Freeze, Level
from quarterdeck.operations.incidents.model.incident import Incident
from quarterdeck.operations.incidents.model.timeline import Wrote
from quarterdeck.operations.incidents.service.keeping import write

SOURCE = "incident"
LONGEST = 500


def freeze(work: Work, incident: Incident) -> None:
    """Refuse deployments, if its severity says so; what mends it, a hotfix, goes on."""
    if not incident.severity.freeze:
        return
    one = Freeze(
        id=work.new_id(),
        tenant=TenantId(incident.tenant),
        key=_key(incident),
        level=Level.EMERGENCY,
        reason=f"{incident.id} {incident.title}"[:LONGEST],
        since=work.now,
        by=work.actor.id,
        source=SOURCE,
    )
    changes.put_in_force(work, one)
    write(work, incident, Wrote.CHANGE, "Deployments frozen", by="", key=f"freeze/{one.id}")


def thaw(work: Work, incident: Incident) -> None:
    """Refuse nothing more because of it."""
    changes.thaw_key(work, incident.tenant, _key(incident))


def _key(incident: Incident) -> str:
    return f"incident:{incident.id}"
