"""Customers and regulators are told of incidents, once Legal lets them."""

from collections.abc import Iterable

from quarterdeck.events.incidents import CustomersTold, NoticeApproved, RegulatorTold
from quarterdeck.kernel.work import Work
from quarterdeck.operations.contacts import service as contacts
from quarterdeck.operations.contacts.model import Contact, Section
from quarterdeck.operations.incidents.model.clocks import REGULATORS
from quarterdeck.operations.incidents.model.faults import NoticeNotApproved, UnusableIncident
from quarterdeck.operations.incidents.model.incident import Done, Incident, check_text
from quarterdeck.operations.incidents.model.timeline import Wrote
from quarterdeck.operations.incidents.service.keeping import APPROVE, READ, change, found, write
from quarterdeck.operations.incidents.service.roles import require_speaker
from quarterdeck.operations.incidents.service.telling import mails_of, tell
from quarterdeck.operations.messages.model import Address, Where
from quarterdeck.operations.severities.model import Notice

WAITS = "Customers are told nothing yet: Legal must approve (flags security, data-loss)"
USUAL = "We are aware of a problem that affects you, and are working on it."


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
    """
    incident = found(work, work.tenants(READ), incident_id)
    require_speaker(work, incident)
    check_text(text, least=1)
    if incident.is_gated:
        raise NoticeNotApproved(f"{WAITS}: quarterdeck incident approve {incident.id}")
    return _notify(work, incident, text, by=None)


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
    return _notify(work, incident, USUAL, by="")


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


def customers_of(work: Work, incident: Incident) -> list[Contact]:
    """The customers of the affected tenants, as the directory has them."""
    affected = {*incident.tenants}
    known = contacts.of_section(work, incident.tenant, Section.CUSTOMER)
    return [kept.contact for kept in known if affected & {*kept.contact.tenants}]


def _notify(work: Work, incident: Incident, text: str, *, by: str | None) -> Incident:
    told = customers_of(work, incident)
    to = [Address(where=Where.MAIL, name=mail) for one in told for mail in mails_of(one)]
    made = change(work, incident, notified_at=work.now)
    tell(work, made, to, made.symptom, key=f"notice/{made.version}", text=text)
    reached = {tenant for one in told for tenant in one.tenants} & {*made.tenants}
    line = f"Customers told: {_listed(sorted(reached)) or 'none in the directory'}: {text}"
    write(work, made, Wrote.NOTICE, line, by=by)
    if unknown := sorted({*made.tenants} - reached):
        write(work, made, Wrote.NOTICE, f"No contact of {_listed(unknown)} is known", by="")
    work.publish(
        CustomersTold(
            tenant=made.tenant,
            incident=made.id,
            tenants=sorted(reached),
            people=len(to),
            text=text,
        )
    )
    return made


def _listed(words: Iterable[str]) -> str:
    return ", ".join(words)


def _said(note: str) -> str:
    return f": {note}" if note.strip() else ""
