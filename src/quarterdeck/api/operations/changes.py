"""/api/v1/changes and /freezes: what was changed, and whether one may change something now."""

from datetime import datetime, timedelta
from typing import Annotated, Self

from fastapi import Query, Response
from pydantic import BaseModel, Field

from quarterdeck.api.operations.services import utc_of
from quarterdeck.kernel.clock import micros
from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.operations.changes import service
from quarterdeck.operations.changes.model import Asked, Change, ChangeKind, Freeze, Level, Purpose
from quarterdeck.web.bodies import Body
from quarterdeck.web.deps import InRead, InWork
from quarterdeck.web.paging import InPage
from quarterdeck.web.permissions import needs
from quarterdeck.web.problems import problems
from quarterdeck.web.routes import api_router

router = api_router(tags=["changes"])

READS = needs(service.READ)
USUAL = timedelta(hours=24)
OfTenant = Annotated[str, Query(description="Only of this tenant.")]
InEnvironment = Annotated[str, Query(description="Only of this environment, or of all.")]


class ChangeBody(BaseModel):
    """Something was changed."""

    id: str
    tenant: str
    environment: str
    service: str
    kind: ChangeKind
    title: str
    version: str
    link: str
    at: datetime
    by: str
    source: str = Field(description="told, or the fact that was heard.")

    @classmethod
    def of(cls, one: Change) -> Self:
        return cls(**{name: getattr(one, name) for name in cls.model_fields})


class Changes(BaseModel):
    """Changes, newest first."""

    changes: list[ChangeBody]


class NewChange(Body):
    """What was changed."""

    tenant: str = PLATFORM
    kind: ChangeKind = ChangeKind.DEPLOY
    title: str = Field(min_length=1, max_length=500)
    environment: str = ""
    service: str = ""
    version: str = ""
    link: str = ""
    at: datetime | None = Field(None, description="Null: just now.")
    by: str = Field("", description="Empty: whoever tells it.")


class FreezeBody(BaseModel):
    """Changes are refused."""

    id: str
    tenant: str
    environment: str = Field(description="Empty: every one.")
    level: Level
    reason: str
    since: datetime
    until: datetime | None = Field(description="Null: until somebody ends it.")
    by: str
    source: str
    ended_at: datetime | None
    ended_by: str

    @classmethod
    def of(cls, one: Freeze) -> Self:
        return cls(**{name: getattr(one, name) for name in cls.model_fields})


class Freezes(BaseModel):
    """Freezes, newest first."""

    freezes: list[FreezeBody]


class NewFreeze(Body):
    """What shall be frozen, and why."""

    reason: str = Field(min_length=1, max_length=500)
    level: Level = Level.FEATURES
    tenant: str = PLATFORM
    environment: str = ""
    until: datetime | None = None


class VerdictBody(BaseModel):
    """Whether one may change something now."""

    allowed: bool
    freezes: list[FreezeBody] = Field(description="Those that refuse it.")


@router.get("/changes", responses=problems(401, 403, 404, 422), **READS)
def list_changes(  # noqa: PLR0913, PLR0917  the filters of the list
    work: InRead,
    page: InPage,
    response: Response,
    tenant: OfTenant = "",
    environment: InEnvironment = "",
    service_name: Annotated[str, Query(alias="service", description="Only of this, or all.")] = "",
    kind: Annotated[ChangeKind | None, Query(description="Only of this kind.")] = None,
    since: Annotated[datetime | None, Query(description="Default: a day ago.")] = None,
    until: Annotated[datetime | None, Query(description="Default: now.")] = None,
) -> Changes:
    """What was changed, newest first."""
    asked = Asked(
        since=utc_of(since) if since else work.now - USUAL,
        until=utc_of(until) if until else work.now + service.AHEAD,
        tenant=tenant,
        environment=environment,
        service=service_name,
        kind=kind.value if kind else "",
    )
    before = (int(page.after[0] or 0), str(page.after[1])) if page.after else None
    found = service.changes(work, asked, before=before, limit=page.fetch)
    shown = page.turn(response, found, lambda one: (micros(one.at), one.id))
    return Changes(changes=[ChangeBody.of(one) for one in shown])


@router.post(
    "/changes", status_code=201, responses=problems(401, 403, 404, 422), **needs(service.RECORD)
)
def record_change(body: NewChange, work: InWork) -> ChangeBody:
    """Tell that something was changed: a deployment, a configuration, a rotation."""
    said = body.model_dump() | {"at": utc_of(body.at) if body.at else None}
    return ChangeBody.of(service.record(work, service.Told(**said)))


@router.get("/changes/may-deploy", responses=problems(401, 403, 404, 422), **READS)
def may_deploy(
    work: InRead,
    tenant: Annotated[str, Query(description="Whose; default: the platform's.")] = PLATFORM,
    environment: Annotated[str, Query(description="Where; empty: everywhere.")] = "",
    purpose: Annotated[Purpose, Query(description="What it is for.")] = Purpose.FEATURE,
    kind: Annotated[ChangeKind, Query(description="What is done.")] = ChangeKind.DEPLOY,
) -> VerdictBody:
    """Whether one may change something now: what the freezes in force say."""
    verdict = service.may_deploy(work, tenant, environment, purpose, kind)
    return VerdictBody(
        allowed=verdict.allowed, freezes=[FreezeBody.of(one) for one in verdict.freezes]
    )


@router.get("/freezes", responses=problems(401, 403, 422), **READS)
def list_freezes(
    work: InRead, *, over: Annotated[bool, Query(description="Those that are over too.")] = False
) -> Freezes:
    """Freezes, newest first; the platform's are everybody's. Of those that are over at most 500."""
    return Freezes(freezes=[FreezeBody.of(one) for one in service.freezes(work, over=over)])


@router.post(
    "/freezes", status_code=201, responses=problems(401, 403, 404, 422), **needs(service.FREEZE)
)
def freeze_changes(body: NewFreeze, work: InWork) -> FreezeBody:
    """Refuse changes from now on: features, all but stability and hotfixes, or everything."""
    said = body.model_dump() | {"until": utc_of(body.until) if body.until else None}
    return FreezeBody.of(service.freeze(work, service.Order(**said)))


@router.post(
    "/freezes/{freeze}/end", responses=problems(401, 403, 404, 409), **needs(service.FREEZE)
)
def end_freeze(freeze: str, work: InWork) -> FreezeBody:
    """End a freeze."""
    return FreezeBody.of(service.thaw(work, freeze))
