"""/api/v1/cards: quick-reference cards, a few steps for when there is no time to read."""

from datetime import datetime
from typing import Annotated, Self

import msgspec
from fastapi import Query, Response
from pydantic import BaseModel, Field

from quarterdeck.operations.cards import service
from quarterdeck.operations.cards.model import (
    MAX_COMMAND,
    MAX_STEPS,
    MAX_TEXT,
    MAX_WORDS,
    Card,
    Kept,
    Step,
)
from quarterdeck.operations.cards.service import READ, WRITE
from quarterdeck.web.bodies import Body
from quarterdeck.web.deps import InRead, InWork
from quarterdeck.web.paging import InPage
from quarterdeck.web.permissions import needs
from quarterdeck.web.problems import problems
from quarterdeck.web.routes import api_router

router = api_router(prefix="/cards", tags=["cards"])

READS, WRITES = problems(401, 403, 404, 422), problems(401, 403, 404, 409, 422)
ONE = "/{tenant}/{card}"
Text = Annotated[str, Field(max_length=MAX_TEXT)]
Expected = Annotated[
    int | None,
    Query(ge=0, le=2**31 - 1, description="Only if it is at this version; 0: not there yet."),
]


class StepBody(Body):
    """One thing to do, or one of several ways to do it."""

    text: Text
    command: str = Field("", max_length=MAX_COMMAND, description="A line for a terminal.")
    url: Text = Field("", description="Where to look.")


class CardSpec(Body):
    """What a card says."""

    title: Text
    use: Text = Field("", description="When to take it in hand.")
    severities: list[Text] = Field(
        [], max_length=MAX_WORDS, description="Of incidents beside which it is shown."
    )
    steps: list[StepBody] = Field(min_length=1, max_length=MAX_STEPS)

    def card(self, name: str) -> Card:
        """What it comes to."""
        return Card(
            name=name,
            title=self.title,
            use=self.use,
            severities=tuple(self.severities),
            steps=tuple(Step(**one.model_dump()) for one in self.steps),
        )


class CardBody(CardSpec):
    """A card as it stands."""

    tenant: str
    name: str
    version: int
    by: str = Field(description="The id of who wrote it so.")
    at: datetime

    @classmethod
    def of(cls, kept: Kept) -> Self:
        said = msgspec.to_builtins(kept.card)
        return cls(tenant=kept.tenant, version=kept.version, by=kept.by, at=kept.at, **said)


class Cards(BaseModel):
    """Cards by tenant and name."""

    cards: list[CardBody]


@router.get("", responses=READS, **needs(READ))
def list_cards(
    work: InRead,
    page: InPage,
    response: Response,
    tenant: Annotated[str, Query(max_length=100, description="Only of this tenant.")] = "",
) -> Cards:
    """Quick-reference cards by tenant and name."""
    after = (str(page.after[0]), str(page.after[1])) if page.after else ("", "")
    rows = service.listed(work, tenant, after=after, limit=page.fetch)
    shown = page.turn(response, rows, lambda one: (one.tenant, one.card.name))
    return Cards(cards=[CardBody.of(one) for one in shown])


@router.get(ONE, responses=READS, **needs(READ))
def get_card(tenant: str, card: str, work: InRead) -> CardBody:
    """One card."""
    return CardBody.of(service.one(work, tenant, card))


@router.put(ONE, responses=WRITES, **needs(WRITE))
def put_card(
    tenant: str, card: str, body: CardSpec, work: InWork, expected_version: Expected = None
) -> CardBody:
    """Keep a card, or change it; the same again is nothing new."""
    work.require(WRITE, tenant)  # whoever may not hears nothing of what is wrong
    kept, _ = service.put(work, tenant, body.card(card), expected=expected_version)
    return CardBody.of(kept)


@router.delete(ONE, status_code=204, responses=WRITES, **needs(WRITE))
def delete_card(
    tenant: str, card: str, work: InWork, expected_version: Expected = None
) -> Response:
    """Take a card away."""
    service.remove(work, tenant, card, expected=expected_version)
    return Response(status_code=204)
