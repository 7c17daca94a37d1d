"""Customers and regulators are told of incidents, once Legal lets them."""

from collections.abc import Iterable

from quarterdeck.events.incidents import CustomersTold, NoticeApproved, RegulatorTold
from quarterdeck.kernel.work import Work
from quarterdeck.operations.incidents.model.bulletin import Bulletin
from quarterdeck.operations.incidents.model.clocks import NOTICE, REGULATORS
from quarterdeck.operations.incidents.model.faults import (
    NobodyToTell,
    NoticeNotApproved,
    UnusableIncident,
)
from quarterdeck.operations.incidents.model.incident import Done, Incident, check_text
from quarterdeck.operations.incidents.model.timeline import Wrote
from quarterdeck.operations.incidents.service.addressing import customers_of, ways_to
from quarterdeck.operations.incidents.service.composing import Chosen, letters, of_customers
from quarterdeck.operations.incidents.service.delivering import deliver, reached
from quarterdeck.operations.incidents.service.keeping import (
    APPROVE,
    READ,
    change,
    expect,
    found,
    write,
)
from quarterdeck.operations.incidents.service.roles import require_speaker
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


def notify_customers(
    work: Work, incident_id: str, text: str, *, expected: int | None = None
) -> Incident:
    """Tell the customers of the affected tenants, and nobody else.

    Raises:
        IncidentChanged: it is not at the version that was ``expected``, as after a notice.
        NoticeNotApproved: it is about security or lost data, and Legal has not approved.
        NobodyToTell: no customer of those tenants has an address that mail may be sent to.
    """
    incident = found(work, work.tenants(READ), incident_id)
    require_speaker(work, incident)
    expect(incident, expected)
    check_text(text, least=1)
    made, _ = notify(work, incident, of_customers(work, incident), text, by=None)
    return made


def notify(
    work: Work, incident: Incident, one: Chosen, text: str, *, by: str | None
) -> tuple[Incident, list[Bulletin]]:
    """As ``notify_customers``, in the words of an audience; it asks for no permission.

    ``by`` None: the actor; empty: nobody.
    """
    if incident.is_gated:
        raise NoticeNotApproved(refusal(work, incident))
    made, sent = _notify(work, incident, one, text, by=by)
    if made is incident:
        raise NobodyToTell(f"{_nobody(incident)}; {ENTER}")
    return made, sent


def refusal(work: Work, incident: Incident) -> str:
    """Why customers are told nothing as things stand; empty: they can be told."""
    if incident.is_gated:
        return f"{WAITS}: quarterdeck incident approve {incident.id}"
    known = customers_of(work, incident)
    can = any(ways_to(work, incident.tenant, contact)[0] for contact, _ in known)
    return "" if can else f"{_nobody(incident)}; {ENTER}"


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
    return _by_itself(work, incident, OVER if incident.mitigated_at else USUAL)


def tell_over(work: Work, incident: Incident) -> Incident:
    """Tell customers that it is over, if they were told that it was."""
    if incident.notified_at is None or incident.is_gated:
        return incident
    return _by_itself(work, incident, OVER)


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


def _by_itself(work: Work, incident: Incident, text: str) -> Incident:
    return _notify(work, incident, of_customers(work, incident), text, by="")[0]


def _notify(
    work: Work, incident: Incident, one: Chosen, text: str, *, by: str | None
) -> tuple[Incident, list[Bulletin]]:
    """The incident as it was, where nobody could be told."""
    written = letters(work, incident, one, text, "")
    who = work.actor.id if by is None else by
    sent = deliver(work, incident, written, key=f"notice/{incident.version + 1}", by=who)
    pairs = list(zip(written, sent, strict=True))
    told = [letter.tenants for letter, made in pairs if reached([made])]
    if not told:
        write(work, incident, Wrote.NOTICE, _nobody(incident), by="", key=f"due/{NOTICE}")
        return incident, sent
    made = change(work, incident, notified_at=incident.notified_at or work.now)
    found_ones = frozenset[str]().union(*told)
    write(work, made, Wrote.NOTICE, f"Customers told: {_listed(sorted(found_ones))}: {text}", by=by)
    if unknown := sorted({*made.tenants} - found_ones):
        write(work, made, Wrote.NOTICE, f"No contact of {_listed(unknown)} is known", by="")
    work.publish(
        CustomersTold(
            tenant=made.tenant,
            incident=made.id,
            tenants=sorted(found_ones),
            people=reached(sent),
            text=text,
        )
    )
    return made, sent


def _nobody(incident: Incident) -> str:
    if not incident.tenants:
        return "No customer was told: no tenant is named as affected"
    return f"No customer was told: no contact of {_listed(incident.tenants)} has an address"


def _listed(words: Iterable[str]) -> str:
    return ", ".join(words)


def _said(note: str) -> str:
    return f": {note}" if note.strip() else ""
