"""Signing in to the console and out of it: the uses of a secret that change something."""

from quarterdeck.access.authentication.model import Unauthenticated, Why
from quarterdeck.access.authentication.service import Authenticator, session_shown, token_shown
from quarterdeck.access.principals import service as principals
from quarterdeck.access.principals.model import Identity, Principal
from quarterdeck.access.sessions import service as sessions
from quarterdeck.access.sessions.model import Method, Opened
from quarterdeck.access.tokens import service as tokens
from quarterdeck.kernel.db import reading
from quarterdeck.kernel.work import Actor, Work, begin

NOBODY = Actor("anonymous", frozenset())


def sign_in(access: Authenticator, secret: str, request: str = "") -> Opened:
    """Open a session for who shows this token, with the token's rights; spend it if single-use.

    Raises:
        Unauthenticated: the token is no good.
        TokenHasEnded: it is single-use, and another sign-in was first.
    """
    actor = access.actor(secret)
    with begin(access.engine, actor, access.clock, request) as work:
        token = token_shown(work.db, secret)
        principal = _require_principal(work, token.principal)
        tokens.spend(work, token)
        return sessions.open_session(
            work,
            principal,
            Method.TOKEN,
            token=token.id,
            scope=token.scope,
            until=None if token.single_use else token.expires_at,
        )


def sign_in_as(access: Authenticator, identity: Identity, request: str = "") -> Opened:
    """Open a session for who an OIDC provider says it is.

    Raises:
        Unauthenticated: no principal is linked to it, nor has its verified e-mail address.
    """
    with begin(access.engine, _linked(access, identity), access.clock, request) as work:
        found = principals.identify(work, identity)
        if found is None:
            raise Unauthenticated(
                "you are known to the identity provider, but not here; ask an admin to add you "
                f"by e-mail{f' ({identity.email})' if identity.email else ''}"
            )
        return sessions.open_session(work, _require_principal(work, found.id), Method.OIDC)


def sign_out(access: Authenticator, cookie: str, request: str = "") -> None:
    """End the session of this cookie; a cookie that opens nothing is no error."""
    try:
        signed_in = access.session(cookie)
    except Unauthenticated:
        return
    with begin(access.engine, signed_in.actor, access.clock, request) as work:
        sessions.close(work, session_shown(work.db, cookie))


def _linked(access: Authenticator, identity: Identity) -> Actor:
    # Looked up before the work begins, since a leaf says who signed in.
    with reading(access.engine) as db:
        found = principals.expected(db, identity)
        return NOBODY if found is None else Actor(found.id, frozenset(), found.home)


def _require_principal(work: Work, principal: str) -> Principal:
    standing = principals.standing(work.db, principal)
    if standing is None:
        raise Unauthenticated(why=Why.REVOKED)
    return standing.principal
