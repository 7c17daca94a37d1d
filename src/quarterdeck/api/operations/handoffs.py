"""/api/v1/oncall, hand-offs: what who ends a shift leaves for who begins."""

from collections.abc import Sequence
from datetime import datetime
from typing import Self

from fastapi import Response
from pydantic import BaseModel, Field

from quarterdeck.api.operations.oncall import ONE, READS, WRITES, OfTenant
from quarterdeck.api.operations.oncall_bodies import PersonBody
from quarterdeck.kernel.clock import instant, micros
from quarterdeck.kernel.work import Work
from quarterdeck.operations.handoffs.model.handoff import LONGEST_NOTE, Handoff, Kind, Matters
from quarterdeck.operations.handoffs.service import looking, passing
from quarterdeck.operations.handoffs.service.matters import seen
from quarterdeck.operations.oncall.model.person import People
from quarterdeck.operations.oncall.service.keeping import OVERRIDE, READ
from quarterdeck.web.bodies import Body
from quarterdeck.web.deps import InRead, InWork
from quarterdeck.web.paging import InPage
from quarterdeck.web.permissions import needs
from quarterdeck.web.routes import api_router

router = api_router(prefix="/oncall", tags=["on-call"])


class Note(Body):
    """What is left for who comes next."""

    text: str = Field(max_length=LONGEST_NOTE, description="Plain text, or Markdown.")
    expected_version: int | None = Field(
        None,
        ge=0,
        le=2**31 - 1,
        description="Only if the note is at this version; 0: none was left yet.",
    )


class MatterBody(BaseModel):
    """Something that is open when a shift ends."""

    kind: Kind
    id: str
    tenant: str
    title: str
    state: str
    at: datetime = Field(description="Since when; of a silence, when it ends.")


class MattersBody(BaseModel):
    """What is open, as far as one may see."""

    listed: list[MatterBody]
    unseen: list[Kind] = Field(description="Kinds of which nothing is known to who asks.")
    cut: bool = Field(description="Whether there is more than is listed.")

    @classmethod
    def of(cls, found: Matters) -> Self:
        listed = [
            MatterBody(
                kind=one.kind,
                id=one.id,
                tenant=one.tenant,
                title=one.title,
                state=one.state,
                at=one.at,
            )
            for one in found.listed
        ]
        return cls(listed=listed, unseen=list(found.unseen), cut=found.cut)


class HandoffBody(BaseModel):
    """A note that was left where a schedule changes hands."""

    id: str
    tenant: str
    schedule: str
    turns_at: datetime = Field(description="When the shift changes hands.")
    until: datetime = Field(description="When the next shift ends, or 92 days on.")
    giver: PersonBody
    taker: PersonBody
    text: str
    version: int = Field(description="How often it was written.")
    by: PersonBody = Field(description="Who wrote it.")
    at: datetime
    taken_by: PersonBody | None = Field(description="Who took over; null: nobody yet.")
    taken_at: datetime | None

    @classmethod
    def told(cls, one: Handoff, who: People) -> Self:
        return cls(
            id=one.id,
            tenant=one.tenant,
            schedule=one.schedule,
            turns_at=one.turn.span.start,
            until=one.turn.span.end,
            giver=PersonBody.of(who.of(one.turn.giver)),
            taker=PersonBody.of(who.of(one.turn.taker)),
            text=one.text,
            version=one.version,
            by=PersonBody.of(who.of(one.by)),
            at=one.at,
            taken_by=PersonBody.of(who.of(one.taken_by)) if one.taken_by else None,
            taken_at=one.taken_at,
        )


class HandoffMatters(BaseModel):
    """A note, and what is open beside it; once it was taken over, what was open then."""

    handoff: HandoffBody
    open: MattersBody


class Handoffs(BaseModel):
    """Notes that were left."""

    handoffs: list[HandoffBody]


@router.get("/handoffs", responses=READS, **needs(READ))
def list_waiting_oncall_handoffs(work: InRead, tenant: OfTenant = "") -> Handoffs:
    """Of each schedule the latest note, where nobody took it over."""
    return _all(work, looking.waiting(work, tenant))


@router.get(f"{ONE}/handoffs", responses=READS, **needs(READ))
def list_oncall_handoffs(
    tenant: str, schedule: str, work: InRead, page: InPage, response: Response
) -> Handoffs:
    """Every note of a schedule, that of the latest shift first."""
    before = instant(int(page.after[0] or 0)) if page.after else None
    rows = looking.history(work, tenant, schedule, before=before, limit=page.fetch)
    shown = page.turn(response, rows, lambda one: (micros(one.turn.span.start),))
    return _all(work, shown)


@router.get(f"{ONE}/handoff", responses=READS, **needs(READ))
def get_oncall_handoff(tenant: str, schedule: str, work: InRead) -> HandoffMatters:
    """The latest note, and what is open: pages, incidents, silences that end in the next shift."""
    one = looking.latest(work, tenant, schedule)
    return HandoffMatters(handoff=_told(work, one), open=MattersBody.of(seen(work, one)))


@router.put(f"{ONE}/handoff", responses=WRITES, **needs(OVERRIDE))
def leave_oncall_handoff(tenant: str, schedule: str, body: Note, work: InWork) -> HandoffBody:
    """Leave a note for who comes next, until 12 hours after one's shift, or write it anew."""
    work.require(OVERRIDE, tenant)
    left, _ = passing.leave(work, tenant, schedule, body.text, expected=body.expected_version)
    return _told(work, left)


@router.post(f"{ONE}/handoffs/{{handoff}}/take-over", responses=WRITES, **needs(OVERRIDE))
def take_oncall_handoff_over(
    tenant: str, schedule: str, handoff: str, work: InWork
) -> HandoffMatters:
    """Take a shift over: what is open now is kept with the note."""
    one = passing.take_over(work, tenant, schedule, handoff)
    return HandoffMatters(handoff=_told(work, one), open=MattersBody.of(seen(work, one)))


def _all(work: Work, some: Sequence[Handoff]) -> Handoffs:
    who = looking.whom(work, some)
    return Handoffs(handoffs=[HandoffBody.told(one, who[one.tenant]) for one in some])


def _told(work: Work, one: Handoff) -> HandoffBody:
    return HandoffBody.told(one, looking.who(work, one.tenant, [one]))
