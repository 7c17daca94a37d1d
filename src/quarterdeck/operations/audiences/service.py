"""What people do with audiences."""

from hashlib import sha256

import msgspec

from quarterdeck.access.tenants import service as access
from quarterdeck.events.audiences import AudienceRemoved, AudienceWritten
from quarterdeck.kernel import versions
from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.operations.audiences import store
from quarterdeck.operations.audiences.model import (
    Audience,
    AudienceChanged,
    Kept,
    NoSuchAudience,
    UnusableAudience,
)

READ, WRITE = "audiences:read", "audiences:write"
MOST = 200
"""Audiences of one tenant."""


def put(
    work: Work, tenant: str, audience: Audience, *, expected: int | None = None
) -> tuple[Kept, bool]:
    """Keep an audience, or change it; whether it changed: the same again is nothing new.

    Raises:
        AudienceChanged: it is not at the version that was ``expected``; 0: not there yet.
    """
    own = work.require(WRITE, tenant)
    if tenant != PLATFORM:
        access.require_open(work, tenant)
    old = store.of_name(work.db, own, audience.name)
    versions.expect(
        f"audience {audience.name}", old.version if old else 0, expected, AudienceChanged
    )
    if old is not None and old.audience == audience:
        return old, False
    if old is None and store.count(work.db, own) >= MOST:
        raise UnusableAudience(f"a tenant has at most {MOST} audiences")
    version = old.version + 1 if old else 1
    made = Kept(tenant=tenant, version=version, by=work.actor.id, at=work.now, audience=audience)
    if not store.put(work.db, own, made):
        raise _moved(audience.name)
    work.publish(_written(made))
    return made, True


def remove(work: Work, tenant: str, name: str, *, expected: int | None = None) -> None:
    """Take an audience out; raise NoSuchAudience, AudienceChanged."""
    own = work.require(WRITE, tenant)
    old = _found(work, own, name)
    versions.expect(f"audience {name}", old.version, expected, AudienceChanged)
    if not store.remove(work.db, own, name, old.version):
        raise _moved(name)
    work.publish(AudienceRemoved(tenant=tenant, audience=name, version=str(old.version)))


def one(work: Work, tenant: str, name: str) -> Kept:
    """One audience; raise NoSuchAudience."""
    return _found(work, work.require(READ, tenant), name)


def listed(
    work: Work, tenant: str = "", *, after: tuple[str, str] = ("", ""), limit: int = MOST
) -> list[Kept]:
    """Audiences by tenant and name."""
    tenants = work.require(READ, tenant) if tenant else work.tenants(READ)
    return store.listed(work.db, tenants, after=after, limit=limit)


def known(work: Work, tenant: str) -> dict[str, Kept]:
    """Whom incidents of a tenant can be told to, by name: the platform's, and its own before them.

    In nobody's name: for whoever tells them.
    """
    both = Tenants(frozenset({tenant, PLATFORM}))
    found = store.listed(work.db, both, limit=2 * MOST)
    ordered = sorted(found, key=lambda kept: (kept.tenant == tenant, kept.audience.name))
    return {kept.audience.name: kept for kept in ordered}


def counts(work: Work, tenants: Tenants) -> dict[str, int]:
    """How many there are, by tenant."""
    return store.counts(work.db, tenants)


def _found(work: Work, own: Tenants, name: str) -> Kept:
    kept = store.of_name(work.db, own, name)
    if kept is None:
        raise NoSuchAudience(
            f"no audience {name[:80]!r}; quarterdeck audience list shows which there are"
        )
    return kept


def _moved(name: str) -> AudienceChanged:
    return AudienceChanged(f"audience {name} was changed just now: look at it again")


def _written(made: Kept) -> AudienceWritten:
    spec = msgspec.json.encode(made.audience, order="sorted")
    return AudienceWritten(
        tenant=made.tenant,
        audience=made.audience.name,
        version=str(made.version),
        digest=sha256(spec).hexdigest(),
    )
