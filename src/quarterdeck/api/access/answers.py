"""Principals, grants, tokens and sessions as HTTP shows them."""

from datetime import datetime
from typing import Self

from pydantic import BaseModel, Field

from quarterdeck.access.limits.model import Rate
from quarterdeck.access.principals.model import Grant, Principal, Scope
from quarterdeck.access.roles.model import PERMISSIONS, Role
from quarterdeck.access.sessions.model import Session
from quarterdeck.access.tenants.model import Tenant
from quarterdeck.access.tokens.model import Issued, Token
from quarterdeck.web.paging import Page


def after_id(page: Page) -> str:
    """The id that ``page`` begins after; empty for the first page."""
    return str(page.after[0]) if page.after else ""


class RoleBody(BaseModel):
    """A named set of permissions."""

    name: str
    purpose: str
    permissions: list[str]

    @classmethod
    def of(cls, role: Role) -> Self:
        held = [name for name in PERMISSIONS if name in role.permissions]
        return cls(name=role.name, purpose=role.purpose, permissions=held)


class PrincipalBody(BaseModel):
    """Someone who acts."""

    id: str
    kind: str = Field(description="person or program.")
    name: str
    email: str
    home: str = Field(description="The tenant that looks after it; _platform for none.")
    signs_in_at: str = Field(description="Issuer of its identity; empty before the first sign-in.")
    created_at: datetime
    disabled_at: datetime | None

    @classmethod
    def of(cls, principal: Principal) -> Self:
        return cls(
            id=principal.id,
            kind=principal.kind.value,
            name=principal.name,
            email=principal.email,
            home=principal.home,
            signs_in_at=principal.issuer,
            created_at=principal.created_at,
            disabled_at=principal.disabled_at,
        )


class GrantBody(BaseModel):
    """A role that a principal holds."""

    id: str
    principal: str
    role: str
    tenant: str = Field(description="_platform: all tenants, those to come too.")
    created_at: datetime

    @classmethod
    def of(cls, grant: Grant) -> Self:
        return cls(
            id=grant.id,
            principal=grant.principal,
            role=grant.role,
            tenant=grant.tenant,
            created_at=grant.created_at,
        )


class ScopeBody(BaseModel):
    """What of its principal's rights a token carries; null: all."""

    permissions: list[str] | None
    tenants: list[str] | None

    @classmethod
    def of(cls, scope: Scope) -> Self:
        return cls(
            permissions=None if scope.permissions is None else sorted(scope.permissions),
            tenants=None if scope.tenants is None else sorted(scope.tenants),
        )


class TokenBody(BaseModel):
    """What is kept of a token."""

    id: str
    principal: str
    name: str
    scope: ScopeBody
    single_use: bool = Field(description="Good for one sign-in to the console.")
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None = Field(description="Up to a minute behind.")
    revoked_at: datetime | None
    successor: str = Field(description="The token that replaces it; empty for none.")

    @classmethod
    def of(cls, token: Token) -> Self:
        return cls(
            id=token.id,
            principal=token.principal,
            name=token.name,
            scope=ScopeBody.of(token.scope),
            single_use=token.single_use,
            created_at=token.created_at,
            expires_at=token.expires_at,
            last_used_at=token.used_at,
            revoked_at=token.revoked_at or token.spent_at,
            successor=token.successor,
        )


class IssuedBody(TokenBody):
    """A new token. Its secret is shown this once."""

    secret: str = Field(description="Send it as Authorization: Bearer; nobody can show it again.")

    @classmethod
    def of_issued(cls, issued: Issued) -> Self:
        return cls(**TokenBody.of(issued.token).model_dump(), secret=issued.secret)


class SessionBody(BaseModel):
    """Someone who is signed in to the console."""

    id: str
    principal: str
    method: str = Field(description="token or oidc.")
    opened_at: datetime
    last_used_at: datetime = Field(description="Up to a minute behind.")
    expires_at: datetime

    @classmethod
    def of(cls, session: Session) -> Self:
        return cls(
            id=session.id,
            principal=session.principal,
            method=session.method.value,
            opened_at=session.opened_at,
            last_used_at=session.seen_at,
            expires_at=session.expires_at,
        )


class OneTenant(BaseModel):
    """A tenant; its ETag goes with every change of it."""

    id: str
    name: str
    description: str
    owner: str
    purpose: str
    created_at: datetime
    archived_at: datetime | None

    @classmethod
    def of(cls, tenant: Tenant) -> Self:
        return cls(
            id=tenant.id,
            name=tenant.name,
            description=tenant.description,
            owner=tenant.owner,
            purpose=tenant.purpose,
            created_at=tenant.created_at,
            archived_at=tenant.archived_at,
        )


class LimitBody(BaseModel):
    """How often a tenant may ask."""

    per_minute: int
    burst: int
    own: bool = Field(description="False: it is what the settings say for every tenant.")

    @classmethod
    def of(cls, rate: Rate, *, own: bool) -> Self:
        return cls(per_minute=rate.per_minute, burst=rate.burst, own=own)
