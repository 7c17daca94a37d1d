"""/api/v1/silences: for a while, nobody is woken; and who would not be."""

from datetime import datetime, timedelta
from typing import Annotated, Self

from fastapi import Query
from pydantic import AwareDatetime, BaseModel, Field

from quarterdeck.api.operations.alert_bodies import AlertBody
from quarterdeck.kernel.work import Work
from quarterdeck.operations.alerts.service import looking
from quarterdeck.operations.silences import service
from quarterdeck.operations.silences.matchers import parse_all
from quarterdeck.operations.silences.model import Silence, SilenceState, Wanted
from quarterdeck.web.bodies import Body
from quarterdeck.web.deps import InRead, InWork
from quarterdeck.web.permissions import needs
from quarterdeck.web.problems import problems
from quarterdeck.web.routes import api_router

router = api_router(prefix="/silences", tags=["silences"])

READS, WRITES = problems(401, 403, 404, 422), problems(401, 403, 404, 409, 422)
LONGEST_S = 366 * 86_400
MOST_SHOWN = 50

UNEXPIRED = (SilenceState.ACTIVE, SilenceState.PENDING)

States = Annotated[
    list[SilenceState], Query(description="Repeat it; else those that hold, and those to come.")
]
Matching = Field(
    min_length=1, max_length=100, description="As service=checkout, node=~web.*; all must hold."
)


class SilenceBody(BaseModel):
    """Alerts that match wake nobody for a while."""

    id: str
    tenant: str
    matchers: list[str]
    state: SilenceState
    starts_at: datetime
    ends_at: datetime
    created_by: str
    comment: str

    @classmethod
    def of(cls, silence: Silence, work: Work) -> Self:
        return cls(
            id=silence.id,
            tenant=silence.tenant,
            matchers=[str(one) for one in silence.matchers],
            state=silence.state(work.now),
            starts_at=silence.starts_at,
            ends_at=silence.ends_at,
            created_by=silence.created_by,
            comment=silence.comment,
        )


class SilenceList(BaseModel):
    """Silences: those that hold, those to come, those that ended."""

    silences: list[SilenceBody]


class NewSilence(Body):
    """What shall wake nobody, and for how long."""

    tenant: str
    matchers: list[str] = Matching
    duration_s: int = Field(7200, ge=1, le=LONGEST_S, description="Where ends_at is not said.")
    starts_at: AwareDatetime | None = Field(None, description="Else now.")
    ends_at: AwareDatetime | None = None
    comment: str = Field("", max_length=4000)
    created_by: str = Field("", max_length=200, description="Empty: whoever asks.")
    id: str = Field("", description="Of the silence to change; empty: a new one.")


class Preview(Body):
    """What a silence would be about."""

    tenant: str
    matchers: list[str] = Matching


class Previewed(BaseModel):
    """What a silence would mute now."""

    count: int
    alerts: list[AlertBody] = Field(description=f"The first {MOST_SHOWN}.")


@router.get("", responses=READS, **needs("alerts:read"))
def list_silences(
    work: InRead,
    tenant: str = "",
    state: States = [],  # noqa: B006  FastAPI copies it
    *,
    expired: Annotated[bool, Query(description="Those that ended, too.")] = False,
) -> SilenceList:
    """Silences: those that hold, those to come, and those that ended within five days."""
    usual = tuple(SilenceState) if expired else UNEXPIRED
    found = service.listed(work, tenant, state or usual)
    return SilenceList(silences=[SilenceBody.of(one, work) for one in found])


@router.post("", status_code=201, responses=WRITES, **needs("alerts:silence"))
def add_silence(work: InWork, new: NewSilence) -> SilenceBody:
    """Silence what matches, or change a silence."""
    work.require("alerts:silence", new.tenant)  # whoever may not hears nothing of matchers
    begins = new.starts_at or work.now
    wanted = Wanted(
        id=new.id,
        matchers=parse_all(new.matchers),
        starts_at=new.starts_at,
        ends_at=new.ends_at or begins + timedelta(seconds=new.duration_s),
        comment=new.comment,
        created_by=new.created_by,
    )
    return SilenceBody.of(service.silence(work, new.tenant, wanted), work)


@router.post("/preview", responses=READS, **needs("alerts:read"))
def preview_silence(work: InWork, asked: Preview) -> Previewed:
    """What a silence would mute now; nothing changes."""
    work.require("alerts:read", asked.tenant)  # whoever may not hears nothing of matchers
    found = looking.live(work, asked.tenant, parse_all(asked.matchers))
    return Previewed(count=len(found), alerts=[AlertBody.of(one) for one in found[:MOST_SHOWN]])


@router.delete("/{silence}", responses=WRITES, **needs("alerts:silence"))
def expire_silence(work: InWork, silence: str) -> SilenceBody:
    """End a silence now."""
    return SilenceBody.of(service.expire(work, silence), work)
