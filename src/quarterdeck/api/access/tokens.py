"""/api/v1/tokens, /api/v1/sessions: what people and programs show to be let in."""

from datetime import datetime, timedelta
from typing import Annotated, Self

from fastapi import Query, Response
from pydantic import AwareDatetime, BaseModel, Field

from quarterdeck.access.principals.model import Scope
from quarterdeck.access.sessions import service as sessions
from quarterdeck.access.tokens import service as tokens
from quarterdeck.access.tokens.model import LONGEST_OVERLAP, MAX_NAME, Wanted
from quarterdeck.api.access.answers import IssuedBody, SessionBody, TokenBody, after_id
from quarterdeck.kernel.ids import PrincipalId
from quarterdeck.kernel.settings import Settings
from quarterdeck.kernel.work import Work
from quarterdeck.web.bodies import Body
from quarterdeck.web.deps import InRead, Installation, InWork
from quarterdeck.web.paging import InPage
from quarterdeck.web.permissions import needs
from quarterdeck.web.problems import problems
from quarterdeck.web.routes import api_router

router = api_router(tags=["access"])

OVERLAP_S = int(LONGEST_OVERLAP.total_seconds())

Whose = Annotated[
    str, Query(description="Of this principal; `all`: of all one may see; else one's own.")
]


class NewTokenBody(Body):
    """A token to make."""

    principal: str = Field("", description="Whom it speaks for; empty: oneself.")
    name: str = Field(min_length=1, max_length=MAX_NAME, examples=["nightly export"])
    expires_at: AwareDatetime | None = Field(
        None, description="Default: in 30 days; of a single-use token, in 24 hours."
    )
    permissions: list[str] | None = Field(None, description="Only these; null: all it may do.")
    tenants: list[str] | None = Field(None, description="Only on these; null: on all.")
    single_use: bool = Field(default=False, description="Good for one sign-in to the console.")

    def wanted(self, work: Work, longest: timedelta) -> Wanted:
        """What it asks for."""
        usual = timedelta(hours=24) if self.single_use else min(timedelta(days=30), longest)
        return Wanted(
            principal=PrincipalId(self.principal or work.actor.id),
            name=self.name,
            expires_at=self.expires_at or work.now + usual,
            scope=Scope(permissions=_set(self.permissions), tenants=_set(self.tenants)),
            single_use=self.single_use,
        )


class RotationBody(Body):
    """How to replace a token."""

    overlap_s: int = Field(0, ge=0, le=OVERLAP_S, description="Seconds the old one stays good.")


class Tokens(BaseModel):
    """A page of tokens, oldest first; ``Link`` leads to the next."""

    tokens: list[TokenBody]


class Sessions(BaseModel):
    """A page of sessions, oldest first; ``Link`` leads to the next."""

    sessions: list[SessionBody]


class RevokedBody(BaseModel):
    """A token that is good no more."""

    id: str
    revoked_at: datetime

    @classmethod
    def of(cls, token: str, at: datetime) -> Self:
        return cls(id=token, revoked_at=at)


@router.get("/tokens", responses=problems(401, 403, 422), **needs("tokens:own"))
def list_tokens(work: InRead, page: InPage, response: Response, principal: Whose = "") -> Tokens:
    """Tokens: one's own; by ``tokens:read``, others' too. Secrets are never shown again."""
    whose = _whose(work, principal)
    rows = tokens.tokens(work, principal=whose, after=after_id(page), limit=page.fetch)
    shown = page.turn(response, rows, lambda token: (token.id,))
    return Tokens(tokens=[TokenBody.of(t) for t in shown])


@router.post(
    "/tokens",
    status_code=201,
    responses=problems(401, 403, 404, 409, 422),
    **needs("tokens:own"),
)
def create_token(
    body: NewTokenBody, work: InWork, runtime: Installation, response: Response
) -> IssuedBody:
    """Make a token: one's own, or by ``tokens:create`` a program's or a person's first sign-in."""
    longest = _longest(runtime.settings)
    response.headers["Cache-Control"] = "no-store"
    return IssuedBody.of_issued(tokens.create(work, body.wanted(work, longest), longest=longest))


@router.post(
    "/tokens/{token}/rotate",
    status_code=201,
    responses=problems(401, 403, 404, 409, 422),
    **needs("tokens:own"),
)
def rotate_token(
    token: str,
    work: InWork,
    runtime: Installation,
    response: Response,
    body: RotationBody | None = None,
) -> IssuedBody:
    """Replace a token by one that lives as long: one's own, or a program's by ``tokens:rotate``."""
    overlap = timedelta(seconds=body.overlap_s if body else 0)
    response.headers["Cache-Control"] = "no-store"
    return IssuedBody.of_issued(
        tokens.rotate(work, token, overlap=overlap, longest=_longest(runtime.settings))
    )


@router.delete("/tokens/{token}", responses=problems(401, 403, 404, 409), **needs("tokens:own"))
def revoke_token(token: str, work: InWork) -> RevokedBody:
    """End a token and the sessions opened with it: one's own, or anyone's by ``tokens:revoke``."""
    return RevokedBody.of(tokens.revoke(work, token).id, work.now)


@router.get("/sessions", responses=problems(401, 403, 422), **needs("sessions:own"))
def list_sessions(
    work: InRead, page: InPage, response: Response, principal: Whose = ""
) -> Sessions:
    """Who is signed in: oneself; by ``sessions:read``, others too."""
    whose = _whose(work, principal)
    rows = sessions.sessions(work, principal=whose, after=after_id(page), limit=page.fetch)
    shown = page.turn(response, rows, lambda session: (session.id,))
    return Sessions(sessions=[SessionBody.of(s) for s in shown])


@router.delete("/sessions/{session}", responses=problems(401, 403, 404), **needs("sessions:own"))
def end_session(session: str, work: InWork) -> SessionBody:
    """Sign someone out: oneself, or anyone by ``sessions:revoke``."""
    return SessionBody.of(sessions.end(work, session))


def _whose(work: Work, principal: str) -> str:
    return "" if principal == "all" else principal or work.actor.id


def _longest(settings: Settings) -> timedelta:
    return timedelta(days=settings.token_max_days)


def _set(names: list[str] | None) -> frozenset[str] | None:
    return None if names is None else frozenset(names)
