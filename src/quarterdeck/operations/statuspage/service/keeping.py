"""Status pages are written, published and taken away."""

from dataclasses import replace
from hashlib import sha256

import msgspec

from quarterdeck.access.tenants import service as access
from quarterdeck.events.statuspage import (
    StatusPagePublished,
    StatusPageRemoved,
    StatusPageWritten,
)
from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.operations.statuspage.model.faults import (
    NoSuchStatusPage,
    SlugTaken,
    StatusPageChanged,
)
from quarterdeck.operations.statuspage.model.page import Kept, StatusPage
from quarterdeck.operations.statuspage.store import pages as store

READ, WRITE = "statuspage:read", "statuspage:write"


def put(
    work: Work, tenant: str, page: StatusPage, *, expected: int | None = None
) -> tuple[Kept, bool]:
    """Write a tenant's page; whether it changed: the same again is nothing new.

    Raises:
        StatusPageChanged: it is not at the version that was ``expected``; 0: not there yet.
        SlugTaken: another page has that address.
    """
    own = work.require(WRITE, tenant)
    if tenant != PLATFORM:
        access.require_open(work, tenant)
    old = of_tenant(work, own)
    check_version("the status page", old.version if old else 0, expected)
    if old is not None and old.page == page:
        return old, False
    _refuse_taken(work, tenant, page.slug)
    made = Kept(
        tenant=tenant,
        version=old.version + 1 if old else 1,
        published=old.published if old else False,
        by=work.actor.id,
        at=work.now,
        page=page,
    )
    _write(work, own, made)
    digest = sha256(msgspec.json.encode(page, order="sorted")).hexdigest()
    work.publish(
        StatusPageWritten(tenant=tenant, slug=page.slug, version=str(made.version), digest=digest)
    )
    return made, True


def publish(work: Work, tenant: str, *, shown: bool) -> tuple[Kept, bool]:
    """Have strangers see a page, or not any more; whether that is new."""
    own = work.require(WRITE, tenant)
    if shown and tenant != PLATFORM:
        access.require_open(work, tenant)
    return _publish(work, own, found(work, own), shown=shown)


def close(work: Work, tenant: str) -> None:
    """Have nobody see the page of a tenant that ended, if it has one. In no person's name."""
    own = Tenants(frozenset({tenant}))
    old = of_tenant(work, own)
    if old is not None:
        _publish(work, own, old, shown=False)


def remove(work: Work, tenant: str, *, expected: int | None = None) -> None:
    """Take a page away, its components, posts and subscribers with it."""
    own = work.require(WRITE, tenant)
    old = found(work, own)
    check_version("the status page", old.version, expected)
    if not store.remove(work.db, own, old.version):
        raise _moved()
    work.publish(StatusPageRemoved(tenant=tenant, slug=old.page.slug))


def one(work: Work, tenant: str) -> Kept:
    """A tenant's page; raise NoSuchStatusPage."""
    return found(work, work.require(READ, tenant))


def listed(work: Work) -> list[Kept]:
    """Every page that the actor may see, by tenant."""
    return store.listed(work.db, work.tenants(READ))


def found(work: Work, own: Tenants) -> Kept:
    """The page of one tenant; raise NoSuchStatusPage. It asks for no permission."""
    kept = of_tenant(work, own)
    if kept is None:
        raise NoSuchStatusPage("there is no status page yet: quarterdeck statuspage set SLUG")
    return kept


def of_tenant(work: Work, own: Tenants) -> Kept | None:
    """The page of one tenant, if it has one. It asks for no permission."""
    return next(iter(store.listed(work.db, own)), None)


def check_version(what: str, now: int, expected: int | None) -> None:
    """Refuse a change that was meant for another version; raise StatusPageChanged."""
    if expected is not None and expected != now:
        raise StatusPageChanged(
            f"{what} is at version {now}, not {expected}: look at it again"
            if now
            else f"{what} is not there now, you expected version {expected}"
        )


def _publish(work: Work, own: Tenants, old: Kept, *, shown: bool) -> tuple[Kept, bool]:
    if old.published == shown:
        return old, False
    version = old.version + 1
    made = replace(old, version=version, published=shown, by=work.actor.id, at=work.now)
    _write(work, own, made)
    work.publish(StatusPagePublished(tenant=made.tenant, slug=made.page.slug, shown=shown))
    return made, True


def _refuse_taken(work: Work, tenant: str, slug: str) -> None:
    other = store.of_slug(work.db, slug)
    if other is not None and other.tenant != tenant:
        raise SlugTaken(f"another status page stands at /status/{slug}: choose another slug")


def _write(work: Work, own: Tenants, made: Kept) -> None:
    if not store.put(work.db, own, made):
        raise _moved()


def _moved() -> StatusPageChanged:
    return StatusPageChanged("the status page was changed just now: look at it again")
