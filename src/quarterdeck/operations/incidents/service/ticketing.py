"""The ticket of an incident, in the system of tickets that its tenant has."""

from quarterdeck.kernel.work import Work
from quarterdeck.operations.incidents.model.incident import Incident
from quarterdeck.operations.incidents.service import reporting
from quarterdeck.operations.incidents.service.looking import account_of
from quarterdeck.operations.incidents.service.telling import DECLARED, tell_desks


def open_ticket(work: Work, incident: Incident) -> None:
    """Have a ticket be opened in the form of runbook 004 (topic 8), if its severity has one."""
    if not incident.severity.ticket:
        return
    known = account_of(work, incident)
    words = reporting.ticket(known, work.now, {})
    tell_desks(work, incident, f"{incident.id} {incident.title}", key=DECLARED, text=words)
