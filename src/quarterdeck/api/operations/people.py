"""/api/v1/people: how people are reached, in which order, and when they are left alone."""

from datetime import datetime
from typing import Annotated, Self

from fastapi import Query, Response
from pydantic import BaseModel, Field

from quarterdeck.operations.channels.model.methods import (
    MOST,
    By,
    KeptMethods,
    Method,
    Methods,
    Quiet,
    clock_time,
)
from quarterdeck.operations.channels.service import reaching
from quarterdeck.operations.channels.service.keeping import READ, WRITE
from quarterdeck.web.bodies import Body
from quarterdeck.web.deps import InRead, InWork
from quarterdeck.web.permissions import needs
from quarterdeck.web.problems import problems
from quarterdeck.web.routes import api_router

router = api_router(prefix="/people", tags=["channels"])

READS, WRITES = problems(401, 403, 404, 422), problems(401, 403, 404, 409, 422)
ONE = "/{tenant}/{person}/methods"
Expected = Annotated[
    int | None,
    Query(ge=0, le=2**31 - 1, description="Only if they are at this version; 0: not there yet."),
]


class MethodBody(Body):
    """One way to reach a person."""

    by: By
    name: str = Field(max_length=500, description="A mail address, or a channel's name.")


class QuietBody(Body):
    """Hours in which they are told nothing that can wait. A page comes at any hour."""

    zone: str = Field(max_length=100, description="As Europe/Oslo.")
    begins: str = Field(max_length=5, description="As 22:00.")
    ends: str = Field(max_length=5, description="As 07:00; the next day, if it is earlier.")

    def quiet(self) -> Quiet:
        """What it comes to."""
        return Quiet(zone=self.zone, begins=clock_time(self.begins), ends=clock_time(self.ends))


class MethodsSpec(Body):
    """How a person is reached."""

    ways: list[MethodBody] = Field(min_length=1, max_length=MOST)
    quiet: QuietBody | None = None

    def methods(self, person: str) -> Methods:
        """What it comes to."""
        return Methods(
            person=person,
            ways=tuple(Method(by=one.by, name=one.name) for one in self.ways),
            quiet=self.quiet.quiet() if self.quiet else None,
        )


class MethodsBody(MethodsSpec):
    """How a person is reached, as it stands."""

    tenant: str
    person: str
    version: int
    by: str = Field(description="The id of who wrote it so.")
    at: datetime

    @classmethod
    def of(cls, kept: KeptMethods) -> Self:
        one = kept.methods
        return cls(
            tenant=kept.tenant,
            person=one.person,
            version=kept.version,
            by=kept.by,
            at=kept.at,
            ways=[MethodBody(by=way.by, name=way.name) for way in one.ways],
            quiet=_quiet(one.quiet) if one.quiet else None,
        )


class People(BaseModel):
    """Of whom it is said how they are reached, by tenant and person."""

    people: list[MethodsBody]


@router.get("", responses=READS, **needs(READ))
def list_people(
    work: InRead,
    tenant: Annotated[str, Query(max_length=100, description="Only of this tenant.")] = "",
) -> People:
    """Of whom it is said how they are reached; at most 1,000."""
    return People(people=[MethodsBody.of(one) for one in reaching.listed(work, tenant)])


@router.get(ONE, responses=READS, **needs(READ))
def get_methods(tenant: str, person: str, work: InRead) -> MethodsBody:
    """How a person is reached."""
    return MethodsBody.of(reaching.one(work, tenant, person))


@router.put(ONE, responses=WRITES, **needs(WRITE))
def put_methods(
    tenant: str, person: str, body: MethodsSpec, work: InWork, expected_version: Expected = None
) -> MethodsBody:
    """Say how a person is reached; the same again is nothing new."""
    work.require(WRITE, tenant)  # whoever may not hears nothing of what is wrong
    kept, _ = reaching.put(work, tenant, body.methods(person), expected=expected_version)
    return MethodsBody.of(kept)


@router.delete(ONE, status_code=204, responses=WRITES, **needs(WRITE))
def delete_methods(
    tenant: str, person: str, work: InWork, expected_version: Expected = None
) -> Response:
    """Forget how a person is reached."""
    reaching.remove(work, tenant, person, expected=expected_version)
    return Response(status_code=204)


def _quiet(quiet: Quiet) -> QuietBody:
    return QuietBody(zone=quiet.zone, begins=f"{quiet.begins:%H:%M}", ends=f"{quiet.ends:%H:%M}")
