"""/api/v1/trail/logs/{tenant}/keys: what signs a log, and how its key is replaced."""

from datetime import timedelta
from typing import Annotated, Self

from fastapi import Response
from pydantic import BaseModel, Field

from quarterdeck.api.trail.logs import InOpen
from quarterdeck.kernel.clock import instant, rfc3339
from quarterdeck.kernel.work import Work
from quarterdeck.runtime import Runtime
from quarterdeck.trail.keys import rotation
from quarterdeck.trail.keys.handover import pack
from quarterdeck.trail.keys.ring import SigningKey
from quarterdeck.trail.log import service as log
from quarterdeck.trail.log.model import LogNotFound
from quarterdeck.web.bodies import Body
from quarterdeck.web.deps import InRead, Installation, InWork
from quarterdeck.web.permissions import needs
from quarterdeck.web.problems import problems
from quarterdeck.web.routes import api_router

router = api_router(prefix="/trail/logs/{tenant}", tags=["trail"])

PLAIN = "text/plain; charset=utf-8"


class SigningKeyBody(BaseModel):
    """One of a log's signing keys; its secret part is never shown."""

    number: int
    vkey: str = Field(description="name+hash+key, as in c2sp.org/signed-note.")
    key_id: str
    made_at: str
    overlap_until: str | None = Field(description="Until when the key before it signs too.")
    reason: str = Field(description="`scheduled`, `emergency`; empty for the first.")
    incident: str
    handover: str = Field(description="The note by which the key before named it.")

    @classmethod
    def of(cls, key: SigningKey) -> Self:
        until = rfc3339(instant(key.overlap_until)) if key.overlap_until else None
        return cls(
            number=key.number,
            vkey=key.verifier.vkey,
            key_id=key.verifier.id.hex(),
            made_at=rfc3339(instant(key.made_at)),
            overlap_until=until,
            reason=key.reason,
            incident=key.incident,
            handover=key.handover.decode(),
        )


class SigningKeys(BaseModel):
    """The keys of a log, oldest first."""

    keys: list[SigningKeyBody]
    kms: str | None = Field(description="What wraps their secret parts on disk; null: nothing.")


class Rotation(Body):
    """How to replace a log's key."""

    overlap_s: Annotated[int, Field(ge=1, le=34_560_000)] = Field(
        2_592_000, description="Seconds that both keys sign; not for an emergency."
    )
    emergency: bool = Field(default=False, description="The old key signs nothing more, at once.")
    incident: str = Field("", description="Its id; needed for an emergency.")


@router.get("/keys", responses=problems(401, 403, 404), **needs("keys:read"))
def list_signing_keys(tenant: str, work: InRead, runtime: Installation) -> SigningKeys:
    """Every key that signed the log."""
    _refuse_unbegun(work, runtime, tenant)
    found = rotation.signing_keys(work, runtime.keys, tenant)
    by = runtime.keys.envelope.wrapping()
    return SigningKeys(keys=[SigningKeyBody.of(key) for key in found], kms=by.kms if by else None)


@router.post(
    "/keys/rotate",
    status_code=201,
    responses=problems(401, 403, 404, 409, 422, 503),
    **needs("keys:rotate"),
)
def rotate_signing_key(
    tenant: str, body: Rotation, work: InWork, runtime: Installation
) -> SigningKeyBody:
    """Replace the log's key: with an overlap, or at once in an emergency."""
    size = runtime.reader.size(tenant)
    if body.emergency:
        made = rotation.rotate_at_once(work, runtime.keys, tenant, size, body.incident)
    else:
        overlap = timedelta(seconds=body.overlap_s)
        made = rotation.rotate(work, runtime.keys, tenant, size, overlap)
    return SigningKeyBody.of(made)


@router.get(
    "/handovers",
    response_class=Response,
    responses={200: {"content": {PLAIN: {}}}, **problems(404)},
)
def log_handovers(tenant: str, work: InOpen, runtime: Installation) -> Response:
    """How each key of the log named the next; empty where it has its first. Open to all."""
    log.checkpoint(work, runtime.reader, tenant)
    notes = [key.handover for key in runtime.keys.ring(tenant)[1:]]
    return Response(pack(notes), headers={"Cache-Control": "no-cache"}, media_type=PLAIN)


def _refuse_unbegun(work: Work, runtime: Runtime, tenant: str) -> None:
    work.require("keys:read", tenant)
    if not any(one.tenant == tenant for one, _ in log.logs(work, runtime.reader)):
        raise LogNotFound(f"no log {tenant}; a log begins with its tenant's first record")
