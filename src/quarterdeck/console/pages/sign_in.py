"""/sign-in and /sign-out."""

from typing import Annotated

from fastapi import Form, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from quarterdeck.access.authentication import signin
from quarterdeck.access.authentication.model import Unauthenticated
from quarterdeck.access.sessions.model import Opened
from quarterdeck.access.tokens.model import TokenHasEnded
from quarterdeck.console import preferences
from quarterdeck.console.frame import csrf_of, see
from quarterdeck.console.preferences import back_to
from quarterdeck.runtime import Runtime
from quarterdeck.web.deps import By, Installation
from quarterdeck.web.faults import CsrfMismatch
from quarterdeck.web.loopback import OWN_SITES
from quarterdeck.web.routes import page_router
from quarterdeck.web.signin import cookie_name, session_cookie

router = page_router()

OK, REFUSED = 200, 401
MAX_TOKEN = 500


@router.get("/sign-in", response_class=HTMLResponse)
def ask(request: Request, runtime: Installation, then: str = "/") -> Response:
    """The form; who is signed in already is sent on."""
    if csrf_of(request, runtime):
        return see(back_to(then))
    return _form(request, runtime, then)


@router.post("/sign-in", response_class=HTMLResponse)
def sign_in(
    request: Request,
    runtime: Installation,
    token: Annotated[str, Form(max_length=MAX_TOKEN)] = "",
    then: Annotated[str, Form()] = "/",
) -> Response:
    """Open a session for who shows this token."""
    # Signing somebody in to another's account from a foreign page is an attack too.
    if request.headers.get("sec-fetch-site", "same-origin") not in OWN_SITES:
        raise CsrfMismatch("sign in from this site's own page: /sign-in")
    try:
        opened = signin.sign_in(runtime.access, token.strip(), request.state.request_id)
    except (Unauthenticated, TokenHasEnded) as refusal:
        words = str(refusal) if token.strip() else "paste a token to sign in"
        return _form(request, runtime, then, words, status=REFUSED)
    answer = see(back_to(then))
    keep(request, runtime, opened, answer)
    return answer


@router.post("/sign-out")
def sign_out(request: Request, runtime: Installation, _actor: By) -> RedirectResponse:
    """End the session that this request rides on; asking who it is asks for its CSRF token.

    Needs a credential, and no right: whoever lost every right may still leave.
    """
    cookie = session_cookie(request)
    if cookie is not None:
        signin.sign_out(runtime.access, cookie, request.state.request_id)
    answer = see("/sign-in")
    secure = request.url.scheme == "https"
    answer.delete_cookie(cookie_name(request.url.scheme), httponly=True, secure=secure)
    return answer


def keep(request: Request, runtime: Runtime, opened: Opened, answer: Response) -> None:
    """Have the browser keep a session's cookie for as long as the session may last."""
    lasts = opened.session.expires_at - runtime.clock()
    answer.set_cookie(
        cookie_name(request.url.scheme),
        opened.cookie,
        max_age=int(lasts.total_seconds()),
        httponly=True,
        secure=request.url.scheme == "https",
        samesite="lax",  # a link from a chat leads to its page, not to the sign-in
    )


def _form(
    request: Request, runtime: Runtime, then: str, refusal: str = "", status: int = OK
) -> HTMLResponse:
    page = request.app.state.console.get_template("pages/sign_in.html")
    text = page.render(
        then=back_to(then),
        refusal=refusal,
        preferences=preferences.of(request),
        oidc=runtime.settings.oidc_issuer if runtime.provider else "",
        demo=runtime.settings.demo,
    )
    return HTMLResponse(text, status, {"Cache-Control": "no-store"})
