"""Components of a status page are entered, changed, set by hand, and taken off."""

from hashlib import sha256

import msgspec

from quarterdeck.events.statuspage import (
    StatusComponentRemoved,
    StatusComponentSet,
    StatusComponentWritten,
)
from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.operations.statuspage.model.component import Component, KeptComponent, Status
from quarterdeck.operations.statuspage.model.faults import (
    NoSuchStatusComponent,
    StatusPageChanged,
    UnusableStatusPage,
)
from quarterdeck.operations.statuspage.model.words import MAX_MANY
from quarterdeck.operations.statuspage.service.keeping import READ, WRITE, check_version, found
from quarterdeck.operations.statuspage.service.standing import settle_now
from quarterdeck.operations.statuspage.store import components as store


def put(
    work: Work, tenant: str, component: Component, *, expected: int | None = None
) -> tuple[KeptComponent, bool]:
    """Enter a component, or change it; whether it changed: the same again is nothing new.

    Raises:
        NoSuchStatusPage: there is no page to stand on.
        StatusPageChanged: it is not at the version that was ``expected``; 0: not there yet.
    """
    own = work.require(WRITE, tenant)
    found(work, own)
    old = store.of_name(work.db, own, component.name)
    check_version(f"component {component.name}", old.version if old else 0, expected)
    if old is not None and old.component == component:
        return old, False
    if old is None and len(store.listed(work.db, own)) >= MAX_MANY:
        raise UnusableStatusPage(f"a status page has {MAX_MANY} components at most")
    made = _made(work, tenant, component, old.version + 1 if old else 1)
    if not store.put(work.db, own, made):
        raise _moved(component.name)
    work.publish(_written(made))
    return settle_now(work, known(work, own, component.name)), True


def say(work: Work, tenant: str, name: str, status: Status | None) -> tuple[KeptComponent, bool]:
    """Say how a component is; None: it follows its service again. Whether that is new."""
    own = work.require(WRITE, tenant)
    old = known(work, own, name)
    if old.said is status and not old.post:
        return old, False
    made = set_by_hand(work, own, name, status)
    work.publish(StatusComponentSet(tenant=tenant, component=name, status=status or ""))
    return made, True


def set_by_hand(
    work: Work, own: Tenants, name: str, status: Status | None, *, post: str = ""
) -> KeptComponent:
    """As ``say``, for a post that says so. It asks for no permission, and tells nobody."""
    if not store.say(work.db, own, name, status, post=post):
        raise _no_component(name)
    return settle_now(work, known(work, own, name))


def remove(work: Work, tenant: str, name: str, *, expected: int | None = None) -> None:
    """Take a component off the page, its history with it."""
    own = work.require(WRITE, tenant)
    old = known(work, own, name)
    check_version(f"component {name}", old.version, expected)
    if not store.remove(work.db, own, name, old.version):
        raise _moved(name)
    work.publish(StatusComponentRemoved(tenant=tenant, component=name))


def one(work: Work, tenant: str, name: str) -> KeptComponent:
    """One component; raise NoSuchStatusComponent."""
    return known(work, work.require(READ, tenant), name)


def listed(work: Work, tenant: str) -> list[KeptComponent]:
    """The components of a page, in their order."""
    return store.listed(work.db, work.require(READ, tenant))


def known(work: Work, own: Tenants, name: str) -> KeptComponent:
    """One component; raise NoSuchStatusComponent. It asks for no permission."""
    kept = store.of_name(work.db, own, name)
    if kept is None:
        raise _no_component(name)
    return kept


def _made(work: Work, tenant: str, component: Component, version: int) -> KeptComponent:
    return KeptComponent(
        tenant=tenant, version=version, by=work.actor.id, at=work.now, component=component
    )


def _written(made: KeptComponent) -> StatusComponentWritten:
    spec = msgspec.json.encode(made.component, order="sorted")
    return StatusComponentWritten(
        tenant=made.tenant,
        component=made.component.name,
        version=str(made.version),
        digest=sha256(spec).hexdigest(),
    )


def _no_component(name: str) -> NoSuchStatusComponent:
    return NoSuchStatusComponent(
        f"no component {name[:80]!r}; quarterdeck statuspage show lists those of the page"
    )


def _moved(name: str) -> StatusPageChanged:
    return StatusPageChanged(f"component {name} was changed just now: look at it again")
