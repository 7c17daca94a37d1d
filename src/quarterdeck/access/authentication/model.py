"""Who is it? What a secret comes to, and why it comes to nothing."""

from dataclasses import dataclass
from enum import StrEnum

from quarterdeck.kernel.errors import Forbidden
from quarterdeck.kernel.work import Actor


class Why(StrEnum):
    """Why a secret is no good. Which part of it was wrong is never told."""

    UNKNOWN = "unknown"
    EXPIRED = "expired"
    REVOKED = "revoked"


_WORDS = {
    Why.UNKNOWN: "this credential is not known here; sign in, or ask for a token",
    Why.EXPIRED: "this credential's time is over; sign in again, or ask for a new token",
    Why.REVOKED: "this credential was ended; sign in again, or ask for a new token",
}


class Unauthenticated(Forbidden):
    """The request has no credential, or one that is no good here."""

    def __init__(self, message: str = "", why: Why = Why.UNKNOWN) -> None:
        super().__init__(message or _WORDS[why])
        self.why = why


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionActor:
    """Who is signed in.

    Attributes:
        csrf: what every form of this session must bring along.
    """

    actor: Actor
    session: str
    csrf: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """What a secret came to when it was looked up. Instants are microseconds UTC.

    Attributes:
        used_at: last use that the database knew.
        idle: microseconds without use that end it; 0 for never.
        csrf: empty for a token.
    """

    id: str
    actor: Actor
    expires_at: int
    used_at: int
    idle: int = 0
    csrf: str = ""

    def check(self, now: int, used_at: int) -> None:
        """Refuse it once its time is over.

        Raises:
            Unauthenticated: expired.
        """
        if now >= self.expires_at or (self.idle and now >= used_at + self.idle):
            raise Unauthenticated(why=Why.EXPIRED)
