"""What people do with principals and grants. A grant or its end holds from the next request."""

from collections.abc import Collection

from sqlalchemy import Connection

from quarterdeck.access.epoch import service as epoch
from quarterdeck.access.principals import store
from quarterdeck.access.principals.model import (
    EmailTaken,
    Grant,
    GrantExists,
    Identity,
    Kind,
    LastAdmin,
    NoSuchGrant,
    NoSuchPrincipal,
    Principal,
    PrincipalIsDisabled,
    Standing,
    check_within,
    pairs_of,
)
from quarterdeck.access.roles.model import ADMIN, role
from quarterdeck.access.tenants import service as tenants
from quarterdeck.events.access import (
    PrincipalCreated,
    PrincipalDisabled,
    PrincipalLinked,
    RoleGranted,
    RoleRevoked,
)
from quarterdeck.kernel.clock import micros
from quarterdeck.kernel.ids import PLATFORM, PrincipalId, TenantId
from quarterdeck.kernel.work import Work


def create(
    work: Work, kind: Kind, name: str, *, email: str = "", home: str = PLATFORM
) -> Principal:
    """Add a person or a program, who may do nothing yet; raise EmailTaken."""
    work.require("principals:create", home)
    epoch.advance(work)
    _require_open(work, home)
    principal = Principal(
        id=PrincipalId(work.new_id()),
        kind=kind,
        name=name,
        email=email.lower(),
        home=TenantId(home),
        created_at=work.now,
    )
    if principal.email and store.with_email(work.db, principal.email):
        raise EmailTaken(f"{principal.email} is another principal's; give that one the role")
    store.add(work.db, principal)
    work.publish(PrincipalCreated(tenant=home, principal=principal.id, kind=kind, name=name))
    return principal


def principal_of(work: Work, principal: str, permission: str = "principals:read") -> Principal:
    """The principal, once the actor is seen to hold ``permission`` where it is at home.

    Raises:
        NoSuchPrincipal: there is none, or the actor holds nothing at its home.
    """
    work.tenants(permission)
    found = store.known(work.db, principal)
    if found is None or not work.actor.sees(found.home):
        raise NoSuchPrincipal(f"no principal {principal[:80]} that you may see")
    work.require(permission, found.home)
    return found


def visible(work: Work, *, after: str = "", limit: int = 1000) -> list[Principal]:
    """Principals at home in tenants that the actor looks after, oldest first."""
    return store.page(work.db, work.tenants("principals:read"), after, limit)


def disable(work: Work, principal: str) -> Principal:
    """Shut a principal out: its tokens and sessions are good no more.

    Raises:
        LastAdmin: nobody else may do everything.
        PrincipalIsDisabled: it was shut out before.
    """
    found = principal_of(work, principal, "principals:disable")
    epoch.advance(work)
    if (ADMIN, PLATFORM) in store.held(work.db, found.id):
        _require_another_admin(work.db, found.id)
    if not store.disable(work.db, found.id, micros(work.now)):
        raise PrincipalIsDisabled(f"principal {found.id} was shut out before")
    work.publish(PrincipalDisabled(tenant=found.home, principal=found.id))
    return found


def forget(work: Work, principal: str, home: str) -> bool:
    """What an erasure of a person asks for: no name, no address, no sign-in any more.

    Only of a principal at home in the tenant whose log was erased: another tenant's erasure
    says nothing about it. The last admin is forgotten too, but not shut out. Not for a route:
    the erasure was asked for and approved by two persons. False: nothing was to be done.
    """
    epoch.advance(work)
    if not store.forget(work.db, principal, home):
        return False
    last = (ADMIN, PLATFORM) in store.held(work.db, principal) and not store.other_admins(
        work.db, principal
    )
    if not last and store.disable(work.db, principal, micros(work.now)):
        work.publish(PrincipalDisabled(tenant=home, principal=principal))
    return True


def grant(work: Work, principal: str, role_name: str, tenant: str) -> Grant:
    """Give a principal a role on ``tenant``; on ``_platform``: on all.

    Raises:
        BeyondOwnRights: the role holds what the actor does not, there.
        GrantExists, PrincipalIsDisabled, UnknownRole
    """
    work.require("grants:create", tenant)
    check_within(work.actor, pairs_of([(role(role_name).name, tenant)]))
    epoch.advance(work)
    _require_open(work, tenant)
    found = _grantee(work, principal)
    if (role_name, tenant) in store.held(work.db, found.id):
        raise GrantExists(f"principal {found.id} is {role_name} on {tenant} already")
    given = Grant(
        id=work.new_id(),
        principal=found.id,
        role=role_name,
        tenant=TenantId(tenant),
        created_at=work.now,
    )
    store.give(work.db, given)
    work.publish(RoleGranted(tenant=tenant, principal=found.id, role=role_name))
    return given


def revoke(work: Work, grant_id: str) -> Grant:
    """Take a role away; raise LastAdmin if nobody else may do everything, or NoSuchGrant."""
    among = work.tenants("grants:revoke")
    epoch.advance(work)
    found = store.grant_of(work.db, among, grant_id)
    if found is None:
        raise NoSuchGrant(f"no grant {grant_id[:80]} that you may take away")
    if (found.role, found.tenant) == (ADMIN, PLATFORM):
        _require_another_admin(work.db, found.principal)
    store.take(work.db, among, found.id)
    work.publish(RoleRevoked(tenant=found.tenant, principal=found.principal, role=found.role))
    return found


def grants(
    work: Work, *, tenant: str = "", principal: str = "", after: str = "", limit: int = 1000
) -> list[Grant]:
    """Who holds which role, oldest first; on one tenant or of one principal, if named."""
    among = work.require("grants:read", tenant) if tenant else work.tenants("grants:read")
    return store.grants_page(work.db, among, principal, after, limit)


def expected(db: Connection, identity: Identity) -> Principal | None:
    """Who ``identity`` is: linked to it, or not linked yet and of its verified e-mail address."""
    found = store.identified(db, identity)
    if found is None and identity.email:
        found = store.with_email(db, identity.email.lower())
        # Between the two looks another sign-in of the same person may have linked it.
        if found is not None and found.subject and not found.is_linked_to(identity):
            return None
    return found


def identify(work: Work, identity: Identity) -> Principal | None:
    """Who signs in as ``identity``; linked to it from the first time on.

    Not for a route: the actor is the one who signs in.
    """
    found = expected(work.db, identity)
    if found is None or found.subject:
        return found
    epoch.advance(work)
    if not store.link(work.db, found.id, identity):
        return store.identified(work.db, identity)
    work.publish(
        PrincipalLinked(
            tenant=found.home,
            principal=found.id,
            issuer=identity.issuer,
            subject=identity.subject,
        )
    )
    return found


def standing(db: Connection, principal: str) -> Standing | None:
    """A principal and all that it may do; None if there is none, or it was shut out."""
    found = store.known(db, principal)
    if found is None or found.disabled_at is not None:
        return None
    return Standing(principal=found, pairs=pairs_of(store.held(db, found.id)))


def people(db: Connection, names: Collection[str], tenant: str) -> dict[str, Principal]:
    """Of ``names``, ids or addresses, the people who belong to ``tenant``, those shut out too.

    They are at home there or hold a role there: whoever may ask about a tenant learns of
    nobody else. For those who ask who is meant, in no person's name.
    """
    words = sorted({word for name in names for word in (name, name.lower())})
    there = [one for one in store.named(db, words) if one.kind is Kind.PERSON]
    places = (tenant, PLATFORM)
    holders = store.with_role_on(db, [one.id for one in there], places)
    own = [one for one in there if one.home in places or one.id in holders]
    known = {one.id: one for one in own} | {one.email: one for one in own if one.email}
    found = {name: known.get(name) or known.get(name.lower()) for name in names}
    return {name: one for name, one in found.items() if one is not None}


def has_admin(db: Connection) -> bool:
    """Whether someone may do everything everywhere."""
    return store.other_admins(db, "") > 0


def _grantee(work: Work, principal: str) -> Principal:
    found = store.known(work.db, principal)
    if found is None or not work.actor.sees(found.home):
        raise NoSuchPrincipal(f"no principal {principal[:80]} that you may see")
    if found.disabled_at is not None:
        raise PrincipalIsDisabled(f"principal {found.id} was shut out; it can hold no role")
    return found


def _require_open(work: Work, tenant: str) -> None:
    if tenant != PLATFORM:
        tenants.require_open(work, tenant)


def _require_another_admin(db: Connection, principal: str) -> None:
    if store.other_admins(db, principal) == 0:
        raise LastAdmin("this is the last admin; make another one first")
