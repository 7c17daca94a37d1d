"""Sessions of the console: who is signed in, how, and until when."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from quarterdeck.access.principals.model import UNSCOPED, Scope
from quarterdeck.kernel.errors import NotFound
from quarterdeck.kernel.ids import PrincipalId, TenantId

IDLE = timedelta(hours=12)
LONGEST = timedelta(hours=24)


class Method(StrEnum):
    """How someone signed in."""

    TOKEN = "token"  # noqa: S105  the word, not a secret
    OIDC = "oidc"


class NoSuchSession(NotFound):
    """No such session, or none that this actor may see."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Someone who is signed in.

    Attributes:
        digest: SHA-256 of the cookie, hex.
        token: the token it was opened with, whose end is its end too; empty if by OIDC.
        scope: that token's.
        csrf: what a form must bring along, so that no other site can send it.
        seen_at: last use, up to a minute behind.
        expires_at: when it ends however busy it is.
    """

    id: str
    principal: PrincipalId
    home: TenantId
    method: Method
    digest: str
    csrf: str
    token: str = ""
    scope: Scope = UNSCOPED
    opened_at: datetime
    seen_at: datetime
    expires_at: datetime
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A new session with its cookie, which nobody can show again."""

    session: Session
    cookie: str
