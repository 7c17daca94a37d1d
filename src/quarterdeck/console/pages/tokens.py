"""/tokens: the secrets that people and programs show. Each is shown once."""

from datetime import timedelta
from typing import Annotated

from fastapi import Form, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from quarterdeck.access.principals.model import Scope
from quarterdeck.access.roles.model import PERMISSIONS
from quarterdeck.access.tokens import service as tokens
from quarterdeck.access.tokens.model import Issued, Token, Wanted
from quarterdeck.console.frame import Frame, InFrame, changing, looking, see
from quarterdeck.kernel.errors import Conflict, Forbidden, Invalid, QuarterdeckError
from quarterdeck.kernel.ids import PrincipalId
from quarterdeck.kernel.work import MissingPermission
from quarterdeck.runtime import Runtime
from quarterdeck.web.deps import By, Installation, InWork
from quarterdeck.web.permissions import needs
from quarterdeck.web.routes import page_router

router = page_router()

OWN = needs("tokens:own")
LIVES = (1, 7, 30, 90, 365)
USUAL_LIFE = 30
OVERLAPS = {"0": "ends now", "1": "lives 1 hour more", "24": "lives 24 hours more"}
REFUSED = 422
MAX_NAME = 500


@router.get("/tokens", response_class=HTMLResponse, **OWN)
def listed(frame: InFrame) -> HTMLResponse:
    """One's own tokens; everyone's, for who may see them."""
    return _page(frame)


@router.post("/tokens", response_class=HTMLResponse, **OWN)
def issue(
    request: Request,
    runtime: Installation,
    actor: By,
    name: Annotated[str, Form(max_length=MAX_NAME)] = "",
    days: Annotated[int, Form()] = USUAL_LIFE,
    permission: Annotated[list[str] | None, Form()] = None,
) -> Response:
    """Make a token of one's own. The answer shows it: the one page that is no redirect."""
    try:
        with changing(request, actor) as work:
            wanted = Wanted(
                principal=PrincipalId(actor.id),
                name=name.strip(),
                expires_at=work.now + timedelta(days=days),
                scope=Scope(permissions=frozenset(permission) if permission else None),
            )
            issued = tokens.create(work, wanted, longest=_longest(runtime))
    except (Invalid, Conflict, Forbidden) as refusal:
        with looking(request, actor) as frame:
            return _page(frame, refusal=_told(refusal), name=name, status=REFUSED)
    with looking(request, actor) as frame:
        return _page(frame, issued=issued)


@router.post("/tokens/{token}/rotate", response_class=HTMLResponse, **OWN)
def rotate(
    request: Request,
    runtime: Installation,
    actor: By,
    token: str,
    overlap: Annotated[str, Form()] = "0",
) -> HTMLResponse:
    """Replace a token; the old one lives on for the overlap."""
    hours = int(overlap) if overlap in OVERLAPS else 0
    with changing(request, actor) as work:
        issued = tokens.rotate(
            work, token, overlap=timedelta(hours=hours), longest=_longest(runtime)
        )
    with looking(request, actor) as frame:
        return _page(frame, issued=issued)


@router.post("/tokens/{token}/revoke", **OWN)
def revoke(token: str, work: InWork) -> RedirectResponse:
    """End a token, and every session opened with it."""
    tokens.revoke(work, token)
    return see("/tokens")


def _page(
    frame: Frame,
    *,
    issued: Issued | None = None,
    refusal: str = "",
    name: str = "",
    status: int = 200,
) -> HTMLResponse:
    now = frame.work.now
    found = sorted(_visible(frame), key=lambda t: (t.ended(now), -t.created_at.timestamp()))
    return frame.show(
        "tokens.html",
        status,
        found=found,
        living=[token for token in found if not token.ended(now)],
        issued=issued,
        refusal=refusal,
        name=name,
        lives=[days for days in LIVES if timedelta(days=days) <= _longest(frame.runtime)],
        usual=USUAL_LIFE,
        overlaps=OVERLAPS,
        permissions=_held(frame),
    )


def _visible(frame: Frame) -> list[Token]:
    if frame.holds("tokens:read"):
        return tokens.tokens(frame.work)
    return tokens.tokens(frame.work, principal=frame.work.actor.id)


def _held(frame: Frame) -> list[tuple[str, str]]:
    held = {permission for permission, _ in frame.work.actor.grants}
    return [(name, words) for name, words in PERMISSIONS.items() if name in held]


def _longest(runtime: Runtime) -> timedelta:
    return timedelta(days=runtime.settings.token_max_days)


def _told(refusal: QuarterdeckError) -> str:
    if isinstance(refusal, MissingPermission):
        raise refusal
    return str(refusal)
