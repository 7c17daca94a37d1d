"""/sign-in/oidc: by way of the identity provider, and back."""

import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import asdict
from hashlib import sha256

from fastapi import APIRouter, Request
from starlette.responses import Response

from quarterdeck.access.authentication import signin
from quarterdeck.access.authentication.model import Unauthenticated
from quarterdeck.access.authentication.ports import Challenge, IdentityProvider
from quarterdeck.console.frame import see
from quarterdeck.console.pages.sign_in import keep
from quarterdeck.console.preferences import back_to
from quarterdeck.kernel.errors import NotFound
from quarterdeck.runtime import Runtime
from quarterdeck.web.deps import Installation

router = APIRouter(include_in_schema=False)

COOKIE = "quarterdeck-oidc"
ATTEMPT_S = 600
HERE = "/sign-in/oidc"


class NoProvider(NotFound):
    """No identity provider is set."""


@router.get(HERE)
def leave(request: Request, runtime: Installation, then: str = "/") -> Response:
    """Send the browser to the identity provider; it keeps what the way back needs."""
    challenge = _provider(runtime).begin(_redirect_uri(request, runtime))
    answer = see(challenge.url)
    kept = json.dumps({"then": back_to(then), **asdict(challenge)})
    answer.set_cookie(
        COOKIE,
        _sealed(kept, runtime.settings.secret),
        max_age=ATTEMPT_S,
        path=HERE,
        httponly=True,
        secure=request.url.scheme == "https",
        samesite="lax",  # the provider's redirect brings it along
    )
    return answer


@router.get(f"{HERE}/callback")
def come_back(
    request: Request, runtime: Installation, state: str = "", code: str = "", error: str = ""
) -> Response:
    """Open a session for who the identity provider says it is."""
    kept = _opened(request.cookies.get(COOKIE, ""), runtime.settings.secret)
    then = kept.pop("then", "/")
    if error:
        raise Unauthenticated(f"the identity provider did not let you in: {error[:80]}")
    if not kept or not hmac.compare_digest(kept["state"].encode(), state.encode()):
        raise Unauthenticated("this sign-in was not begun in this browser; begin at /sign-in")
    identity = _provider(runtime).finish(_redirect_uri(request, runtime), Challenge(**kept), code)
    opened = signin.sign_in_as(runtime.access, identity, request.state.request_id)
    answer = see(back_to(then))
    keep(request, runtime, opened, answer)
    answer.delete_cookie(COOKIE, path=HERE)
    return answer


def _provider(runtime: Runtime) -> IdentityProvider:
    if runtime.provider is None:
        raise NoProvider("set oidc_issuer and oidc_client_id to sign in by OpenID Connect")
    return runtime.provider


def _redirect_uri(request: Request, runtime: Runtime) -> str:
    base = runtime.settings.base_url or str(request.base_url)
    return base.rstrip("/") + f"{HERE}/callback"


def _sealed(text: str, secret: str) -> str:
    body = urlsafe_b64encode(text.encode()).decode()
    return f"{body}.{_tag(body, secret)}"


def _opened(cookie: str, secret: str) -> dict[str, str]:
    """What was sealed; empty where it was not sealed by us."""
    body, _, tag = cookie.rpartition(".")
    if not body or not hmac.compare_digest(tag.encode(), _tag(body, secret).encode()):
        return {}
    kept: dict[str, str] = json.loads(urlsafe_b64decode(body))
    return kept


def _tag(body: str, secret: str) -> str:
    return hmac.digest(secret.encode(), f"oidc\n{body}".encode(), sha256).hex()
