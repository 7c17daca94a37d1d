"""Composes what audiences would be told of an incident: whom, and in which words."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from quarterdeck.access.principals import service as principals
from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.kernel.work import Work
from quarterdeck.operations.audiences import model
from quarterdeck.operations.audiences import service as audiences
from quarterdeck.operations.audiences.model import Audience
from quarterdeck.operations.contacts.model import Contact
from quarterdeck.operations.incidents.model.bulletin import Letter
from quarterdeck.operations.incidents.model.faults import UnusableIncident
from quarterdeck.operations.incidents.model.incident import Incident
from quarterdeck.operations.incidents.model.wording import customer_lines, inward, outward
from quarterdeck.operations.incidents.service.addressing import (
    by_tenant,
    customers_of,
    ways_of,
    ways_to,
)
from quarterdeck.operations.incidents.service.telling import LEVELS, rank_of
from quarterdeck.operations.messages.model import Content

CUSTOMERS = Audience(
    name=model.CUSTOMERS,
    title="Customers",
    subject="${symptom}",
    text="${update}\n\nServices: ${services}\nTenants: ${tenants}\nSince: ${began}\n${status}",
    customers=True,
)
"""The words for customers where a tenant has none of its own."""

MOST = 20
"""Audiences of one update."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """An audience, whose it is, and the version of its words; 0: the house's own."""

    tenant: str
    audience: Audience
    version: int


def every(work: Work, incident: Incident) -> list[Chosen]:
    """Whom an incident can be told to: its tenant's audiences, and the customers in any case."""
    known = audiences.known(work, incident.tenant).values()
    found = [
        Chosen(tenant=kept.tenant, audience=kept.audience, version=kept.version) for kept in known
    ]
    if not any(one.audience.customers for one in found):
        found.append(Chosen(tenant=PLATFORM, audience=CUSTOMERS, version=0))
    return sorted(found, key=lambda one: one.audience.name)


def chosen(work: Work, incident: Incident, names: Sequence[str]) -> list[Chosen]:
    """The audiences that were named; raise UnusableIncident for one that there is not."""
    known = {one.audience.name: one for one in every(work, incident)}
    if not 1 <= len(set(names)) <= MOST:
        raise UnusableIncident(f"name 1 to {MOST} audiences; there are {', '.join(known)}")
    if unknown := [name for name in names if name not in known]:
        raise UnusableIncident(f"no audience {unknown[0][:80]!r}; there are {', '.join(known)}")
    return [known[name] for name in dict.fromkeys(names)]


def of_customers(work: Work, incident: Incident) -> Chosen:
    """The words for customers: the tenant's own before the platform's."""
    found = [one for one in every(work, incident) if one.audience.customers]
    return min(found, key=lambda one: one.tenant != incident.tenant)


def letters(work: Work, incident: Incident, one: Chosen, update: str, by: str) -> list[Letter]:
    """What an audience is told, each letter for whom it is; of customers one for each."""
    if one.audience.customers:
        return [
            _to_customer(work, incident, one, update, contact, affected)
            for contact, affected in customers_of(work, incident)
        ]
    return [_inside(work, incident, one, update, by)]


def _inside(work: Work, incident: Incident, one: Chosen, update: str, by: str) -> Letter:
    audience = one.audience
    lines = customer_lines(by_tenant(incident.tenants, customers_of(work, incident)))
    values = outward(incident, update, work.now) | inward(
        incident, lines, _name(work, incident, by)
    )
    subject, text = audience.filled(values)
    acknowledged = "acknowledged" if incident.acknowledged else "firing"
    content = Content(
        title=subject,
        text=text,
        severity=LEVELS[min(rank_of(work, incident), len(LEVELS) - 1)],
        state=acknowledged if incident.is_open else "resolved",
        priority=incident.severity.priority,
    )
    to, deaf = ways_of(work, incident, audience, one.tenant)
    return Letter(
        audience=audience.name,
        title=audience.title,
        version=one.version,
        content=content,
        to=tuple(to),
        deaf=tuple(deaf),
    )


def _to_customer(
    work: Work,
    incident: Incident,
    one: Chosen,
    update: str,
    contact: Contact,
    affected: frozenset[str],
) -> Letter:
    """In their words alone: no other tenant's name, no severity's colour, no link inside."""
    own = {"tenants": ", ".join(sorted(affected)), "customer": contact.title}
    subject, text = one.audience.filled(outward(incident, update, work.now) | own)
    to, deaf = ways_to(work, incident.tenant, contact)
    return Letter(
        audience=one.audience.name,
        title=contact.title,
        version=one.version,
        content=Content(title=subject, text=text),
        to=tuple(to),
        deaf=tuple(deaf),
        tenants=affected,
    )


def by_itself(work: Work, incident: Incident) -> Iterator[Chosen]:
    """The audiences that are told without asking, at its severity or with its flags."""
    words = {word.casefold() for word in (incident.severity.name, *incident.severity.aliases)}
    for one in every(work, incident):
        named = {word.casefold() for word in one.audience.severities}
        if named & words or {*one.audience.flags} & {*incident.flags}:
            yield one


def _name(work: Work, incident: Incident, by: str) -> str:
    known = principals.people(work.db, [by], incident.tenant).get(by) if by else None
    return known.name if known else by
