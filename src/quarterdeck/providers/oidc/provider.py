"""Sign-in by OpenID Connect: authorization code with PKCE.

OpenID Connect Core 1.0 (3.1: code flow), Discovery 1.0, RFC 7636 (PKCE), RFC 9700 (best
current practice: exact issuer, S256, nonce).
"""

from base64 import urlsafe_b64encode
from hashlib import sha256
from secrets import token_urlsafe
from threading import Lock
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx2
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from quarterdeck.access.authentication.model import Unauthenticated
from quarterdeck.access.authentication.ports import Challenge, ProviderUnavailable
from quarterdeck.access.principals.model import Identity
from quarterdeck.kernel.clock import Clock

# What providers sign with; never "none", nor a secret shared with every client.
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA"]
LEEWAY_S = 60
TIMEOUT_S = 10.0
DISCOVERY = "/.well-known/openid-configuration"
LOOPBACK = ("localhost", "127.0.0.1", "::1")


class OidcProvider:
    """An IdentityProvider (see ``access.authentication.ports``). Any thread may call it.

    What the provider publishes of itself is fetched at first use and kept; its keys are
    fetched anew when a signature names one that is not known.
    """

    def __init__(self, issuer: str, client_id: str, client_secret: str, clock: Clock) -> None:
        self._issuer = issuer.rstrip("/")
        self._client = (client_id, client_secret)
        self._clock = clock
        self._http = httpx2.Client(timeout=TIMEOUT_S, follow_redirects=False)
        self._lock = Lock()
        self._published: dict[str, Any] = {}
        self._keys: KeySet | None = None

    def begin(self, redirect_uri: str) -> Challenge:
        """Where to send a person, and what to keep until they come back."""
        state, nonce, verifier = token_urlsafe(32), token_urlsafe(32), token_urlsafe(48)
        digest = sha256(verifier.encode()).digest()
        query = {
            "response_type": "code",
            "scope": "openid email profile",
            "client_id": self._client[0],
            "redirect_uri": redirect_uri,
            "state": state,
            "nonce": nonce,
            "code_challenge": urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        url = f"{self._endpoint('authorization_endpoint')}?{urlencode(query)}"
        return Challenge(url=url, state=state, nonce=nonce, verifier=verifier)

    def finish(self, redirect_uri: str, challenge: Challenge, code: str) -> Identity:
        """Redeem ``code``, and check every claim of the answer."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": challenge.verifier,
            "client_id": self._client[0],
        }
        answer = self._asked("POST", self._endpoint("token_endpoint"), data=form, auth=self._auth)
        if answer.is_client_error:
            raise Unauthenticated("the identity provider refused the code; sign in again")
        claims = self._claims(str(_object(answer).get("id_token", "")), challenge.nonce)
        verified = claims.get("email_verified") is True
        return Identity(
            issuer=self._issuer,
            subject=str(claims["sub"]),
            email=str(claims.get("email", "")) if verified else "",
        )

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    @property
    def _auth(self) -> tuple[str, str] | None:
        # A client without a secret is a public one, whom PKCE alone protects.
        return self._client if self._client[1] else None

    def _claims(self, token: str, nonce: str) -> dict[str, Any]:
        expected = jwt.JWTClaimsRegistry(
            now=lambda: int(self._clock().timestamp()),
            leeway=LEEWAY_S,
            iss={"essential": True, "value": self._issuer},
            aud={"essential": True, "value": self._client[0]},
            nonce={"essential": True, "value": nonce},
            sub={"essential": True},
            exp={"essential": True},
        )
        try:
            claims = self._decoded(token)
            expected.validate(claims)
        except (JoseError, ValueError) as error:
            raise Unauthenticated(
                f"the identity provider's answer proves nobody: {error}"
            ) from error
        return claims

    def _decoded(self, token: str) -> dict[str, Any]:
        try:
            return jwt.decode(token, self._key_set(), ALGORITHMS).claims
        except JoseError:
            return jwt.decode(token, self._key_set(anew=True), ALGORITHMS).claims

    def _key_set(self, *, anew: bool = False) -> KeySet:
        with self._lock:
            if self._keys is None or anew:
                address = self._endpoint("jwks_uri")
                self._keys = KeySet.import_key_set(_object(self._asked("GET", address)))  # type: ignore[arg-type]  # checked as it is imported
            return self._keys

    def _endpoint(self, name: str) -> str:
        if not self._published:
            found = _object(self._asked("GET", self._issuer + DISCOVERY))
            if str(found.get("issuer", "")).rstrip("/") != self._issuer:
                raise ProviderUnavailable(f"{self._issuer} says it is {found.get('issuer')}")
            self._published = found
        address = str(self._published.get(name, ""))
        if not _is_safe(address):
            raise ProviderUnavailable(f"{self._issuer} names no https {name}")
        return address

    def _asked(self, method: str, address: str, **said: Any) -> httpx2.Response:  # noqa: ANN401  httpx2's
        try:
            answer = self._http.request(method, address, **said)
        except httpx2.TransportError as error:
            raise ProviderUnavailable(f"no answer from {self._issuer}: {error}") from error
        if answer.is_server_error or answer.is_redirect:
            raise ProviderUnavailable(f"{address} answered {answer.status_code}")
        return answer


def _object(answer: httpx2.Response) -> dict[str, Any]:
    try:
        found = answer.json()
    except ValueError as error:
        raise ProviderUnavailable(f"{answer.url} answered no JSON") from error
    if not isinstance(found, dict):
        raise ProviderUnavailable(f"{answer.url} answered no JSON object")
    return found


def _is_safe(address: str) -> bool:
    parts = urlsplit(address)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
