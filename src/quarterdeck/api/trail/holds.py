"""/api/v1/trail/holds: legal holds, version by version."""

from typing import Annotated, Self

from pydantic import AwareDatetime, BaseModel, Field

from quarterdeck.kernel.clock import instant, micros, rfc3339
from quarterdeck.trail.holds import service as holds
from quarterdeck.trail.holds.model import Covers, Hold, Scope, State
from quarterdeck.web.bodies import Body
from quarterdeck.web.deps import InRead, InWork
from quarterdeck.web.permissions import needs
from quarterdeck.web.problems import problems
from quarterdeck.web.routes import api_router

router = api_router(prefix="/trail/holds", tags=["trail"])

Words = Annotated[str, Field(min_length=1, max_length=2000)]


class HoldBody(BaseModel):
    """One version of a legal hold: what it covers is neither purged nor erased."""

    id: str
    tenant: str
    version: int
    covers: Covers
    value: str = Field(description="The subject, or the actor or resource as type:id.")
    since: str | None = Field(description="Covers what the server received from then on.")
    until: str | None = Field(description="Up to, without, then.")
    reason: str
    state: State
    at: str = Field(description="When this version was made.")
    by: str

    @classmethod
    def of(cls, hold: Hold) -> Self:
        scope = hold.scope
        return cls(
            id=hold.id,
            tenant=hold.tenant,
            version=hold.version,
            covers=scope.covers,
            value=scope.value,
            since=None if scope.since is None else rfc3339(instant(scope.since)),
            until=None if scope.until is None else rfc3339(instant(scope.until)),
            reason=hold.reason,
            state=hold.state,
            at=rfc3339(instant(hold.at)),
            by=hold.by,
        )


class Holds(BaseModel):
    """Legal holds, the last changed first."""

    holds: list[HoldBody]


class NewHold(Body):
    """What shall be kept, and why."""

    tenant: Annotated[str, Field(min_length=1, max_length=200)]
    covers: Covers
    value: Annotated[str, Field(max_length=400)] = ""
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    reason: Words


class Why(Body):
    """The reason, kept with the version."""

    reason: Words


@router.get("", responses=problems(401, 403), **needs("holds:read"))
def list_holds(work: InRead) -> Holds:
    """The newest version of each hold that one may see."""
    return Holds(holds=[HoldBody.of(one) for one in holds.holds(work)])


@router.post("", status_code=201, responses=problems(401, 403, 404, 422), **needs("holds:place"))
def place_hold(body: NewHold, work: InWork) -> HoldBody:
    """Place a hold: from now on nothing that it covers is purged or erased."""
    scope = Scope(
        covers=body.covers,
        value=body.value,
        since=None if body.since is None else micros(body.since),
        until=None if body.until is None else micros(body.until),
    )
    return HoldBody.of(holds.place(work, body.tenant, scope, body.reason))


@router.get("/{hold}", responses=problems(401, 403, 404), **needs("holds:read"))
def hold_history(hold: str, work: InRead) -> Holds:
    """All versions of a hold, newest first."""
    return Holds(holds=[HoldBody.of(one) for one in holds.history(work, hold)])


@router.post(
    "/{hold}/release", responses=problems(401, 403, 404, 409, 422), **needs("holds:release")
)
def release_hold(hold: str, body: Why, work: InWork) -> HoldBody:
    """Ask for a release, or agree to one that another person asked for."""
    return HoldBody.of(holds.release(work, hold, body.reason))


@router.post("/{hold}/keep", responses=problems(401, 403, 404, 409, 422), **needs("holds:place"))
def keep_hold(hold: str, body: Why, work: InWork) -> HoldBody:
    """Decline a release that was asked for."""
    return HoldBody.of(holds.keep(work, hold, body.reason))
