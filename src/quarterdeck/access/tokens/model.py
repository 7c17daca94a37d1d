"""Tokens: secrets that programs and people show. Shown once, scoped, and sure to end."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from quarterdeck.access.principals.model import UNSCOPED, Scope
from quarterdeck.kernel.errors import Conflict, Invalid, NotFound
from quarterdeck.kernel.ids import PrincipalId, TenantId, TokenId

LONGEST = timedelta(days=365)
LONGEST_OVERLAP = timedelta(days=7)
FIRST_SIGN_IN = timedelta(hours=24)
MAX_NAME = 200


class TokenHasEnded(Conflict):
    """The token was revoked, replaced or spent, or its time is over."""


class PeopleMakeTheirOwn(Invalid):
    """A person's token is made by that person."""


class NoSuchToken(NotFound):
    """No such token, or none that this actor may see."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What is kept of a token: all but the secret.

    Attributes:
        home: its principal's home, in whose log it stands.
        digest: SHA-256 of the secret, hex.
        single_use: good for one sign-in to the console, and spent by it.
        used_at: last use, or the sign-in that spent it; up to a minute behind.
        successor: the token that replaces this one; it ends when their overlap does.
    """

    id: TokenId
    principal: PrincipalId
    home: TenantId
    name: str
    digest: str
    scope: Scope
    single_use: bool = False
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None = None
    spent_at: datetime | None = None
    revoked_at: datetime | None = None
    successor: str = ""

    def __post_init__(self) -> None:
        if not self.name.strip() or len(self.name) > MAX_NAME:
            raise Invalid(f"name must have 1 to {MAX_NAME} characters; say what the token is for")

    def ended(self, now: datetime) -> bool:
        """Whether it is good no more."""
        return self.revoked_at is not None or self.spent_at is not None or now >= self.expires_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """A new token with its secret, which nobody can show again."""

    token: Token
    secret: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A token that someone asks for."""

    principal: PrincipalId
    name: str
    expires_at: datetime
    scope: Scope = UNSCOPED
    single_use: bool = False

    def check(self, now: datetime, longest: timedelta) -> None:
        """Refuse a life that is over, or longer than is allowed."""
        longest = min(longest, FIRST_SIGN_IN) if self.single_use else longest
        if not now < self.expires_at <= now + longest:
            hours = longest // timedelta(hours=1)
            raise Invalid(f"expires_at must lie ahead, within {hours} hours from now")


def overlap_end(token: Token, now: datetime, overlap: timedelta) -> datetime:
    """When a token that is replaced ``now`` ends."""
    if not timedelta(0) <= overlap <= LONGEST_OVERLAP:
        raise Invalid(f"overlap must be 0 to {LONGEST_OVERLAP.days} days")
    return min(token.expires_at, now + overlap)
