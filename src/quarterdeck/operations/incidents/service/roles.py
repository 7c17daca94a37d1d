"""Who has which role in an incident, and what only they may do (runbook 004, L247)."""

from quarterdeck.access.principals import service as principals
from quarterdeck.events.incidents import IncidentRoleGiven
from quarterdeck.kernel.work import Work
from quarterdeck.operations.incidents.model.faults import NotTheirRole
from quarterdeck.operations.incidents.model.incident import TITLES, Incident, Role, check_line
from quarterdeck.operations.incidents.model.timeline import Wrote
from quarterdeck.operations.incidents.service.keeping import WRITE, change, found, write
from quarterdeck.operations.oncall.service import looking as oncall
from quarterdeck.operations.severities.model import Severity


def assign(work: Work, incident_id: str, role: Role, person: str) -> Incident:
    """Give a role to a person, by their word; empty: nobody has it any more."""
    incident = found(work, work.tenants(WRITE), incident_id)
    check_line(person)
    person = person.strip()
    if incident.holder(role) == person:
        return incident
    others = {one: who for one, who in incident.roles.items() if one is not role}
    made = change(work, incident, roles=others | ({role: person} if person else {}))
    words = f"{TITLES[role]}: {person or 'nobody'}"
    write(work, made, Wrote.ROLE, words)
    work.publish(
        IncidentRoleGiven(tenant=made.tenant, incident=made.id, role=role.value, person=person)
    )
    return made


def team_of(work: Work, tenant: str, row: Severity) -> dict[Role, str]:
    """Who has a role to begin with: whose turn it is by the schedules that a severity names.

    Where the tenant has no such schedule, or nobody's turn it is, somebody takes the role.
    """
    turns = {
        Role(role): oncall.answering(work, tenant, schedule, work.now)
        for role, schedule in row.team.items()
    }
    return {role: person.word for role, person in turns.items() if person and person.word}


def holds(work: Work, incident: Incident, *roles: Role) -> bool:
    """Whether the actor has one of ``roles``: it is their id, or a word that means them."""
    words = [incident.holder(role) for role in roles if incident.holder(role)]
    if work.actor.id in words:
        return True
    meant = principals.people(work.db, words, incident.tenant) if words else {}
    return work.actor.id in {str(one.id) for one in meant.values()}


def require_writer(work: Work, incident: Incident) -> None:
    """Who may append: whoever may write incidents, and whoever has a role in this one."""
    if not work.actor.may(WRITE, incident.tenant) and not holds(work, incident, *Role):
        work.require(WRITE, incident.tenant)


def require_commander(work: Work, incident: Incident) -> None:
    """Refuse go and no-go to all but the commander; raise NotTheirRole."""
    require_writer(work, incident)
    if not holds(work, incident, Role.IC):
        who = incident.holder(Role.IC)
        raise NotTheirRole(
            f"decisions are the Incident Commander's: {who}"
            if who
            else f"nobody commands it yet: quarterdeck incident assign {incident.id} --ic YOU"
        )


def require_speaker(work: Work, incident: Incident) -> None:
    """Refuse to speak for it to all but its communications lead and commander, if it has any."""
    require_writer(work, incident)
    speakers = [incident.holder(role) for role in (Role.CL, Role.IC) if incident.holder(role)]
    if speakers and not holds(work, incident, Role.CL, Role.IC):
        raise NotTheirRole(f"updates and notices are for {' or '.join(speakers)}")
