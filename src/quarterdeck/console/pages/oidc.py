"""/sign-in/oidc: signing in with an identity provider."""

from collections.abc import Mapping
from hmac import compare_digest

from fastapi import Request
from starlette.responses import RedirectResponse

from quarterdeck.access.authentication import signin
from quarterdeck.access.authentication.model import Unauthenticated
from quarterdeck.access.authentication.ports import Challenge, IdentityProvider
from quarterdeck.console.frame import see
from quarterdeck.console.pages.sign_in import keep
from quarterdeck.console.preferences import back_to
from quarterdeck.kernel.errors import Invalid, NotFound
from quarterdeck.runtime import Runtime
from quarterdeck.web.deps import Installation
from quarterdeck.web.paging import opened, sealed
from quarterdeck.web.routes import page_router

router = page_router()

ATTEMPT = "sign-in"
ATTEMPT_S = 600
BEGIN, CALLBACK = "/sign-in/oidc", "/sign-in/callback"


class NoProvider(NotFound):
    """No identity provider is configured here."""


class AttemptLost(Invalid):
    """No sign-in was begun in this browser, or too long ago."""


@router.get(BEGIN)
def begin(request: Request, runtime: Installation, then: str = "/") -> RedirectResponse:
    """Send the browser to the provider; the attempt stays with it, signed."""
    challenge = _provider(runtime).begin(_redirect_uri(request, runtime))
    began = int(runtime.clock().timestamp())
    attempt = (challenge.state, challenge.nonce, challenge.verifier, back_to(then), began)
    answer = see(challenge.url)
    answer.set_cookie(
        ATTEMPT,
        sealed(attempt, BEGIN, runtime.settings.secret),
        max_age=ATTEMPT_S,
        path="/sign-in",
        httponly=True,
        secure=request.url.scheme == "https",
        samesite="lax",
    )
    return answer


@router.get(CALLBACK)
def finish(request: Request, runtime: Installation) -> RedirectResponse:
    """Open a session for who the provider says it is."""
    told = request.query_params
    challenge, then = _attempt(request, runtime, told)
    if "code" not in told:
        raise Unauthenticated(
            f"the identity provider let nobody in: {told.get('error', 'it gave no reason')[:200]}"
        )
    redirect_uri = _redirect_uri(request, runtime)
    identity = _provider(runtime).finish(redirect_uri, challenge, told["code"])
    session = signin.sign_in_as(runtime.access, identity, request.state.request_id)
    answer = see(then)
    answer.delete_cookie(ATTEMPT, path="/sign-in")
    keep(request, runtime, session, answer)
    return answer


def _attempt(request: Request, runtime: Runtime, told: Mapping[str, str]) -> tuple[Challenge, str]:
    lost = AttemptLost("begin again at /sign-in; an attempt holds for ten minutes")
    try:
        kept = opened(request.cookies.get(ATTEMPT, ""), BEGIN, runtime.settings.secret)
    except Invalid as error:
        raise lost from error
    state, nonce, verifier, then, began = map(str, kept)
    late = runtime.clock().timestamp() > int(began) + ATTEMPT_S
    if late or not compare_digest(told.get("state", "").encode(), state.encode()):
        raise lost
    return Challenge(url="", state=state, nonce=nonce, verifier=verifier), then


def _provider(runtime: Runtime) -> IdentityProvider:
    if runtime.provider is None:
        raise NoProvider("sign in by token, or set oidc_issuer and oidc_client_id")
    return runtime.provider


def _redirect_uri(request: Request, runtime: Runtime) -> str:
    base = runtime.settings.base_url or f"{request.url.scheme}://{request.url.netloc}"
    return base.rstrip("/") + CALLBACK
