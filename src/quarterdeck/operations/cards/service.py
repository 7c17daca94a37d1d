"""What people do with quick-reference cards."""

from hashlib import sha256

import msgspec

from quarterdeck.access.tenants import service as access
from quarterdeck.events.cards import CardRemoved, CardWritten
from quarterdeck.kernel import versions
from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.operations.cards import store
from quarterdeck.operations.cards.model import Card, CardChanged, Kept, NoSuchCard, UnusableCard

READ, WRITE = "cards:read", "cards:write"
MOST = 200
"""Cards of one tenant."""


def put(work: Work, tenant: str, card: Card, *, expected: int | None = None) -> tuple[Kept, bool]:
    """Keep a card, or change it; whether it changed: the same again is nothing new.

    Raises:
        CardChanged: it is not at the version that was ``expected``; 0: not there yet.
    """
    own = work.require(WRITE, tenant)
    if tenant != PLATFORM:
        access.require_open(work, tenant)
    old = store.of_name(work.db, own, card.name)
    versions.expect(f"card {card.name}", old.version if old else 0, expected, CardChanged)
    if old is not None and old.card == card:
        return old, False
    if old is None and store.count(work.db, own) >= MOST:
        raise UnusableCard(f"a tenant has at most {MOST} cards")
    version = old.version + 1 if old else 1
    made = Kept(tenant=tenant, version=version, by=work.actor.id, at=work.now, card=card)
    if not store.put(work.db, own, made):
        raise _moved(card.name)
    work.publish(_written(made))
    return made, True


def remove(work: Work, tenant: str, name: str, *, expected: int | None = None) -> None:
    """Take a card out; raise NoSuchCard, CardChanged."""
    own = work.require(WRITE, tenant)
    old = _found(work, own, name)
    versions.expect(f"card {name}", old.version, expected, CardChanged)
    if not store.remove(work.db, own, name, old.version):
        raise _moved(name)
    work.publish(CardRemoved(tenant=tenant, card=name, version=str(old.version)))


def one(work: Work, tenant: str, name: str) -> Kept:
    """One card; raise NoSuchCard."""
    return _found(work, work.require(READ, tenant), name)


def listed(
    work: Work, tenant: str = "", *, after: tuple[str, str] = ("", ""), limit: int = MOST
) -> list[Kept]:
    """Cards by tenant and name."""
    tenants = work.require(READ, tenant) if tenant else work.tenants(READ)
    return store.listed(work.db, tenants, after=after, limit=limit)


def beside(work: Work, tenant: str, severity: frozenset[str]) -> list[Card]:
    """The cards for an incident of a tenant whose severity is called one of those words.

    Its own and the platform's, as far as the actor may see them.
    """
    return [
        kept.card
        for of in dict.fromkeys((tenant, PLATFORM))
        if work.actor.may(READ, of)
        for kept in listed(work, of)
        if kept.card.is_for(severity)
    ]


def _found(work: Work, own: Tenants, name: str) -> Kept:
    kept = store.of_name(work.db, own, name)
    if kept is None:
        raise NoSuchCard(f"no card {name[:80]!r}; quarterdeck card list shows which there are")
    return kept


def _moved(name: str) -> CardChanged:
    return CardChanged(f"card {name} was changed just now: look at it again")


def _written(made: Kept) -> CardWritten:
    spec = msgspec.json.encode(made.card, order="sorted")
    return CardWritten(
        tenant=made.tenant,
        card=made.card.name,
        version=str(made.version),
        digest=sha256(spec).hexdigest(),
    )
