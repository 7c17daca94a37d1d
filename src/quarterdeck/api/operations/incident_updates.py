"""/api/v1/incidents/{incident}/updates: what audiences are told of an incident."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Self

from fastapi import Query
from pydantic import BaseModel, Field

from quarterdeck.operations.incidents.model.bulletin import Letter
from quarterdeck.operations.incidents.model.incident import MAX_LINE, MAX_TEXT
from quarterdeck.operations.incidents.service import looking, updating
from quarterdeck.operations.incidents.service.composing import MOST
from quarterdeck.operations.incidents.service.delivered import Delivery, Standing
from quarterdeck.operations.incidents.service.keeping import READ
from quarterdeck.operations.incidents.service.updating import Draft
from quarterdeck.web.bodies import Body
from quarterdeck.web.deps import InRead, InWork
from quarterdeck.web.permissions import needs
from quarterdeck.web.problems import problems
from quarterdeck.web.routes import api_router

router = api_router(prefix="/incidents/{incident}/updates", tags=["incidents"])

Expected = Annotated[
    int | None,
    Query(
        ge=1,
        le=2**31 - 1,
        description="Only if the incident is at this version: an update changes it.",
    ),
]
READS, WRITES = problems(401, 403, 404, 422), problems(401, 403, 404, 409, 422)


class UpdateSpec(Body):
    """What is new, and who is told."""

    text: str = Field(max_length=MAX_TEXT)
    audiences: list[Annotated[str, Field(max_length=MAX_LINE)]] = Field(
        min_length=1, max_length=MOST, description="By name; customers is always one."
    )


class DeliveryBody(BaseModel):
    """One way, and what became of it."""

    address: str
    state: str = Field(
        description="waiting, sending, sent, failed, dropped; unsent: nothing reaches it;"
        " forgotten: the outbox keeps it no more."
    )
    at: datetime | None = Field(description="Since when; None: it is not known any more.")
    message: str
    why: str

    @classmethod
    def of(cls, one: Delivery) -> Self:
        return cls.model_validate(one, from_attributes=True)


class BulletinBody(BaseModel):
    """What one audience was told, as it was sent."""

    number: int
    audience: str
    title: str = Field(description="The audience's; of a customer theirs.")
    version: int = Field(description="Of its words; 0: the house's own.")
    by: str = Field(description="The id of who posted it; empty: it was told by itself.")
    at: datetime
    subject: str
    text: str
    deliveries: list[DeliveryBody]

    @classmethod
    def of(cls, one: Standing) -> Self:
        made = one.bulletin
        return cls(
            number=made.number,
            audience=made.audience,
            title=made.title,
            version=made.version,
            by=made.by,
            at=made.at,
            subject=made.subject,
            text=made.text,
            deliveries=[DeliveryBody.of(delivery) for delivery in one.deliveries],
        )


class Bulletins(BaseModel):
    """What audiences were told, first to last."""

    bulletins: list[BulletinBody]

    @classmethod
    def of(cls, some: Iterable[Standing]) -> Self:
        return cls(bulletins=[BulletinBody.of(one) for one in some])


class LetterBody(BaseModel):
    """What would be told, and to whom."""

    title: str
    subject: str
    text: str
    to: list[str]
    unreached: list[str] = Field(description="Ways that nothing here reaches, and why.")

    @classmethod
    def of(cls, one: Letter) -> Self:
        return cls(
            title=one.title,
            subject=one.content.title,
            text=one.content.text,
            to=[address.name for address in one.to],
            unreached=[f"{way.address}: {way.why}" for way in one.deaf],
        )


class DraftBody(BaseModel):
    """What an audience would be told."""

    audience: str
    title: str
    refused: str = Field(description="Why it would not be, as things stand; empty: it would.")
    letters: list[LetterBody]

    @classmethod
    def of(cls, one: Draft) -> Self:
        return cls(
            audience=one.audience,
            title=one.title,
            refused=one.refused,
            letters=[LetterBody.of(letter) for letter in one.letters],
        )


class Drafts(BaseModel):
    """What the audiences would be told."""

    drafts: list[DraftBody]


@router.get("", responses=READS, **needs(READ))
def list_incident_updates(incident: str, work: InRead) -> Bulletins:
    """What audiences were told of an incident, in which words, and what became of each way."""
    return Bulletins.of(looking.account(work, incident).bulletins)


@router.post("", status_code=201, responses=WRITES, **needs(READ))
def post_incident_update(
    incident: str, body: UpdateSpec, work: InWork, expected_version: Expected = None
) -> Bulletins:
    """Tell audiences what is new: for its communications lead, or commander. All, or none."""
    made = updating.post_update(
        work, incident, body.text, body.audiences, expected=expected_version
    )
    fresh = {one.number for one in made}
    known = looking.account(work, incident).bulletins
    return Bulletins.of(one for one in known if one.bulletin.number in fresh)


@router.post("/preview", responses=WRITES, **needs(READ))
def preview_incident_update(incident: str, body: UpdateSpec, work: InRead) -> Drafts:
    """What each audience would be told, and by which ways. Nothing is sent."""
    found = updating.preview(work, incident, body.text, body.audiences)
    return Drafts(drafts=[DraftBody.of(one) for one in found])
