"""What sign-in needs from an identity provider."""

from dataclasses import dataclass
from typing import Protocol

from quarterdeck.access.principals.model import Identity
from quarterdeck.kernel.errors import Unavailable


class ProviderUnavailable(Unavailable):
    """The identity provider does not answer, or not as one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """One attempt to sign in, kept by the browser that began it.

    Attributes:
        url: where the person is sent.
        state: comes back with them: whoever lacks it was not sent by us.
        nonce: comes back inside the provider's signed answer.
        verifier: proves that who redeems the code asked for it (PKCE, RFC 7636).
    """

    url: str
    state: str
    nonce: str
    verifier: str


class IdentityProvider(Protocol):
    """Says who a person is. Every call may raise ProviderUnavailable."""

    def begin(self, redirect_uri: str) -> Challenge:
        """Begin an attempt that ends at ``redirect_uri``."""
        ...

    def finish(self, redirect_uri: str, challenge: Challenge, code: str) -> Identity:
        """Who came back with ``code``; raise Unauthenticated where the answer proves nobody."""
        ...
