"""What people do with the directory, and what they ask of it."""

from collections.abc import Iterable, Sequence
from hashlib import sha256

import msgspec

from quarterdeck.access.tenants import service as access
from quarterdeck.events.contacts import ContactRemoved, ContactWritten
from quarterdeck.kernel import versions
from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.operations.contacts import store
from quarterdeck.operations.contacts.model import (
    Contact,
    ContactChanged,
    Kept,
    NoSuchContact,
    Section,
    UnusableContact,
    words_of,
)

READ, WRITE = "contacts:read", "contacts:write"
MOST = 1000
"""Contacts of one tenant, and shown at once."""

ORDER = {section: place for place, section in enumerate(Section)}


def put(
    work: Work, tenant: str, contact: Contact, *, expected: int | None = None
) -> tuple[Kept, bool]:
    """Enter a contact, or change it; whether it changed: the same again is nothing new.

    Raises:
        ContactChanged: it is not at the version that was ``expected``; 0: not there yet.
    """
    own = work.require(WRITE, tenant)
    if tenant != PLATFORM:
        access.require_open(work, tenant)
    old = store.of_name(work.db, own, contact.name)
    versions.expect(f"contact {contact.name}", old.version if old else 0, expected, ContactChanged)
    if old is not None and old.contact == contact:
        return old, False
    if old is None and _many(work, own) >= MOST:
        raise UnusableContact(f"a tenant has at most {MOST} contacts")
    version = old.version + 1 if old else 1
    made = Kept(tenant=tenant, version=version, by=work.actor.id, at=work.now, contact=contact)
    if not store.put(work.db, own, made):
        raise _moved(contact.name)
    work.publish(_written(made))
    return made, True


def remove(work: Work, tenant: str, name: str, *, expected: int | None = None) -> None:
    """Take a contact out of the directory; raise NoSuchContact, ContactChanged."""
    own = work.require(WRITE, tenant)
    old = _found(work, own, name)
    versions.expect(f"contact {name}", old.version, expected, ContactChanged)
    if not store.remove(work.db, own, name, old.version):
        raise _moved(name)
    work.publish(ContactRemoved(tenant=tenant, contact=name, version=str(old.version)))


def one(work: Work, tenant: str, name: str) -> Kept:
    """One contact; raise NoSuchContact."""
    return _found(work, work.require(READ, tenant), name)


def reached(work: Work, tenant: str, name: str) -> Contact | None:
    """A tenant's contact of that name, if there is one.

    In nobody's name: for whoever must tell them.
    """
    kept = store.of_name(work.db, Tenants(frozenset({tenant})), name)
    return None if kept is None else kept.contact


def listed(
    work: Work,
    tenant: str = "",
    *,
    section: str = "",
    level: int = 0,
    after: tuple[str, str] = ("", ""),
    limit: int = MOST,
) -> list[Kept]:
    """Contacts by tenant and name."""
    tenants = work.require(READ, tenant) if tenant else work.tenants(READ)
    return store.listed(work.db, tenants, section=section, level=level, after=after, limit=limit)


def directory(work: Work, tenant: str = "") -> list[Kept]:
    """All contacts as people look for them: by section, level and title."""
    return sorted(listed(work, tenant), key=_place)


def suggested(work: Work, tenant: str, about: Iterable[str]) -> Sequence[Kept]:
    """Who knows about an alert of ``tenant``, from the values of its labels.

    Its own contacts and the platform's, as far as the actor may see them.
    """
    words = words_of(about)
    found = [
        kept
        for of in dict.fromkeys((tenant, PLATFORM))
        if work.actor.may(READ, of)
        for kept in listed(work, of)
        if kept.contact.knows(words)
    ]
    return sorted(found, key=_place)


def knowing(work: Work, tenant: str, about: Iterable[str]) -> list[Kept]:
    """As ``suggested``, for what tells people by itself: in no person's name."""
    words = words_of(about)
    return [kept for kept in _of(work, tenant) if kept.contact.knows(words)]


def of_section(work: Work, tenant: str, section: Section) -> list[Kept]:
    """A tenant's own of a section, and the platform's; in no person's name."""
    return [kept for kept in _of(work, tenant) if kept.contact.section is section]


def counts(work: Work, tenants: Tenants) -> dict[tuple[str, str], int]:
    """How many contacts there are, by tenant and section."""
    return store.counts(work.db, tenants)


def _of(work: Work, tenant: str) -> list[Kept]:
    both = Tenants(frozenset({tenant, PLATFORM}))
    return sorted(store.listed(work.db, both, limit=2 * MOST), key=_place)


def _found(work: Work, own: Tenants, name: str) -> Kept:
    kept = store.of_name(work.db, own, name)
    if kept is None:
        raise NoSuchContact(
            f"no contact {name[:80]!r}; quarterdeck contact list shows who there is"
        )
    return kept


def _moved(name: str) -> ContactChanged:
    return ContactChanged(f"contact {name} was changed just now: look at it again")


def _many(work: Work, own: Tenants) -> int:
    return sum(store.counts(work.db, own).values())


def _place(kept: Kept) -> tuple[int, int, str, str]:
    one = kept.contact
    return ORDER[one.section], one.level, one.title.lower(), one.name


def _written(made: Kept) -> ContactWritten:
    spec = msgspec.json.encode(made.contact, order="sorted")
    return ContactWritten(
        tenant=made.tenant,
        contact=made.contact.name,
        version=str(made.version),
        digest=sha256(spec).hexdigest(),
    )
