"""A key of Azure Key Vault that wraps and unwraps; it never leaves the vault.

https://learn.microsoft.com/rest/api/keyvault/keys/wrap-key, .../unwrap-key, .../get-key.
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import msgspec

from quarterdeck.governance.cloud.ports import CloudFailure, Denied, FailureClass
from quarterdeck.providers.azure.answers import NotThere, NotUnderstood
from quarterdeck.providers.azure.asks import Api, Ask
from quarterdeck.providers.azure.client import Client
from quarterdeck.providers.azure.listing import decoded, same_place, unreadable
from quarterdeck.providers.azure.options import AzureOptions
from quarterdeck.providers.azure.transport import Answer
from quarterdeck.trail.keys.model import KmsFailed, KmsUnknown, Wrapped

SCHEME = "azurekeyvault:"
ALGORITHM = "RSA-OAEP-256"
VERSION = "api-version=7.4"
PATH = re.compile(r"/keys/[A-Za-z0-9-]{1,127}/?")
NEEDS = "Key Vault Crypto User on the key or its vault"

ENABLE = "enable it: az keyvault key set-attributes --enabled true"
REFUSALS = (
    ("firewall|client address|trusted service|public network", "let this machine in to the vault"),
    ("disabled key", ENABLE),
    ("expired key|not yet valid|validity", "change the dates between which it holds"),
    ("not permitted on this key", "allow the key wrapKey and unwrapKey (key_ops)"),
)
"""What a 403 says, and what to do; any other is for want of a role.

https://learn.microsoft.com/azure/key-vault/general/rest-error-codes.
"""

ADVICE = {
    FailureClass.AUTHENTICATION: "correct azure_client_id, its directory, or kms_credential",
    FailureClass.RATE_LIMIT: "the vault has too many requests: try again later",
    FailureClass.TIMEOUT: "see that the vault can be reached from here (DNS, private endpoint)",
    FailureClass.DATA: "see that the address is that of a vault",
    FailureClass.UNKNOWN: "try again later; see the vault's own health",
}

Opened = Callable[[], AbstractContextManager[Client]]


class Attributes(msgspec.Struct, frozen=True):
    """Of a key, as far as they matter here."""

    enabled: bool = True


class JsonWebKey(msgspec.Struct, frozen=True):
    """The public part of a key; ``kid`` names it with its version."""

    kid: str
    kty: str


class KeyBundle(msgspec.Struct, frozen=True):
    """A key as the vault shows it."""

    key: JsonWebKey
    attributes: Attributes = Attributes()


class Result(msgspec.Struct, frozen=True):
    """What an operation with a key came to, in base64url."""

    value: str


BUNDLE = msgspec.json.Decoder(KeyBundle)
RESULT = msgspec.json.Decoder(Result)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyVault:
    """The KMS ``azurekeyvault:https://VAULT/keys/NAME``.

    Attributes:
        address: https://VAULT/keys/NAME.
        opened: a client that may use the key, for one call.
    """

    address: str
    opened: Opened

    @property
    def name(self) -> str:
        """Scheme and address."""
        return f"{SCHEME}{self.address}"

    def wrap(self, secret: bytes) -> Wrapped:
        """Under the version that is current in the vault."""
        with self._asking("wrap") as client:
            version = f"{self.address}/{self._newest(client)}"
            content = client.read(_operation(version, "wrapkey", secret), _value)
        return Wrapped(version=version, algorithm=ALGORITHM, content=content)

    def unwrap(self, wrapped: Wrapped) -> bytes:
        """Under the version that wrapped it, current or not."""
        if not wrapped.version.startswith(f"{self.address}/") or wrapped.algorithm != ALGORITHM:
            raise KmsFailed(
                f"{wrapped.version} ({wrapped.algorithm}) is no version of the key {self.address}: "
                "put kms.json back from your key backup (quarterdeck keys restore)"
            )
        with self._asking("unwrap") as client:
            return client.read(_operation(wrapped.version, "unwrapkey", wrapped.content), _value)

    def _newest(self, client: Client) -> str:
        found = client.read(Ask(api=Api.VAULT, url=f"{self.address}?{VERSION}", needs=NEEDS), _key)
        if not found.attributes.enabled:
            raise KmsFailed(f"the key {self.address} is disabled; {ENABLE}")
        if not found.key.kty.startswith("RSA"):
            raise KmsFailed(
                f"the key {self.address} is of the type {found.key.kty}: name one of RSA or RSA-HSM"
            )
        return found.key.kid.rsplit("/", 1)[-1]

    @contextmanager
    def _asking(self, verb: str) -> Iterator[Client]:
        try:
            with self.opened() as client:
                yield client
        except CloudFailure as failure:
            wait_s = max(1, round(failure.retry_after_s or 0))
            words = f"the key {self.address} does not {verb}: {failure}; {advice(failure)}"
            raise KmsFailed(words, wait_s) from failure


def advice(failure: CloudFailure) -> str:
    """What to do about a failure of the vault."""
    if isinstance(failure, Denied):
        said = (do for words, do in REFUSALS if re.search(words, str(failure), re.IGNORECASE))
        return next(said, f"grant {NEEDS}, and give it a minute to hold")
    if isinstance(failure, NotThere):
        return "recover it (az keyvault key recover), or correct the name in kms"
    if isinstance(failure, NotUnderstood):
        return "this version did not wrap it, or the vault does not know RSA-OAEP-256"
    return ADVICE[failure.kind]


def address_of(name: str, options: AzureOptions) -> str:
    """https://VAULT/keys/NAME; a token goes to vaults of the configured domain alone.

    Raises KmsUnknown; a version is none of it, since a newer one shall be found.
    """
    address = name.removeprefix(SCHEME).rstrip("/")
    parts = urlsplit(address)
    host = (parts.hostname or "").lower()
    ours = host.endswith(f".{options.vault_domain}") or (
        options.vault_endpoint and same_place(address, options.vault_endpoint)
    )
    plain = parts.scheme == "https" and "@" not in parts.netloc and not parts.query
    if not (ours and plain and PATH.fullmatch(parts.path)):
        raise KmsUnknown(
            f"kms must be {SCHEME}https://VAULT.{options.vault_domain}/keys/NAME, without a "
            f"version; got {name!r}"
        )
    return f"https://{parts.netloc.lower()}{parts.path}"


def _operation(version: str, verb: str, content: bytes) -> Ask:
    value = urlsafe_b64encode(content).decode().rstrip("=")
    body = msgspec.json.encode({"alg": ALGORITHM, "value": value})
    url = f"{version}/{verb}?{VERSION}"
    return Ask(api=Api.VAULT, url=url, needs=NEEDS, method="POST", body=body)


def _key(answer: Answer) -> KeyBundle:
    return decoded(answer, BUNDLE)


def _value(answer: Answer) -> bytes:
    text = decoded(answer, RESULT).value
    try:
        return urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError as error:
        raise unreadable(answer, f"not base64url: {error}", passing=False) from error
