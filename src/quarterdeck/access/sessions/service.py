"""Opening, seeing and ending sessions of the console."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from secrets import token_urlsafe

from sqlalchemy import Connection

from quarterdeck.access.epoch import service as epoch
from quarterdeck.access.principals import secret as secrets
from quarterdeck.access.principals import service as principals
from quarterdeck.access.principals.model import UNSCOPED, NoSuchPrincipal, Principal, Scope
from quarterdeck.access.sessions import store
from quarterdeck.access.sessions.model import LONGEST, Method, NoSuchSession, Opened, Session
from quarterdeck.events.access import SignedIn, SignedOut
from quarterdeck.kernel.clock import micros
from quarterdeck.kernel.work import Tenants, Work

KEPT = timedelta(days=30)
CSRF_BYTES = 32


def open_session(
    work: Work,
    principal: Principal,
    method: Method,
    *,
    token: str = "",
    scope: Scope = UNSCOPED,
    until: datetime | None = None,
) -> Opened:
    """Sign ``principal`` in, for ``sessions.model.LONGEST`` or ``until`` an earlier instant.

    Not for a route: whoever calls it has seen the secret or the identity that allows it.
    """
    session_id = work.new_id()
    cookie = secrets.mint(secrets.SESSION, session_id)
    longest = work.now + LONGEST
    session = Session(
        id=session_id,
        principal=principal.id,
        home=principal.home,
        method=method,
        digest=secrets.digest_of(cookie),
        csrf=token_urlsafe(CSRF_BYTES),
        token=token,
        scope=scope,
        opened_at=work.now,
        seen_at=work.now,
        expires_at=longest if until is None else min(until, longest),
    )
    # Swept here, where rows come from: so nobody's grow for ever, and no schedule is needed.
    store.forget(work.db, principal.id, micros(work.now - KEPT))
    store.add(work.db, session)
    work.publish(SignedIn(tenant=principal.home, session=session.id, method=method))
    return Opened(session=session, cookie=cookie)


def sessions(
    work: Work, *, principal: str = "", after: str = "", limit: int = 1000
) -> list[Session]:
    """Who is signed in, oldest first; oneself by ``sessions:own``, others by ``sessions:read``."""
    if principal == work.actor.id:
        work.tenants("sessions:own")
        among = Tenants(frozenset({work.actor.home}))
    else:
        among = work.tenants("sessions:read")
    return store.page(work.db, among, principal, micros(work.now), after, limit)


def end(work: Work, session: str) -> Session:
    """Sign out: one's own session by ``sessions:own``, another's by ``sessions:revoke``.

    A session that has ended stays so, and is no error.
    """
    found = store.known(work.db, session)
    if found is None or found.principal == work.actor.id:
        work.tenants("sessions:own")
    else:
        _require_revoke(work, found)
    if found is None:
        raise NoSuchSession(f"no session {session[:80]} that you may see")
    return close(work, found)


def close(work: Work, session: Session) -> Session:
    """End a session that its own cookie, or ``end``, allows to end."""
    epoch.advance(work)
    if store.end(work.db, session.id, micros(work.now)):
        work.publish(SignedOut(tenant=session.home, session=session.id))
    return session


def known(db: Connection, session: str) -> Session | None:
    """The session of that id, to see who shows its cookie."""
    return store.known(db, session)


def mark_seen(db: Connection, uses: Mapping[str, int]) -> None:
    """Keep when sessions were last used, in microseconds. Moves no epoch."""
    store.mark_seen(db, uses)


def _require_revoke(work: Work, session: Session) -> None:
    try:
        principals.principal_of(work, session.principal, "sessions:revoke")
    except NoSuchPrincipal as error:
        raise NoSuchSession(f"no session {session.id} that you may see") from error
