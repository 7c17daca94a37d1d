"""Access tokens of a simulated cloud: bound to a directory and an API, expiring.

They have the form of Entra's, so that whoever reads their claims can; nobody can check
their signature, and the API looks them up.
"""

from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from secrets import token_urlsafe

import msgspec

from quarterdeck.kernel.clock import Clock


class Audience(StrEnum):
    """The API that a token opens."""

    ARM = "https://management.azure.com"
    GRAPH = "https://graph.microsoft.com"
    VAULT = "https://vault.azure.net"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What a token stands for.

    Attributes:
        tenant: the directory that issued it.
        client: the application it was issued to.
    """

    tenant: str
    client: str
    audience: Audience
    expires_at: datetime


class Tokens:
    """The tokens that were issued and have not ended yet."""

    def __init__(self, life: timedelta, clock: Clock) -> None:
        self._life = life
        self._clock = clock
        self._grants: dict[str, Grant] = {}

    def issue(self, tenant: str, client: str, audience: Audience) -> str:
        """A new token for a directory. Forgets those that expired an hour ago."""
        now = self._clock()
        stale = now - timedelta(hours=1)
        self._grants = {t: grant for t, grant in self._grants.items() if grant.expires_at > stale}
        grant = Grant(tenant=tenant, client=client, audience=audience, expires_at=now + self._life)
        token = written(grant, now)
        self._grants[token] = grant
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


def written(grant: Grant, now: datetime) -> str:
    """The token itself: header, claims, and a signature that is but random."""
    claims = {
        "aud": grant.audience,
        "tid": grant.tenant,
        "appid": grant.client,
        "iat": int(now.timestamp()),
        "exp": int(grant.expires_at.timestamp()),
    }
    parts = [{"typ": "JWT", "alg": "RS256", "kid": "simulated"}, claims]
    return ".".join([*map(segment, parts), token_urlsafe(48)])


def segment(part: object) -> str:
    """A part of a JWT (RFC 7519)."""
    return urlsafe_b64encode(msgspec.json.encode(part)).decode().rstrip("=")
