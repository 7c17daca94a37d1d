"""Methods of people: written, removed, looked at."""

from hashlib import sha256

import msgspec
from sqlalchemy import Connection

from quarterdeck.access.tenants import service as access
from quarterdeck.events.channels import MethodsRemoved, MethodsWritten
from quarterdeck.kernel.errors import NotFound
from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.operations.channels.model.methods import KeptMethods, Methods, MethodsChanged
from quarterdeck.operations.channels.service.keeping import READ, WRITE
from quarterdeck.operations.channels.store import methods as store

MOST = 1000


class NoSuchMethods(NotFound):
    """It was not said how this person is reached, or this actor may not see it."""


def put(
    work: Work, tenant: str, methods: Methods, *, expected: int | None = None
) -> tuple[KeptMethods, bool]:
    """Say how a person is reached; whether it changed: the same again is nothing new.

    Raises:
        MethodsChanged: they are not at the version that was ``expected``; 0: not there yet.
    """
    own = work.require(WRITE, tenant)
    if tenant != PLATFORM:
        access.require_open(work, tenant)
    old = store.of_person(work.db, own, methods.person)
    _check_version(methods.person, old.version if old else 0, expected)
    if old is not None and old.methods == methods:
        return old, False
    made = KeptMethods(
        tenant=tenant,
        version=old.version + 1 if old else 1,
        by=work.actor.id,
        at=work.now,
        methods=methods,
    )
    if not store.put(work.db, own, made):
        raise _moved(methods.person)
    work.publish(_written(made))
    return made, True


def remove(work: Work, tenant: str, person: str, *, expected: int | None = None) -> None:
    """Forget how a person is reached; raise NoSuchMethods, MethodsChanged."""
    own = work.require(WRITE, tenant)
    old = _found(work, own, person)
    _check_version(person, old.version, expected)
    if not store.remove(work.db, own, person, old.version):
        raise _moved(person)
    work.publish(MethodsRemoved(tenant=tenant, person=person, version=str(old.version)))


def one(work: Work, tenant: str, person: str) -> KeptMethods:
    """How a person is reached; raise NoSuchMethods."""
    return _found(work, work.require(READ, tenant), person)


def listed(work: Work, tenant: str = "") -> list[KeptMethods]:
    """Of whom it is said how they are reached, by tenant and person."""
    tenants = work.require(READ, tenant) if tenant else work.tenants(READ)
    return store.listed(work.db, tenants, MOST)


def methods_of(db: Connection, tenant: str, person: str) -> KeptMethods | None:
    """How a person is reached, for whoever tells them: it asks for no permission."""
    return store.of_person(db, Tenants(frozenset({tenant})), person)


def _found(work: Work, own: Tenants, person: str) -> KeptMethods:
    kept = store.of_person(work.db, own, person)
    if kept is None:
        raise NoSuchMethods(f"it is not said how {person[:80]!r} is reached")
    return kept


def _moved(person: str) -> MethodsChanged:
    return MethodsChanged(f"the methods of {person} were changed just now: look at them again")


def _check_version(person: str, now: int, expected: int | None) -> None:
    if expected is not None and expected != now:
        raise MethodsChanged(
            f"the methods of {person[:80]} are at version {now}, not {expected}: look again"
        )


def _written(made: KeptMethods) -> MethodsWritten:
    spec = msgspec.json.encode(made.methods, order="sorted")
    return MethodsWritten(
        tenant=made.tenant,
        person=made.methods.person,
        version=str(made.version),
        digest=sha256(spec).hexdigest(),
    )
