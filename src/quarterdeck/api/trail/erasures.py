"""/api/v1/trail/erasures: a subject's data made unreadable, with a certificate."""

from typing import Annotated, Self

from pydantic import BaseModel, Field

from quarterdeck.api.trail.holds import Why
from quarterdeck.kernel.clock import instant, rfc3339
from quarterdeck.trail.erasure.model import Erasure, State
from quarterdeck.trail.erasure.service import asking as erasures
from quarterdeck.web.bodies import Body
from quarterdeck.web.deps import InRead, Installation, InWork
from quarterdeck.web.permissions import needs
from quarterdeck.web.problems import problems
from quarterdeck.web.routes import api_router

router = api_router(prefix="/trail/erasures", tags=["trail"])


class ErasureBody(BaseModel):
    """One erasure."""

    id: str
    tenant: str
    subject: str = Field(description="Empty once it is erased.")
    subject_tag: str = Field(description="The same for the same subject; tells nobody who it is.")
    reason: str
    state: State
    requested_by: str
    requested_at: str
    approved_by: str
    approved_at: str | None
    done_at: str | None
    keys: int = Field(description="Data keys destroyed.")
    records: int = Field(description="Records of which fields cannot be read any more.")
    detail: str = Field(description="Why it was refused.")
    certificate: str = Field(description="A signed note (c2sp.org/signed-note); empty until done.")

    @classmethod
    def of(cls, erasure: Erasure) -> Self:
        return cls(
            id=erasure.id,
            tenant=erasure.tenant,
            subject=erasure.subject,
            subject_tag=erasure.tag,
            reason=erasure.reason,
            state=erasure.state,
            requested_by=erasure.requested_by,
            requested_at=rfc3339(instant(erasure.requested_at)),
            approved_by=erasure.approved_by,
            approved_at=_moment(erasure.approved_at),
            done_at=_moment(erasure.done_at),
            keys=erasure.keys,
            records=erasure.records,
            detail=erasure.detail,
            certificate=erasure.certificate,
        )


class Erasures(BaseModel):
    """Erasures, newest first."""

    erasures: list[ErasureBody]


class NewErasure(Body):
    """Whose data shall be erased, and why."""

    tenant: Annotated[str, Field(min_length=1, max_length=200)]
    subject: Annotated[str, Field(min_length=1, max_length=400, description="As type:id.")]
    reason: Annotated[str, Field(min_length=1, max_length=2000)]


@router.get("", responses=problems(401, 403), **needs("holds:read"))
def list_erasures(work: InRead) -> Erasures:
    """The erasures that one may see."""
    return Erasures(erasures=[ErasureBody.of(one) for one in erasures.erasures(work)])


@router.post(
    "", status_code=201, responses=problems(401, 403, 404, 409, 422), **needs("erasure:request")
)
def request_erasure(body: NewErasure, work: InWork, runtime: Installation) -> ErasureBody:
    """Ask that a subject's data be erased; a hold answers 409 with its id."""
    made = erasures.request(work, runtime.keys, body.tenant, body.subject, body.reason)
    return ErasureBody.of(made)


@router.get("/{erasure}", responses=problems(401, 403, 404), **needs("holds:read"))
def get_erasure(erasure: str, work: InRead) -> ErasureBody:
    """One erasure, with its certificate once it is done."""
    return ErasureBody.of(erasures.erasure_of(work, erasure))


@router.post(
    "/{erasure}/approve", responses=problems(401, 403, 404, 409), **needs("erasure:approve")
)
def approve_erasure(erasure: str, work: InWork) -> ErasureBody:
    """Agree to an erasure that another person asked for: it is done at once, by a job."""
    return ErasureBody.of(erasures.approve(work, erasure))


@router.post(
    "/{erasure}/decline", responses=problems(401, 403, 404, 409, 422), **needs("erasure:approve")
)
def decline_erasure(erasure: str, body: Why, work: InWork) -> ErasureBody:
    """Refuse an erasure that waits."""
    return ErasureBody.of(erasures.decline(work, erasure, body.reason))


def _moment(at: int | None) -> str | None:
    return None if at is None else rfc3339(instant(at))
