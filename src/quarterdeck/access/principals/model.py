"""Principals: people and programs, what they were granted, and what that comes to."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from quarterdeck.access.roles.model import ADMIN, ROLES, TENANT_ADMIN, check_permission
from quarterdeck.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from quarterdeck.kernel.ids import PLATFORM, PrincipalId, TenantId
from quarterdeck.kernel.work import ANY, Actor

MAX_NAME = 200

Pairs = frozenset[tuple[str, str]]
"""Permissions and the tenants they hold on, "*" for any: what an Actor's grants are."""


class Kind(StrEnum):
    """A person signs in; a program shows a token."""

    PERSON = "person"
    PROGRAM = "program"


class EmailTaken(Conflict):
    """Another principal has this e-mail address."""


class GrantExists(Conflict):
    """The principal holds this role already."""


class LastAdmin(Conflict):
    """Nobody would be left who may do everything."""


class PrincipalIsDisabled(Conflict):
    """The principal was shut out."""


class NoSuchPrincipal(NotFound):
    """No such principal, or none that this actor may see."""


class NoSuchGrant(NotFound):
    """No such grant, or none that this actor may see."""


class BeyondOwnRights(Forbidden):
    """Nobody gives what they do not hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who an OIDC provider says it is.

    Attributes:
        email: the address, if the provider has verified it; else empty.
    """

    issuer: str
    subject: str
    email: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Someone who acts.

    Attributes:
        home: the tenant that looks after this principal, and in whose log stand its
            tokens, sessions and refusals; ``_platform`` for who belongs to none.
        issuer, subject: who it is at an OIDC provider; both empty until the first
            sign-in there.
    """

    id: PrincipalId
    kind: Kind
    name: str
    email: str = ""
    home: TenantId = PLATFORM
    issuer: str = ""
    subject: str = ""
    created_at: datetime
    disabled_at: datetime | None = None

    def __post_init__(self) -> None:
        if not self.name.strip() or len(self.name) > MAX_NAME:
            raise Invalid(f"name must have 1 to {MAX_NAME} characters")
        if self.email and not _is_address(self.email):
            raise Invalid("email must be an address such as ada@example.com, in lower case")
        if self.email and self.kind is Kind.PROGRAM:
            raise Invalid("a program has no email; name it after what it does")

    def is_linked_to(self, identity: Identity) -> bool:
        """Whether this is who the provider means."""
        return (self.issuer, self.subject) == (identity.issuer, identity.subject)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A principal holds a role on a tenant; on ``_platform``: on all, those to come too."""

    id: str
    principal: PrincipalId
    role: str
    tenant: TenantId
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What of its principal's rights a credential carries; None: all, those to come too."""

    permissions: frozenset[str] | None = None
    tenants: frozenset[str] | None = None

    def __post_init__(self) -> None:
        for permission in self.permissions or ():
            check_permission(permission)
        if (
            self.permissions == frozenset()
            or self.tenants == frozenset()
            or ANY in (self.tenants or ())
        ):
            raise Invalid("a scope names what it allows; leave it out to allow all")

    def narrow(self, pairs: Pairs) -> Pairs:
        """What is left of ``pairs``: never more than they."""
        return frozenset(
            (permission, tenant)
            for permission, on in pairs
            if self.permissions is None or permission in self.permissions
            for tenant in self._of(on)
        )

    def _of(self, on: str) -> frozenset[str]:
        if self.tenants is None:
            return frozenset({on})
        return self.tenants if on == ANY else self.tenants & {on}


UNSCOPED = Scope()
"""All rights of the principal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A principal and all that it may do."""

    principal: Principal
    pairs: Pairs = field(default_factory=frozenset)


def on(tenant: str) -> str:
    """Where a grant on ``tenant`` holds, as an actor's grants say it."""
    return ANY if tenant == PLATFORM else tenant


def pairs_of(held: Iterable[tuple[str, str]]) -> Pairs:
    """What roles on tenants come to. A role that is known no more comes to nothing."""
    return frozenset(
        (permission, on(tenant))
        for role, tenant in held
        if role in ROLES
        for permission in ROLES[role].permissions
    )


def check_within(actor: Actor, pairs: Pairs) -> None:
    """Refuse to give what ``actor`` does not hold.

    Raises:
        BeyondOwnRights: names up to three of the permissions that are missing.
    """
    beyond = {p for p, at in pairs if not actor.grants & {(p, at), (p, ANY)}}
    if beyond:
        names = ", ".join(sorted(beyond)[:3]) + (" and more" if len(beyond) > len("abc") else "")
        raise BeyondOwnRights(f"you cannot give {names}: you do not hold it there yourself")


def demo_actor() -> Actor:
    """Who acts from the loopback in the demo: never for keys, erasure or the release of holds."""
    return Actor("demo@loopback", pairs_of([("operator", PLATFORM), (TENANT_ADMIN, PLATFORM)]))


def installation() -> Actor:
    """The installation itself, which lets its first admin in."""
    return Actor("quarterdeck", pairs_of([(ADMIN, PLATFORM)]))


def _is_address(email: str) -> bool:
    before, at, after = email.partition("@")
    plain = email.isprintable() and " " not in email and email == email.lower()
    return plain and bool(before and at and after) and len(email) <= MAX_NAME
