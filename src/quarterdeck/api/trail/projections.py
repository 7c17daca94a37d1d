"""/api/v1/audit/projections: the read models of the trail."""

from typing import Annotated, Self

from fastapi import Path
from pydantic import AwareDatetime, BaseModel, Field

from quarterdeck.trail.projections.model import Name, Standing
from quarterdeck.trail.projections.service import control
from quarterdeck.trail.projections.service.control import Wish
from quarterdeck.trail.projections.service.standing import of, standings
from quarterdeck.web.bodies import Body
from quarterdeck.web.deps import InRead, Installation, InWork
from quarterdeck.web.permissions import needs
from quarterdeck.web.problems import problems
from quarterdeck.web.routes import api_router

router = api_router(prefix="/audit/projections", tags=["trail"])

Projection = Annotated[str, Path(description=f"One of {', '.join(Name)}.")]


class ProjectionBody(BaseModel):
    """A read model of one log."""

    projection: str
    tenant: str
    watermark: int = Field(description="Records applied, from the first on without a gap.")
    size: int = Field(description="Records of the log.")
    behind: int
    lag_s: float = Field(description="How long ago the oldest came that is not applied.")
    skipped: int = Field(description="Records that could not be read: they are dead letters.")
    paused: bool

    @classmethod
    def of(cls, one: Standing) -> Self:
        return cls(
            projection=one.projection,
            tenant=one.log,
            watermark=one.place.size,
            size=one.size,
            behind=one.behind,
            lag_s=round(one.lag_s, 3),
            skipped=one.place.skipped,
            paused=one.paused,
        )


class Projections(BaseModel):
    """Of the logs that one may read."""

    projections: list[ProjectionBody]


class Held(BaseModel):
    """Whether a projection is held now, and whether that is new."""

    projection: str
    paused: bool
    changed: bool


class RebuildWish(Body):
    """What is to be made anew."""

    tenant: str
    from_: AwareDatetime | None = Field(None, alias="from", description="Occurred then, or later.")
    to: AwareDatetime | None = Field(None, description="Occurred before.")
    dry_run: bool = Field(default=True, description="Compare, and change nothing.")


class Rebuilding(BaseModel):
    """The job that does it; its end leaves a record with what it found."""

    job: str
    dry_run: bool


@router.get("", responses=problems(401, 403), **needs("trail:read"))
def list_projections(work: InRead, runtime: Installation) -> Projections:
    """How far each read model is behind its log, and since when."""
    tenants = work.tenants("trail:read")
    explorer = runtime.explorer
    found = standings(runtime.engine, explorer.read, runtime.reader, runtime.clock, explorer.names)
    return Projections(projections=[ProjectionBody.of(one) for one in of(found, tenants)])


@router.post(
    "/{projection}/pause", responses=problems(401, 403, 404, 422), **needs("projections:pause")
)
def pause_projection(projection: Projection, work: InWork) -> Held:
    """Hold a projection of every log: what is appended meanwhile waits for it."""
    return Held(projection=projection, paused=True, changed=control.pause(work, projection))


@router.post(
    "/{projection}/resume", responses=problems(401, 403, 404, 422), **needs("projections:pause")
)
def resume_projection(projection: Projection, work: InWork) -> Held:
    """Let a projection go on where it stood."""
    return Held(projection=projection, paused=False, changed=control.resume(work, projection))


@router.post(
    "/{projection}/rebuild",
    status_code=202,
    responses=problems(401, 403, 404, 422),
    **needs("projections:rebuild"),
)
def rebuild_projection(
    projection: Projection, body: RebuildWish, work: InWork, runtime: Installation
) -> Rebuilding:
    """Make a read model anew from the log, compare it row by row, and put in what differs."""
    wish = Wish(
        projection=projection,
        tenant=body.tenant,
        since=body.from_,
        until=body.to,
        dry=body.dry_run,
    )
    job = control.request_rebuild(work, runtime.reader, wish)
    return Rebuilding(job=job, dry_run=body.dry_run)
