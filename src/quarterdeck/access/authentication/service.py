"""From a secret to an actor, fast, and never by a right that was taken away.

What a secret came to is kept in memory for as long as the epoch stands still. A change of
access moves the epoch in the same transaction, so whatever was taken away, in whichever
process, is refused from the next request on. The decision: docs/decisions.
"""

from datetime import timedelta

from prometheus_client import Counter
from sqlalchemy import Connection, Engine

from quarterdeck.access.authentication.model import Credential, SessionActor, Unauthenticated, Why
from quarterdeck.access.authentication.uses import Uses
from quarterdeck.access.epoch import service as epoch
from quarterdeck.access.principals import secret as secrets
from quarterdeck.access.principals import service as principals
from quarterdeck.access.principals.model import Principal, Scope, Standing
from quarterdeck.access.principals.secret import Shown
from quarterdeck.access.sessions import service as sessions
from quarterdeck.access.sessions.model import IDLE, Session
from quarterdeck.access.tokens import service as tokens
from quarterdeck.access.tokens.model import Token
from quarterdeck.kernel import db as database
from quarterdeck.kernel.clock import Clock, micros
from quarterdeck.kernel.work import Actor

MICROSECOND = timedelta(microseconds=1)
MOST_KEPT = 100_000

REFUSED = Counter(
    "quarterdeck_credentials_refused_total", "Requests whose credential was no good.", ["why"]
)


class Authenticator:
    """Tells who shows a secret. Any thread may call it.

    Args:
        idle: how long a session lasts without use.
    """

    def __init__(self, engine: Engine, clock: Clock, *, idle: timedelta = IDLE) -> None:
        self.engine = engine
        self.clock = clock
        self._idle = idle // MICROSECOND
        self._watch = epoch.watch(engine)
        self._kept: tuple[int, dict[str, Credential]] = (-1, {})
        self._tokens = Uses()
        self._sessions = Uses()

    def actor(self, secret: str) -> Actor:
        """Who shows this bearer token.

        Raises:
            Unauthenticated: nobody known; says why.
            DatabaseUnavailable
        """
        return self.actor_at(secret, self._watch.epoch())

    def epoch(self) -> int:
        """Moves with every change of access; what is known of it holds while this stands still.

        Raises:
            DatabaseUnavailable
        """
        return self._watch.epoch()

    def actor_at(self, secret: str, epoch: int) -> Actor:
        """``actor``, for many at once that arrived before ``epoch`` was asked for."""
        return self._used(secret, secrets.TOKEN, self._tokens, epoch).actor

    def session(self, cookie: str) -> SessionActor:
        """Who is signed in by this cookie. Raises as ``actor`` does."""
        found = self._used(cookie, secrets.SESSION, self._sessions, self._watch.epoch())
        return SessionActor(actor=found.actor, session=found.id, csrf=found.csrf)

    def still_good(self, secret: str, actor: Actor) -> bool:
        """Whether a token or cookie still stands for all that ``actor`` was let do by it.

        For the heartbeats of a stream: it is no use, and keeps no session awake.
        """
        shown = secrets.read(secret)
        if shown is None:
            return False
        try:
            found = self._checked(shown, micros(self.clock()), self._watch.epoch())
        except Unauthenticated:
            return False
        return found.actor.id == actor.id and found.actor.grants >= actor.grants

    def write_uses(self) -> None:
        """Write down who was here, in one transaction; call it about once a minute, and at the end.

        Other processes learn from it that a session is not idle.
        """
        used, seen = self._tokens.due(), self._sessions.due()
        if not used and not seen:
            return
        with database.writing(self.engine) as db:
            if used:
                tokens.mark_used(db, used)
            if seen:
                sessions.mark_seen(db, seen)
        self._tokens.written(used)
        self._sessions.written(seen)

    def _used(self, secret: str, kind: str, uses: Uses, epoch: int) -> Credential:
        now = micros(self.clock())
        try:
            found = self._checked(_read(secret, kind), now, epoch)
        except Unauthenticated as refusal:
            # Without a credential there is nobody to log it for: it is counted.
            REFUSED.labels(refusal.why).inc()
            raise
        uses.note(found.id, now)
        return found

    def _checked(self, shown: Shown, now: int, epoch: int) -> Credential:
        kept = self._standing(epoch)
        found = kept.get(shown.digest)
        if found is None or now >= self._idle_until(found):
            # Idle here may be busy in another process, which has written it down.
            found = self._look_up(shown)
            if len(kept) >= MOST_KEPT:
                kept.clear()
            kept[shown.digest] = found
        found.check(now, max(found.used_at, self._sessions.last(found.id)))
        return found

    def _standing(self, now: int) -> dict[str, Credential]:
        # The epoch first, then what it vouches for. A lookup that began before the epoch moved
        # writes into the dict of its own epoch, which nobody reads any more.
        at, kept = self._kept
        if at != now:
            kept = {}
            self._kept = (now, kept)
        return kept

    def _idle_until(self, found: Credential) -> int:
        if not found.idle:
            return found.expires_at
        return max(found.used_at, self._sessions.last(found.id)) + found.idle

    def _look_up(self, shown: Shown) -> Credential:
        with database.reading(self.engine) as db:
            if shown.kind == secrets.TOKEN:
                return _of_token(db, shown)
            return _of_session(db, shown, self._idle)


def token_shown(db: Connection, secret: str) -> Token:
    """The token that ``secret`` is the secret of; raise Unauthenticated."""
    return _token(db, _read(secret, secrets.TOKEN))


def session_shown(db: Connection, cookie: str) -> Session:
    """The session that ``cookie`` is the cookie of, ended or not; raise Unauthenticated."""
    return _session(db, _read(cookie, secrets.SESSION))


def _read(secret: str, kind: str) -> Shown:
    shown = secrets.read(secret)
    if shown is None or shown.kind != kind:
        raise Unauthenticated(why=Why.UNKNOWN)
    return shown


def _of_token(db: Connection, shown: Shown) -> Credential:
    token = _token(db, shown)
    if token.revoked_at is not None or token.spent_at is not None:
        raise Unauthenticated(why=Why.REVOKED)
    standing = _require_standing(db, token.principal)
    return Credential(
        id=token.id,
        actor=_actor(standing.principal, standing, token.scope),
        expires_at=micros(token.expires_at),
        used_at=0,
    )


def _of_session(db: Connection, shown: Shown, idle: int) -> Credential:
    session = _session(db, shown)
    opener = tokens.known(db, session.token) if session.token else None
    if session.ended_at is not None or (opener is not None and opener.revoked_at is not None):
        raise Unauthenticated(why=Why.REVOKED)
    standing = _require_standing(db, session.principal)
    return Credential(
        id=session.id,
        actor=_actor(standing.principal, standing, session.scope),
        expires_at=micros(session.expires_at),
        used_at=micros(session.seen_at),
        idle=idle,
        csrf=session.csrf,
    )


def _token(db: Connection, shown: Shown) -> Token:
    token = tokens.known(db, shown.id)
    if token is None or not shown.proves(token.digest):
        raise Unauthenticated(why=Why.UNKNOWN)
    return token


def _session(db: Connection, shown: Shown) -> Session:
    session = sessions.known(db, shown.id)
    if session is None or not shown.proves(session.digest):
        raise Unauthenticated(why=Why.UNKNOWN)
    return session


def _require_standing(db: Connection, principal: str) -> Standing:
    standing = principals.standing(db, principal)
    if standing is None:
        raise Unauthenticated(why=Why.REVOKED)
    return standing


def _actor(principal: Principal, standing: Standing, scope: Scope) -> Actor:
    return Actor(principal.id, scope.narrow(standing.pairs), principal.home)
