"""/api/v1/roles, /api/v1/access: what roles there are, and what one may do."""

from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, Field

from quarterdeck.access.roles import service as roles
from quarterdeck.api.access.answers import RoleBody
from quarterdeck.web.deps import InRead
from quarterdeck.web.permissions import needs
from quarterdeck.web.problems import problems
from quarterdeck.web.routes import api_router

router = api_router(tags=["access"])


class Roles(BaseModel):
    """Every role."""

    roles: list[RoleBody]


class AnswerBody(BaseModel):
    """Whether the asker may do it."""

    allowed: bool
    permission: str
    tenant: str


class EffectiveBody(BaseModel):
    """All that the asker may do on a tenant."""

    principal: str
    tenant: str
    permissions: list[str] = Field(description="In the order of the matrix.")


@router.get("/roles", responses=problems(401, 403), **needs("access:ask"))
def list_roles(work: InRead) -> Roles:
    """Every role with its permissions."""
    return Roles(roles=[RoleBody.of(role) for role in roles.all_roles(work)])


@router.get("/access/can-i", responses=problems(401, 403, 404, 422), **needs("access:ask"))
def can_i(
    work: InRead,
    permission: Annotated[str, Query(examples=["services:scale"])],
    tenant: Annotated[str, Query(description="_platform: what belongs to no tenant.")],
) -> AnswerBody:
    """Whether one may do a thing: yes or no, as one's roles and the token's scope say."""
    allowed = roles.can_i(work, permission, tenant)
    return AnswerBody(allowed=allowed, permission=permission, tenant=tenant)


@router.get("/access/permissions", responses=problems(401, 403, 404), **needs("access:ask"))
def list_permissions(work: InRead, tenant: Annotated[str, Query()]) -> EffectiveBody:
    """All that one may do on a tenant."""
    held = list(roles.effective(work, tenant))
    return EffectiveBody(principal=work.actor.id, tenant=tenant, permissions=held)
