"""/api/v1/principals, /api/v1/grants: who there is, and who holds which role."""

from typing import Annotated

from fastapi import Query, Response
from pydantic import BaseModel, Field

from quarterdeck.access.principals import service as principals
from quarterdeck.access.principals.model import MAX_NAME, Kind
from quarterdeck.api.access.answers import GrantBody, PrincipalBody, after_id
from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.web.bodies import Body
from quarterdeck.web.deps import InRead, InWork
from quarterdeck.web.paging import InPage
from quarterdeck.web.permissions import needs
from quarterdeck.web.problems import problems
from quarterdeck.web.routes import api_router

router = api_router(tags=["access"])

Name = Annotated[str, Field(min_length=1, max_length=MAX_NAME)]


class NewPrincipalBody(Body):
    """A person or a program to add."""

    kind: Kind
    name: Name = Field(examples=["Ada Lovelace"])
    email: str = Field("", max_length=MAX_NAME, description="Of a person: links their sign-in.")
    home: str = Field(PLATFORM, description="The tenant that looks after it; _platform for none.")


class NewGrantBody(Body):
    """A role to give."""

    principal: str
    role: str = Field(examples=["sre"])
    tenant: str = Field(description="_platform: all tenants, those to come too.", examples=["acme"])


class Principals(BaseModel):
    """A page of principals, oldest first; ``Link`` leads to the next."""

    principals: list[PrincipalBody]


class Grants(BaseModel):
    """A page of grants, oldest first; ``Link`` leads to the next."""

    grants: list[GrantBody]


@router.get("/principals", responses=problems(401, 403, 422), **needs("principals:read"))
def list_principals(work: InRead, page: InPage, response: Response) -> Principals:
    """People and programs at home in the tenants that one looks after."""
    rows = principals.visible(work, after=after_id(page), limit=page.fetch)
    shown = page.turn(response, rows, lambda principal: (principal.id,))
    return Principals(principals=[PrincipalBody.of(p) for p in shown])


@router.post(
    "/principals",
    status_code=201,
    responses=problems(401, 403, 404, 409, 422),
    **needs("principals:create"),
)
def add_principal(body: NewPrincipalBody, work: InWork) -> PrincipalBody:
    """Add a person or a program, who may do nothing until a role is given."""
    added = principals.create(work, body.kind, body.name, email=body.email, home=body.home)
    return PrincipalBody.of(added)


@router.get(
    "/principals/{principal}", responses=problems(401, 403, 404), **needs("principals:read")
)
def show_principal(principal: str, work: InRead) -> PrincipalBody:
    """One person or program."""
    return PrincipalBody.of(principals.principal_of(work, principal))


@router.post(
    "/principals/{principal}/disable",
    responses=problems(401, 403, 404, 409),
    **needs("principals:disable"),
)
def disable_principal(principal: str, work: InWork) -> PrincipalBody:
    """Shut a person or a program out, from the next request on. There is no way back."""
    principals.disable(work, principal)
    return PrincipalBody.of(principals.principal_of(work, principal, "principals:disable"))


@router.get("/grants", responses=problems(401, 403, 404, 422), **needs("grants:read"))
def list_grants(
    work: InRead,
    page: InPage,
    response: Response,
    tenant: Annotated[str, Query(description="Only on this; else on all one may see.")] = "",
    principal: Annotated[str, Query(description="Only of this one.")] = "",
) -> Grants:
    """Who holds which role."""
    rows = principals.grants(
        work, tenant=tenant, principal=principal, after=after_id(page), limit=page.fetch
    )
    shown = page.turn(response, rows, lambda grant: (grant.id,))
    return Grants(grants=[GrantBody.of(g) for g in shown])


@router.post(
    "/grants",
    status_code=201,
    responses=problems(401, 403, 404, 409, 422),
    **needs("grants:create"),
)
def give_role(body: NewGrantBody, work: InWork) -> GrantBody:
    """Give a role; it holds from the next request on."""
    return GrantBody.of(principals.grant(work, body.principal, body.role, body.tenant))


@router.delete("/grants/{grant}", responses=problems(401, 403, 404, 409), **needs("grants:revoke"))
def take_role(grant: str, work: InWork) -> GrantBody:
    """Take a role away; it is gone at the next request."""
    return GrantBody.of(principals.revoke(work, grant))
