"""Who makes a request: by token, by the console's session, or, in a demo, from this machine."""

import re
from base64 import b64decode
from secrets import compare_digest
from typing import Annotated

from fastapi import Depends, Request
from prometheus_client import Counter

from quarterdeck.access.authentication.model import Unauthenticated
from quarterdeck.access.limits.service import Limits
from quarterdeck.access.principals.model import demo_actor
from quarterdeck.kernel.work import Actor
from quarterdeck.runtime import Runtime
from quarterdeck.web.faults import CsrfMismatch
from quarterdeck.web.loopback import from_here

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
BASIC = re.compile(r"(?:^|/)api/v2/")
"""Where a token may come as the password of basic credentials: some clients of Alertmanager send
nothing else. Not everywhere: a browser keeps such credentials, and sends them unasked."""
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
CSRF_HEADER, CSRF_FIELD = "x-csrf-token", "csrf"

UNAUTHENTICATED = Counter(
    "quarterdeck_http_unauthenticated_total", "Requests refused for want of a credential."
)

DEMO = demo_actor()
"""Whoever sits at the machine of a demo. Never keys, erasure or the release of holds."""


async def offered_csrf(request: Request) -> str:
    """The CSRF token that a request offers: in the header, or in its form."""
    header = request.headers.get(CSRF_HEADER)
    if header is not None or request.method in SAFE or session_cookie(request) is None:
        return header or ""
    if not request.headers.get("content-type", "").startswith(FORMS):
        return ""
    field = (await request.form()).get(CSRF_FIELD)
    return field if isinstance(field, str) else ""


def actor_of(request: Request, csrf: Annotated[str, Depends(offered_csrf)]) -> Actor:
    """Whoever made this request; ``request.state.actor`` from then on.

    Raises:
        Unauthenticated: nobody that is known.
        CsrfMismatch: a browser's session would change something, without its page's token.
        RateLimited: the actor's tenant asks too often.
    """
    runtime: Runtime = request.app.state.runtime
    try:
        actor = authenticate(runtime, request, csrf)
    except Unauthenticated:
        UNAUTHENTICATED.inc()
        raise
    request.state.actor = actor
    limits: Limits = request.app.state.limits
    limits.take(actor.home)
    return actor


def authenticate(runtime: Runtime, request: Request, csrf: str = "") -> Actor:
    """The actor behind ``request``'s credential."""
    secret = _bearer(request)
    if secret is not None:
        return runtime.access.actor(secret)
    cookie = session_cookie(request)
    if cookie is None:
        return _local(runtime, request)
    try:
        session = runtime.access.session(cookie)
    except Unauthenticated:
        # A browser keeps the cookie of yesterday's demo, which had another database.
        return _local(runtime, request)
    if request.method not in SAFE and not compare_digest(csrf.encode(), session.csrf.encode()):
        raise CsrfMismatch("load the page again and repeat; programs use a bearer token instead")
    return session.actor


def recheck(runtime: Runtime, request: Request, actor: Actor) -> None:
    """Refuse an answer that lasts once its credential no longer stands for what began it.

    Raises:
        Unauthenticated: it was ended, or stands for less now.
    """
    secret = _bearer(request) or session_cookie(request)
    if actor is DEMO or (secret and runtime.access.still_good(secret, actor)):
        return
    raise Unauthenticated("this credential was ended, or stands for less now; ask again")


def cookie_name(scheme: str) -> str:
    """The session cookie's name; ``__Host-`` lets no other host or path set it (RFC 6265bis)."""
    return "__Host-quarterdeck" if scheme == "https" else "quarterdeck"


def session_cookie(request: Request) -> str | None:
    """The session that the browser offers, if any."""
    return request.cookies.get(cookie_name(request.url.scheme))


def is_local(request: Request) -> bool:
    """Whether the request surely comes from this machine itself."""
    peer = request.client.host if request.client else ""
    return from_here(peer, request.url.scheme, request.headers.items())


def _local(runtime: Runtime, request: Request) -> Actor:
    if runtime.settings.demo and is_local(request):
        return DEMO
    raise Unauthenticated("send Authorization: Bearer TOKEN, or sign in at /sign-in")


def _bearer(request: Request) -> str | None:
    header = request.headers.get("authorization")
    if header is None:
        return None
    scheme, _, secret = header.partition(" ")
    if scheme.lower() == "basic" and BASIC.search(request.url.path):
        return _password(secret)
    if scheme.lower() != "bearer":
        raise Unauthenticated("the Authorization header must be of the form: Bearer TOKEN")
    return secret.strip()


def _password(credentials: str) -> str:
    """The token that stands for a password (RFC 7617); the name is for the client's own records."""
    try:
        _, _, password = b64decode(credentials, validate=True).decode().partition(":")
    except ValueError as error:  # no Base64, or no text in it, or not even ASCII
        raise Unauthenticated(
            "basic credentials are not Base64; send the token as password"
        ) from error
    return password
