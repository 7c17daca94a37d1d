"""/api/v1/messages: what was told by channels and mail, what waits, and what nobody took."""

from datetime import datetime
from typing import Annotated, Literal, Self

from fastapi import Query, Response
from pydantic import BaseModel, Field

from quarterdeck.operations.messages.model import (
    PRIVATE,
    Content,
    Filter,
    Message,
    Urgency,
)
from quarterdeck.operations.messages.service import looking, mending
from quarterdeck.operations.messages.service.bouncing import came_back
from quarterdeck.operations.messages.service.looking import READ
from quarterdeck.operations.messages.service.mending import WRITE
from quarterdeck.web.bodies import Body
from quarterdeck.web.deps import InRead, InWork
from quarterdeck.web.paging import InPage
from quarterdeck.web.permissions import needs
from quarterdeck.web.problems import problems
from quarterdeck.web.routes import api_router

router = api_router(prefix="/messages", tags=["messages"])

READS, WRITES = problems(401, 403, 404, 422), problems(401, 403, 404, 409, 422)
Short = Annotated[str, Query(max_length=400)]


class Pair(BaseModel):
    """A label, and what it says."""

    label: str
    value: str


class ContentBody(BaseModel):
    """What is told."""

    title: str
    text: str
    severity: str
    state: str = Field(description="firing, acknowledged, resolved or info.")
    facts: list[Pair]
    links: list[Pair]

    @classmethod
    def of(cls, content: Content) -> Self:
        return cls(
            title=content.title,
            text=content.text,
            severity=content.severity,
            state=content.state,
            facts=[Pair(label=label, value=value) for label, value in content.facts],
            links=[
                Pair(label=label, value=value)
                for label, value in content.links
                if label not in PRIVATE
            ],
        )


class MessageBody(BaseModel):
    """One thing that one address was told, or is yet to be told."""

    id: str
    tenant: str
    about: str = Field(description="page/ID, incident/ID, channel/NAME, alert-group/ID, rule/NAME.")
    kind: str
    channel: str | None
    address: str
    person: str | None
    urgency: Urgency
    state: str = Field(description="waiting, sending, sent, failed or dropped.")
    content: ContentBody
    attempts: int
    error: str | None
    receipt: str | None = Field(description="What the receiver calls it.")
    created_at: datetime
    due_at: datetime | None = Field(description="When it is tried next; null: it has ended.")
    ended_at: datetime | None

    @classmethod
    def of(cls, one: Message) -> Self:
        return cls(
            id=one.id,
            tenant=one.tenant,
            about=one.about,
            kind=one.kind,
            channel=one.channel or None,
            address=one.address,
            person=one.person or None,
            urgency=one.urgency,
            state=one.state,
            content=ContentBody.of(one.content),
            attempts=one.attempts,
            error=one.error or None,
            receipt=one.receipt or None,
            created_at=one.created_at,
            due_at=one.due_at if one.is_open else None,
            ended_at=one.ended_at,
        )


State = Literal["waiting", "sending", "sent", "failed", "dropped"]


class MessageList(BaseModel):
    """Messages, newest first, and how many were not told."""

    messages: list[MessageBody]
    waiting: int = Field(description="Yet to be told, whichever are asked for.")
    failed: int = Field(description="Given up: send them again, or let them go.")
    waiting_since: datetime | None


@router.get("", responses=READS, **needs(READ))
def list_messages(  # noqa: PLR0913, PLR0917  each a part of the question
    work: InRead,
    page: InPage,
    response: Response,
    tenant: Annotated[str, Query(max_length=100, description="Only of this tenant.")] = "",
    state: Annotated[list[State], Query(max_length=5)] = [],  # noqa: B006  FastAPI copies it
    about: Short = "",
    channel: Short = "",
) -> MessageList:
    """What was told, what waits, and what nobody took."""
    before = int(page.after[0] or 0) if page.after else 0
    wanted = Filter(states=state, about=about, channel=channel)
    rows = looking.listed(work, tenant, wanted, before=before, limit=page.fetch)
    found = looking.standing(work, tenant)
    return MessageList(
        messages=[MessageBody.of(m) for m in page.turn(response, rows, lambda one: (one.seq,))],
        waiting=found.waiting,
        failed=found.failed,
        waiting_since=found.since,
    )


class BounceBody(Body):
    """A mail that came back, as a mail server reports it."""

    report: str = Field(
        min_length=1,
        description="The report as it came, multipart/report of RFC 3464, with the headers of the "
        "mail that came back.",
    )


@router.post("/bounces", responses=WRITES, **needs(WRITE))
def report_bounce(body: BounceBody, work: InWork) -> MessageBody:
    """Say that a mail came back: whoever it paged was not told, and the next is.

    A report that it is only late changes nothing, nor does a second one.
    """
    return MessageBody.of(came_back(work, body.report))


@router.get("/{message_id}", responses=READS, **needs(READ))
def get_message(message_id: str, work: InRead) -> MessageBody:
    """One message."""
    return MessageBody.of(looking.one(work, message_id))


@router.post("/{message_id}/retry", responses=WRITES, **needs(WRITE))
def retry_message(message_id: str, work: InWork) -> MessageBody:
    """Have what was given up sent again."""
    return MessageBody.of(mending.retry(work, message_id))


@router.post("/{message_id}/drop", responses=WRITES, **needs(WRITE))
def drop_message(message_id: str, work: InWork) -> MessageBody:
    """Let a message go that was not told."""
    return MessageBody.of(mending.let_go(work, message_id))
