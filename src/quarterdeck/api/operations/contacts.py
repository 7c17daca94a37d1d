"""/api/v1/contacts: whom to reach, by what, and how soon they answer."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Self

import msgspec
from fastapi import Query, Response
from pydantic import BaseModel, Field

from quarterdeck.operations.contacts import service
from quarterdeck.operations.contacts.model import (
    LONGEST_MIN,
    MAX_LEVEL,
    MAX_MANY,
    MAX_TEXT,
    Channel,
    Contact,
    Kept,
    Means,
    Section,
)
from quarterdeck.operations.contacts.service import READ, WRITE
from quarterdeck.web.bodies import Body
from quarterdeck.web.deps import InRead, InWork
from quarterdeck.web.paging import InPage
from quarterdeck.web.permissions import needs
from quarterdeck.web.problems import problems
from quarterdeck.web.routes import api_router

router = api_router(prefix="/contacts", tags=["contacts"])

READS, WRITES = problems(401, 403, 404, 422), problems(401, 403, 404, 409, 422)
ONE = "/{tenant}/{contact}"
OfTenant = Annotated[str, Query(max_length=100, description="Only of this tenant.")]
Text = Annotated[str, Field(max_length=MAX_TEXT)]
Texts = Annotated[list[Text], Field(max_length=MAX_MANY)]
Expected = Annotated[
    int | None,
    Query(ge=0, le=2**31 - 1, description="Only if it is at this version; 0: not there yet."),
]


class ChannelBody(Body):
    """One way to reach them."""

    means: Means
    address: Text
    note: Text = ""


class ContactSpec(Body):
    """What a contact says."""

    title: Text
    section: Section
    level: int = Field(0, ge=0, le=MAX_LEVEL, description="Of escalation; 0: of none.")
    channels: list[ChannelBody] = Field(
        min_length=1, max_length=MAX_MANY, description="The first is tried first."
    )
    responds_in_min: int | None = Field(None, ge=1, le=LONGEST_MIN)
    coverage: Text = Field("", description="As 24/7.")
    topics: Texts = Field([], description="What they know about, in words as alerts have them.")
    tenants: Texts = Field([], description="Of a customer: which tenants are theirs.")
    critical_only: bool = Field(default=False, description="Nobody calls them for less.")
    note: Text = ""

    def contact(self, name: str) -> Contact:
        """What it comes to."""
        return Contact(
            name=name,
            title=self.title,
            section=self.section,
            level=self.level,
            channels=tuple(Channel(**one.model_dump()) for one in self.channels),
            responds_in_min=self.responds_in_min,
            coverage=self.coverage,
            topics=tuple(self.topics),
            tenants=tuple(self.tenants),
            critical_only=self.critical_only,
            note=self.note,
        )


class ContactBody(ContactSpec):
    """A contact as it stands."""

    tenant: str
    name: str
    version: int
    by: str = Field(description="The id of who wrote it so.")
    at: datetime

    @classmethod
    def of(cls, kept: Kept) -> Self:
        said = msgspec.to_builtins(kept.contact)
        return cls(tenant=kept.tenant, version=kept.version, by=kept.by, at=kept.at, **said)


class Directory(BaseModel):
    """Contacts by tenant and name; or those that know about something, the first first."""

    contacts: list[ContactBody]


@router.get("", responses=READS, **needs(READ))
def list_contacts(
    work: InRead,
    page: InPage,
    response: Response,
    tenant: OfTenant = "",
    section: Section | None = None,
    level: Annotated[int, Query(ge=0, le=MAX_LEVEL, description="0: of all.")] = 0,
) -> Directory:
    """The directory by tenant and name."""
    after = (str(page.after[0]), str(page.after[1])) if page.after else ("", "")
    rows = service.listed(
        work, tenant, section=section or "", level=level, after=after, limit=page.fetch
    )
    shown = page.turn(response, rows, lambda one: (one.tenant, one.contact.name))
    return _directory(shown)


@router.get("/suggested", responses=READS, **needs(READ))
def suggest_contacts(
    work: InRead,
    tenant: Annotated[str, Query(min_length=1, max_length=100)],
    about: Annotated[
        list[str],
        Query(min_length=1, max_length=50, description="Values of an alert's labels; repeat it."),
    ],
) -> Directory:
    """Who knows about an alert: the tenant's own contacts, and the platform's."""
    work.require(READ, tenant)
    return _directory(service.suggested(work, tenant, about))


@router.get(ONE, responses=READS, **needs(READ))
def get_contact(tenant: str, contact: str, work: InRead) -> ContactBody:
    """One contact."""
    return ContactBody.of(service.one(work, tenant, contact))


@router.put(ONE, responses=WRITES, **needs(WRITE))
def put_contact(
    tenant: str, contact: str, body: ContactSpec, work: InWork, expected_version: Expected = None
) -> ContactBody:
    """Enter a contact, or change it; the same again is nothing new."""
    work.require(WRITE, tenant)  # whoever may not hears nothing of what is wrong
    kept, _ = service.put(work, tenant, body.contact(contact), expected=expected_version)
    return ContactBody.of(kept)


@router.delete(ONE, status_code=204, responses=WRITES, **needs(WRITE))
def delete_contact(
    tenant: str, contact: str, work: InWork, expected_version: Expected = None
) -> Response:
    """Take a contact out of the directory."""
    service.remove(work, tenant, contact, expected=expected_version)
    return Response(status_code=204)


def _directory(found: Sequence[Kept]) -> Directory:
    return Directory(contacts=[ContactBody.of(one) for one in found])
