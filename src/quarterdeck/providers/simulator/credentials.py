"""Proofs of an application other than a secret: a certificate, or a token of another issuer.

Source: https://learn.microsoft.com/entra/identity-platform/certificate-credentials and
.../workload-identities/workload-identity-federation.
"""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

ALGORITHMS = ["RS256", "PS256"]
EXCHANGE = "api://AzureADTokenExchange"
NO_CREDENTIAL = 7000212
WRONG_SIGNATURE = 700027
EXPIRED = 700024


class Unproven(Exception):
    """An assertion that proves nothing, with the AADSTS code that says why."""

    def __init__(self, code: int, words: str) -> None:
        super().__init__(words)
        self.code = code


class Credential(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What an application may prove itself by.

    Attributes:
        pem: a certificate, or the public key (RSA) of the issuer.
        issuer: of the tokens of a federated identity; empty for a certificate of one's own.
        subject: of those tokens.
    """

    tenant: str
    pem: str
    issuer: str = ""
    subject: str = ""
    audience: str = EXCHANGE

    def key(self) -> RSAKey:
        """The key that signs; raises ValueError for what is none."""
        text = self.pem.encode()
        public = public_key_of(text) if b"CERTIFICATE" in text else load_pem_public_key(text)
        return RSAKey.import_key(
            public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        )


def public_key_of(text: bytes) -> PublicKeyTypes:
    """The public key of a certificate."""
    return x509.load_pem_x509_certificate(text).public_key()


def proven(
    assertion: str, credentials: Sequence[Credential], client: str, now: datetime
) -> Credential:
    """The credential that signed an assertion for ``client``; raises Unproven if none did."""
    for one in credentials:
        try:
            token = jwt.decode(assertion, one.key(), algorithms=ALGORITHMS)
        except JoseError:
            continue
        checked(token.claims, one, client, now)
        return one
    words = "The certificate or key used to sign the client assertion is not registered."
    raise Unproven(WRONG_SIGNATURE, words)


def checked(claims: dict[str, object], credential: Credential, client: str, now: datetime) -> None:
    """Refuse an assertion that is signed well and says the wrong thing."""
    federated = bool(credential.issuer)
    expected = {
        "iss": credential.issuer if federated else client,
        "sub": credential.subject if federated else client,
    }
    if federated:
        expected["aud"] = credential.audience
    for name, value in expected.items():
        if claims.get(name) != value:
            words = f"No matching federated identity record found: {name} is {claims.get(name)}."
            raise Unproven(NO_CREDENTIAL, words)
    ends = claims.get("exp")
    if not isinstance(ends, (int, float)) or ends <= now.timestamp():
        raise Unproven(EXPIRED, "The client assertion is not within its valid time range.")
