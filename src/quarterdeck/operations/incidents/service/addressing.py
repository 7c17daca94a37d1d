"""Whom an audience is, for one incident: channels, contacts, and the customers that it touches."""

from collections.abc import Iterable, Iterator

from quarterdeck.kernel.work import Work
from quarterdeck.operations.audiences.model import Audience
from quarterdeck.operations.channels.service import keeping as channels
from quarterdeck.operations.contacts import service as contacts
from quarterdeck.operations.contacts.model import Contact, Means, Section
from quarterdeck.operations.incidents.model.bulletin import Way
from quarterdeck.operations.incidents.model.incident import Incident
from quarterdeck.operations.messages.model import Address, Where
from quarterdeck.operations.messages.service import ways as outbox

BY_HAND = "nothing here reaches it: tell them by hand"
NO_CONTACT = "there is no such contact"
CUSTOMER = "a customer, who is told as such alone: once Legal lets them"


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


def ways_of(
    work: Work, incident: Incident, audience: Audience, owner: str
) -> tuple[list[Address], list[Way]]:
    """Where an audience is told, and what of it nothing here reaches.

    Its contacts are those of ``owner``, whose audience it is: nobody names another's. Nothing
    of it comes out at a customer's, by whatever name it goes there.
    """
    to = [Address(where=Where.CHANNEL, name=name) for name in audience.channels]
    deaf: list[Way] = []
    for name in audience.contacts:
        contact = contacts.reached(work, owner, name)
        if contact is None or contact.section is Section.CUSTOMER:
            deaf.append(Way(address=name, why=CUSTOMER if contact else NO_CONTACT))
            continue
        reached, unreached = ways_to(work, incident.tenant, contact)
        to += reached
        deaf += unreached
    to, deaf = _split(work, incident.tenant, to, deaf)
    theirs = _customers_own(work, incident.tenant)
    out = [one for one in to if _goes_to(work, incident.tenant, one) & theirs]
    deaf += [Way(address=one.name, why=CUSTOMER) for one in out]
    return [one for one in to if one not in out], deaf


def ways_to(work: Work, tenant: str, contact: Contact) -> tuple[list[Address], list[Way]]:
    """Where one contact is told: by each mail address, and by chat where a channel goes there.

    A phone, a pager and a portal are for people to use: they are named where nothing else is.
    """
    to = [Address(where=Where.MAIL, name=mail) for mail in _by(contact, Means.MAIL)]
    deaf: list[Way] = []
    for place in _by(contact, Means.CHAT):
        there = channels.of_place(work.db, tenant, place)
        to += [Address(where=Where.CHANNEL, name=name) for name in there]
        deaf += [] if there else [_unreached(contact, Means.CHAT, place)]
    to, deaf = _split(work, tenant, to, deaf)
    if not to:
        others = (one for one in contact.channels if one.means not in (Means.MAIL, Means.CHAT))
        deaf += [_unreached(contact, one.means, one.address) for one in others]
    return to, deaf


def described(contact: Contact) -> str:
    """A contact in one line: ``Acme Corp (mail success@acmecorp.com, chat @acme-csm)``."""
    return f"{contact.title} ({', '.join(_shown(contact))})"


def by_tenant(
    tenants: Iterable[str], customers: Iterable[tuple[Contact, frozenset[str]]]
) -> dict[str, list[str]]:
    """Each affected tenant with its contacts, in words."""
    known = list(customers)
    return {of: [described(one) for one, mine in known if of in mine] for of in tenants}


def _customers_own(work: Work, tenant: str) -> frozenset[str]:
    """Mail addresses and places in chats of every customer that the tenant's incidents know."""
    known = contacts.of_section(work, tenant, Section.CUSTOMER)
    ways = (way for kept in known for way in kept.contact.channels)
    return _plain(way.address for way in ways if way.means in (Means.MAIL, Means.CHAT))


def _goes_to(work: Work, tenant: str, address: Address) -> frozenset[str]:
    """Where an address comes out: of a channel its place, and whoever its mail is for."""
    if address.where is not Where.CHANNEL:
        return _plain([address.name])
    kept = channels.usable(work.db, tenant, address.name)
    return _plain([kept.channel.place, *kept.channel.to]) if kept else frozenset()


def _plain(words: Iterable[str]) -> frozenset[str]:
    """As they compare: ``#Acme`` of a chat is ``acme`` there."""
    plain = (word.strip().removeprefix("#").casefold() for word in words)
    return frozenset(word for word in plain if word)


def _split(
    work: Work, tenant: str, to: Iterable[Address], deaf: list[Way]
) -> tuple[list[Address], list[Way]]:
    """Those of ``to`` that something goes out to; the others are deaf, each with why."""
    reached: list[Address] = []
    for address in dict.fromkeys(to):
        ways = outbox.ways_to(work, tenant, address)
        if any(not way.why for way in ways):
            reached.append(address)
        else:
            deaf = [*deaf, Way(address=address.name, why=ways[0].why)]
    return reached, deaf


def _by(contact: Contact, means: Means) -> Iterator[str]:
    return (one.address for one in contact.channels if one.means is means)


def _shown(contact: Contact) -> Iterator[str]:
    return (f"{one.means.value} {one.address}" for one in contact.channels)


def _unreached(contact: Contact, means: Means, address: str) -> Way:
    return Way(address=f"{contact.title}, {means.value} {address}", why=BY_HAND)
