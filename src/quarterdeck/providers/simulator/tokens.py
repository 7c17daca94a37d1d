"""Access tokens of a simulated cloud: opaque, bound to a directory, expiring."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_urlsafe

from quarterdeck.kernel.clock import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What a token stands for."""

    tenant: str
    expires_at: datetime


class Tokens:
    """The tokens that were issued and have not ended yet."""

    def __init__(self, life: timedelta, clock: Clock) -> None:
        self._life = life
        self._clock = clock
        self._grants: dict[str, Grant] = {}

    def issue(self, tenant: str) -> str:
        """A new token for a directory. Forgets those that expired an hour ago."""
        now = self._clock()
        stale = now - timedelta(hours=1)
        self._grants = {t: grant for t, grant in self._grants.items() if grant.expires_at > stale}
        token = f"simulated.{token_urlsafe(48)}"
        self._grants[token] = Grant(tenant=tenant, expires_at=now + self._life)
        return token

    def find(self, token: str) -> Grant | None:
        """What a token stands for; None for one that was never issued, or revoked."""
        return self._grants.get(token)

    def expired(self, grant: Grant) -> bool:
        """Whether its time has ended."""
        return grant.expires_at <= self._clock()

    def revoke_all(self) -> None:
        """No token issued so far is good any more."""
        self._grants.clear()
