"""/api/v1/trail/keystore: which KMS wraps the keys of all logs, and having that changed."""

from datetime import datetime
from typing import Annotated, Self

from fastapi import Depends
from pydantic import BaseModel, Field

from quarterdeck.kernel.clock import instant
from quarterdeck.kernel.work import Work
from quarterdeck.runtime import Runtime
from quarterdeck.trail.keys import custody
from quarterdeck.trail.keys.model import Custody, Prepared, Wrapping
from quarterdeck.web.deps import InRead, Installation, prepared_by
from quarterdeck.web.permissions import needs
from quarterdeck.web.problems import problems
from quarterdeck.web.routes import api_router

router = api_router(prefix="/trail/keystore", tags=["trail"])


class CustodyBody(BaseModel):
    """How the keys of all logs are kept on disk."""

    kms: str | None = Field(description="What wraps them; null: their folder's rights guard them.")
    version: str | None = Field(description="The version of the KMS's key that wrapped them.")
    algorithm: str | None
    wrapped_at: datetime | None
    sealed: int = Field(description="Files whose secrets only the KMS opens.")
    plain: int = Field(description="Files whose secrets lie open.")
    whole: bool = Field(description="false: a change broke off; ask for it again.")

    @classmethod
    def of(cls, found: Custody) -> Self:
        by = found.wrapping
        return cls(
            kms=by.kms if by else None,
            version=by.wrapped.version if by else None,
            algorithm=by.wrapped.algorithm if by else None,
            wrapped_at=instant(by.made_at) if by else None,
            sealed=found.sealed,
            plain=found.plain,
            whole=found.whole,
        )


def _to_wrap(look: Work, runtime: Runtime) -> Prepared:
    return custody.prepare_wrap(look, runtime.keys, runtime.settings.kms)


def _to_rewrap(look: Work, runtime: Runtime) -> Prepared:
    return custody.prepare_rewrap(look, runtime.keys, runtime.settings.kms)


def _to_unwrap(look: Work, runtime: Runtime) -> Wrapping:
    return custody.prepare_unwrap(look, runtime.keys)


ToWrap = Annotated[tuple[Work, Prepared], Depends(prepared_by(_to_wrap), scope="function")]
ToRewrap = Annotated[tuple[Work, Prepared], Depends(prepared_by(_to_rewrap), scope="function")]
ToUnwrap = Annotated[tuple[Work, Wrapping], Depends(prepared_by(_to_unwrap), scope="function")]
CHANGED = problems(401, 403, 409, 422, 503)


@router.get("", responses=problems(401, 403, 503), **needs("keys:read"))
def get_key_custody(work: InRead, runtime: Installation) -> CustodyBody:
    """Which KMS wraps the keys of all logs, if one does; it is not asked."""
    return CustodyBody.of(custody.custody(work, runtime.keys))


@router.post("/wrap", responses=CHANGED, **needs("keys:wrap"))
def wrap_keys(both: ToWrap, runtime: Installation) -> CustodyBody:
    """Have the KMS that is set wrap the keys of all logs. Nothing stops meanwhile."""
    work, prepared = both
    return CustodyBody.of(custody.wrap(work, runtime.keys, prepared))


@router.post("/rewrap", responses=CHANGED, **needs("keys:wrap"))
def rewrap_keys(both: ToRewrap, runtime: Installation) -> CustodyBody:
    """Have the newest version of the KMS's key wrap them, or the KMS that is set now."""
    work, prepared = both
    return CustodyBody.of(custody.rewrap(work, runtime.keys, prepared))


@router.post("/unwrap", responses=CHANGED, **needs("keys:wrap"))
def unwrap_keys(both: ToUnwrap, runtime: Installation) -> CustodyBody:
    """Have no KMS wrap them any more: their secrets lie open to whoever reads the folder."""
    work, wrapping = both
    return CustodyBody.of(custody.unwrap(work, runtime.keys, wrapping))
