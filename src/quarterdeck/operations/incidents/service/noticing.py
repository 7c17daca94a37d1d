"""Customers and regulators are told of incidents, once Legal lets them."""

from collections.abc import Iterable

from quarterdeck.events.incidents import CustomersTold, NoticeApproved, RegulatorTold
from quarterdeck.kernel.work import Work
from quarterdeck.operations.contacts import service as contacts
from quarterdeck.operations.contacts.model import Contact, Section
from quarterdeck.operations.incidents.model.clocks import NOTICE, REGULATORS
from quarterdeck.operations.incidents.model.faults import (
    NobodyToTell,
    NoticeNotApproved,
    UnusableIncident,
)
from quarterdeck.operations.incidents.model.incident import Done, Incident, check_text
from quarterdeck.operations.incidents.model.timeline import Wrote
from quarterdeck.operations.incidents.service.keeping import APPROVE, READ, change, found, write
from quarterdeck.operations.incidents.service.roles import require_speaker
from quarterdeck.operations.incidents.service.telling import mails_of, tell
from quarterdeck.operations.messages.model import Address, Where
from quarterdeck.operations.severities.model import Notice

WAITS = "Customers are told nothing yet: Legal must approve (flags security, data-loss)"
USUAL = "We are aware of a problem that affects you, and are working on it."
ENTER = "quarterdeck contact set NAME --section customer --customer-of TENANT enters who is told"
OVER = "There was a problem that affected you; it is over."


def approve(work: Work, incident_id: str, note: str) -> Incident:
    """Let customers be told, in Legal's name."""
    incident = found(work, work.tenants(APPROVE), incident_id)
    check_text(note)
    made = change(work, incident, approval=Done(at=work.now, by=work.actor.id, note=note))
    write(work, made, Wrote.NOTICE, f"Customer notice approved{_said(note)}")
    work.publish(NoticeApproved(tenant=made.tenant, incident=made.id, note=note))
    return made


def notify_customers(work: Work, incident_id: str, text: str) -> Incident:
    """Tell the customers of the affected tenants, and nobody else.

    Raises:
        NoticeNotApproved: it is about security or lost data, and Legal has not approved.
        NobodyToTell: no customer of those tenants has an address that mail may be sent to.
    """
    incident = found(work, work.tenants(READ), incident_id)
    require_speaker(work, incident)
    check_text(text, least=1)
    if incident.is_gated:
        raise NoticeNotApproved(f"{WAITS}: quarterdeck incident approve {incident.id}")
    made = _notify(work, incident, text, by=None)
    if made is incident:
        raise NobodyToTell(f"{_nobody(incident)}; {ENTER}")
    return made


def notify_at_once(work: Work, incident: Incident) -> Incident:
    """Tell customers if its severity does so at once; where Legal must approve, say that."""
    if incident.severity.notice is Notice.CUSTOMERS and incident.severity.notice_min == 0:
        return notify_by_clock(work, incident)
    return incident


def notify_by_clock(work: Work, incident: Incident) -> Incident:
    """Tell customers because it is time to; where Legal must approve, say that, once."""
    if incident.is_gated:
        write(work, incident, Wrote.NOTICE, WAITS, by="", key="notice/waits")
        return incident
    return _notify(work, incident, OVER if incident.mitigated_at else USUAL, by="")


def tell_over(work: Work, incident: Incident) -> Incident:
    """Tell customers that it is over, if they were told that it was."""
    if incident.notified_at is None or incident.is_gated:
        return incident
    return _notify(work, incident, OVER, by="")


def tell_regulator(work: Work, incident_id: str, regulator: str, note: str) -> Incident:
    """Keep that a regulator was told."""
    incident = found(work, work.tenants(READ), incident_id)
    require_speaker(work, incident)
    check_text(note)
    if regulator not in REGULATORS:
        raise UnusableIncident(f"no regulator {regulator[:40]!r}; there are {_listed(REGULATORS)}")
    done = Done(at=work.now, by=work.actor.id, note=note)
    made = change(work, incident, told={**incident.told, regulator: done})
    write(work, made, Wrote.NOTICE, f"Regulator told: {regulator}{_said(note)}")
    work.publish(
        RegulatorTold(tenant=made.tenant, incident=made.id, regulator=regulator, note=note)
    )
    return made


def customers_of(work: Work, incident: Incident) -> list[tuple[Contact, frozenset[str]]]:
    """The customers of the affected tenants, each with those it stands for.

    The platform's directory is asked for the incident's own tenant alone: what one tenant
    writes into its incident never chooses among the customers of another.
    """
    named, own = frozenset(incident.tenants), frozenset({incident.tenant})
    found_ones = []
    for kept in contacts.of_section(work, incident.tenant, Section.CUSTOMER):
        asked = named if kept.tenant == incident.tenant else named & own
        if affected := asked & {*kept.contact.tenants}:
            found_ones.append((kept.contact, affected))
    return found_ones


def _notify(work: Work, incident: Incident, text: str, *, by: str | None) -> Incident:
    """The incident as it was, where nobody could be told."""
    customers = customers_of(work, incident)
    to = [Address(where=Where.MAIL, name=mail) for one, _ in customers for mail in mails_of(one)]
    key = f"notice/{incident.version + 1}"
    posted = tell(work, incident, to, incident.symptom, key=key, text=text)
    taken = {one.address.name for one in posted if one.message}
    told = [of for one, of in customers if taken & {*mails_of(one)}]
    if not told:
        write(work, incident, Wrote.NOTICE, _nobody(incident), by="", key=f"due/{NOTICE}")
        return incident
    made = change(work, incident, notified_at=incident.notified_at or work.now)
    reached = frozenset[str]().union(*told)
    write(work, made, Wrote.NOTICE, f"Customers told: {_listed(sorted(reached))}: {text}", by=by)
    if unknown := sorted({*made.tenants} - reached):
        write(work, made, Wrote.NOTICE, f"No contact of {_listed(unknown)} is known", by="")
    work.publish(
        CustomersTold(
            tenant=made.tenant,
            incident=made.id,
            tenants=sorted(reached),
            people=len(taken),
            text=text,
        )
    )
    return made


def _nobody(incident: Incident) -> str:
    if not incident.tenants:
        return "No customer was told: no tenant is named as affected"
    return f"No customer was told: no contact of {_listed(incident.tenants)} has an address"


def _listed(words: Iterable[str]) -> str:
    return ", ".join(words)


def _said(note: str) -> str:
    return f": {note}" if note.strip() else ""
