"""/api/v1/audiences: who is told of incidents, and in which words."""

from datetime import datetime
from typing import Annotated, Self

import msgspec
from fastapi import Query, Response
from pydantic import BaseModel, Field

from quarterdeck.operations.audiences import service
from quarterdeck.operations.audiences.model import (
    MAX_LINE,
    MAX_MANY,
    MAX_TEXT,
    Audience,
    Kept,
    names_for,
)
from quarterdeck.operations.audiences.service import READ, WRITE
from quarterdeck.operations.severities.model import Flag
from quarterdeck.web.bodies import Body
from quarterdeck.web.deps import InRead, InWork
from quarterdeck.web.paging import InPage
from quarterdeck.web.permissions import needs
from quarterdeck.web.problems import problems
from quarterdeck.web.routes import api_router

router = api_router(prefix="/audiences", tags=["audiences"])

READS, WRITES = problems(401, 403, 404, 422), problems(401, 403, 404, 409, 422)
ONE = "/{tenant}/{audience}"
Line = Annotated[str, Field(max_length=MAX_LINE)]
Lines = Annotated[list[Line], Field(max_length=MAX_MANY)]
Expected = Annotated[
    int | None,
    Query(ge=0, le=2**31 - 1, description="Only if it is at this version; 0: not there yet."),
]


class AudienceSpec(Body):
    """Who is told, and in which words: a name is put in as ``${severity}``, ``$$`` is a dollar."""

    title: Line
    subject: Line = Field(description="A template of one line.")
    text: str = Field(max_length=MAX_TEXT, description="A template.")
    channels: Lines = Field([], description="Channels of the tenant, by name.")
    contacts: Lines = Field([], description="Contacts of the directory, by name.")
    customers: bool = Field(
        default=False, description="The customers of the affected tenants, and nobody else."
    )
    severities: Lines = Field([], description="Of incidents of which it is told by itself.")
    flags: list[Flag] = Field([], max_length=MAX_MANY, description="Likewise.")

    def audience(self, name: str) -> Audience:
        """What it comes to."""
        said = {word: getattr(self, word) for word in AudienceSpec.model_fields}
        lists = {word: tuple(value) for word, value in said.items() if isinstance(value, list)}
        return Audience(name=name, **said | lists)


class AudienceBody(AudienceSpec):
    """An audience as it stands."""

    tenant: str
    name: str
    version: int
    by: str = Field(description="The id of who wrote it so.")
    at: datetime

    @classmethod
    def of(cls, kept: Kept) -> Self:
        said = msgspec.to_builtins(kept.audience)
        return cls(tenant=kept.tenant, version=kept.version, by=kept.by, at=kept.at, **said)


class Audiences(BaseModel):
    """Audiences by tenant and name."""

    audiences: list[AudienceBody]


class Names(BaseModel):
    """What a template may name, and what each name stands for."""

    inside: dict[str, str] = Field(description="For those inside.")
    customers: dict[str, str] = Field(description="For customers: less of it.")


@router.get("", responses=READS, **needs(READ))
def list_audiences(
    work: InRead,
    page: InPage,
    response: Response,
    tenant: Annotated[str, Query(max_length=100, description="Only of this tenant.")] = "",
) -> Audiences:
    """Audiences of incidents by tenant and name."""
    after = (str(page.after[0]), str(page.after[1])) if page.after else ("", "")
    rows = service.listed(work, tenant, after=after, limit=page.fetch)
    shown = page.turn(response, rows, lambda one: (one.tenant, one.audience.name))
    return Audiences(audiences=[AudienceBody.of(one) for one in shown])


@router.get("/names", responses=READS, **needs(READ))
def list_audience_names(work: InRead) -> Names:
    """What a template may name."""
    work.tenants(READ)
    return Names(inside=dict(names_for(customers=False)), customers=dict(names_for(customers=True)))


@router.get(ONE, responses=READS, **needs(READ))
def get_audience(tenant: str, audience: str, work: InRead) -> AudienceBody:
    """One audience."""
    return AudienceBody.of(service.one(work, tenant, audience))


@router.put(ONE, responses=WRITES, **needs(WRITE))
def put_audience(
    tenant: str, audience: str, body: AudienceSpec, work: InWork, expected_version: Expected = None
) -> AudienceBody:
    """Keep an audience, or change it; 422 names what its templates name, and nothing is."""
    work.require(WRITE, tenant)  # whoever may not hears nothing of what is wrong
    kept, _ = service.put(work, tenant, body.audience(audience), expected=expected_version)
    return AudienceBody.of(kept)


@router.delete(ONE, status_code=204, responses=WRITES, **needs(WRITE))
def delete_audience(
    tenant: str, audience: str, work: InWork, expected_version: Expected = None
) -> Response:
    """Take an audience away; what it was told stays."""
    service.remove(work, tenant, audience, expected=expected_version)
    return Response(status_code=204)
