"""What was done elsewhere in an incident's name stands on its timeline."""

from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.operations.incidents.model.timeline import Wrote
from quarterdeck.operations.incidents.service.keeping import write
from quarterdeck.operations.incidents.store import incidents as store


def joined(  # noqa: PLR0913  a line has so many parts
    work: Work, tenant: str, incident_id: str, kind: Wrote, text: str, *, by: str, key: str
) -> bool:
    """Write down what was done; False where the tenant has no such incident, or has it written."""
    incident = store.of_id(work.db, Tenants(frozenset({tenant})), incident_id)
    if incident is None:
        return False
    return write(work, incident, kind, text, by=by, key=key)
