"""What people do with tokens. Each function is one use case in one transaction."""

from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import Connection

from quarterdeck.access.epoch import service as epoch
from quarterdeck.access.principals import secret as secrets
from quarterdeck.access.principals import service as principals
from quarterdeck.access.principals.model import (
    Kind,
    NoSuchPrincipal,
    Principal,
    PrincipalIsDisabled,
    check_within,
)
from quarterdeck.access.roles.model import ADMIN
from quarterdeck.access.tokens import store
from quarterdeck.access.tokens.model import (
    FIRST_SIGN_IN,
    LONGEST,
    Issued,
    NoSuchToken,
    PeopleMakeTheirOwn,
    Token,
    TokenHasEnded,
    Wanted,
    overlap_end,
)
from quarterdeck.events.access import TokenIssued, TokenRevoked, TokenRotated
from quarterdeck.kernel.clock import micros, rfc3339
from quarterdeck.kernel.errors import Conflict
from quarterdeck.kernel.ids import PLATFORM, TokenId
from quarterdeck.kernel.work import Tenants, Work


class AdminExists(Conflict):
    """Someone may do everything already; ask them for access."""


def create(work: Work, wanted: Wanted, *, longest: timedelta = LONGEST) -> Issued:
    """Make a token; its secret is in the answer, and nowhere else.

    One's own, for a program, or, for a person, one that is good for a first sign-in alone.

    Raises:
        BeyondOwnRights: it would hold what the actor does not.
        PeopleMakeTheirOwn: it is for another person, and not ``single_use``.
        PrincipalIsDisabled, NoSuchPrincipal
    """
    principal = _principal(work, wanted.principal, "create")
    wanted.check(work.now, longest)
    if _is_others_identity(work, principal) and not wanted.single_use:
        raise PeopleMakeTheirOwn(
            f"{principal.id} is a person: make a single-use token, with which they sign in once"
        )
    _check_within(work, principal, wanted)
    return _issue(work, principal, wanted)


def tokens(work: Work, *, principal: str = "", after: str = "", limit: int = 1000) -> list[Token]:
    """Tokens, oldest first; one's own by ``tokens:own``, others' by ``tokens:read``."""
    if principal == work.actor.id:
        work.tenants("tokens:own")
        return store.page(work.db, Tenants(frozenset({work.actor.home})), principal, after, limit)
    return store.page(work.db, work.tenants("tokens:read"), principal, after, limit)


def rotate(
    work: Work, token: str, *, overlap: timedelta = timedelta(), longest: timedelta = LONGEST
) -> Issued:
    """Replace a token by one that lives as long; the old one is good for ``overlap`` more.

    Raises:
        TokenHasEnded: it was replaced, revoked or spent, or its time is over.
        BeyondOwnRights: it holds what the actor does not.
    """
    old, principal = _token(work, token, "rotate")
    if old.single_use or _is_others_identity(work, principal):
        raise PeopleMakeTheirOwn("make a new token in its place; this one is not yours to replace")
    ends = overlap_end(old, work.now, overlap)
    life = min(old.expires_at - old.created_at, longest)
    wanted = Wanted(
        principal=principal.id, name=old.name, expires_at=work.now + life, scope=old.scope
    )
    _check_within(work, principal, wanted)
    epoch.advance(work)
    issued = _issue(work, principal, wanted)
    if not store.replace(work.db, old.id, issued.token.id, micros(ends), micros(work.now)):
        raise TokenHasEnded(f"token {old.id} was replaced, revoked or spent, or its time is over")
    work.publish(
        TokenRotated(
            tenant=old.home,
            token=old.id,
            successor=issued.token.id,
            overlap_until=rfc3339(ends),
        )
    )
    return issued


def revoke(work: Work, token: str) -> Token:
    """End a token, and every session opened with it; raise TokenHasEnded if it was revoked."""
    found, _ = _token(work, token, "revoke")
    epoch.advance(work)
    if not store.revoke(work.db, found.id, micros(work.now)):
        raise TokenHasEnded(f"token {found.id} was revoked before")
    work.publish(TokenRevoked(tenant=found.home, token=found.id))
    return found


def bootstrap(work: Work) -> Issued:
    """Let the first admin in: a person who may do everything, and a token for one sign-in.

    For ``principals.model.installation()`` as actor; raise AdminExists if there is an admin.
    """
    work.require("tokens:create", PLATFORM)
    epoch.advance(work)
    if principals.has_admin(work.db):
        raise AdminExists("there is an admin; ask them for access")
    admin = principals.create(work, Kind.PERSON, "First admin")
    principals.grant(work, admin.id, ADMIN, PLATFORM)
    wanted = Wanted(
        principal=admin.id,
        name="first sign-in",
        expires_at=work.now + FIRST_SIGN_IN,
        single_use=True,
    )
    return _issue(work, admin, wanted)


def spend(work: Work, token: Token) -> None:
    """Take ``token`` for a sign-in to the console: its end, if it is for a single use.

    Not for a route: who shows the token signs in by it. Raises TokenHasEnded if another
    sign-in was first.
    """
    if not token.single_use:
        return
    epoch.advance(work)
    if not store.spend(work.db, token.id, micros(work.now)):
        raise TokenHasEnded("this token was good for one sign-in, and has been used")


def known(db: Connection, token: str) -> Token | None:
    """The token of that id, to see who shows it."""
    return store.known(db, token)


def mark_used(db: Connection, uses: Mapping[str, int]) -> None:
    """Keep when tokens were last used, in microseconds. Moves no epoch: rights stay as they are."""
    store.mark_used(db, uses)


def _issue(work: Work, principal: Principal, wanted: Wanted) -> Issued:
    token_id = TokenId(work.new_id())
    secret = secrets.mint(secrets.TOKEN, token_id)
    token = Token(
        id=token_id,
        principal=principal.id,
        home=principal.home,
        name=wanted.name,
        digest=secrets.digest_of(secret),
        scope=wanted.scope,
        single_use=wanted.single_use,
        created_at=work.now,
        expires_at=wanted.expires_at,
    )
    store.add(work.db, token)
    work.publish(
        TokenIssued(
            tenant=principal.home,
            token=token.id,
            principal=principal.id,
            name=token.name,
            expires_at=rfc3339(token.expires_at),
        )
    )
    return Issued(token=token, secret=secret)


def _principal(work: Work, principal: str, verb: str) -> Principal:
    if principal != work.actor.id:
        return principals.principal_of(work, principal, f"tokens:{verb}")
    work.tenants("tokens:own")
    own = principals.standing(work.db, principal)
    if own is None:
        raise NoSuchPrincipal(f"{principal} is nobody who could have a token")
    return own.principal


def _token(work: Work, token: str, verb: str) -> tuple[Token, Principal]:
    found = store.known(work.db, token)
    if found is None:
        # Asked for all the same, so that who may see none is told so and nothing else.
        work.tenants("tokens:own")
        raise NoSuchToken(f"no token {token[:80]} that you may see")
    try:
        return found, _principal(work, found.principal, verb)
    except NoSuchPrincipal as error:
        raise NoSuchToken(f"no token {token[:80]} that you may see") from error


def _is_others_identity(work: Work, principal: Principal) -> bool:
    return principal.kind is Kind.PERSON and principal.id != work.actor.id


def _check_within(work: Work, principal: Principal, wanted: Wanted) -> None:
    standing = principals.standing(work.db, principal.id)
    if standing is None:
        raise PrincipalIsDisabled(f"principal {principal.id} was shut out; it can have no token")
    check_within(work.actor, wanted.scope.narrow(standing.pairs))
