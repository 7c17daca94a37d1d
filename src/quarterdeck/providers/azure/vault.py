"""Client secrets that stand in Azure Key Vault, read as the platform itself.

https://learn.microsoft.com/rest/api/keyvault/secrets/get-secret.
"""

import re
from urllib.parse import urlsplit

import msgspec

from quarterdeck.governance.cloud.ports import CloudFailure, Denied, FailureClass
from quarterdeck.providers.azure.asks import Api, Ask
from quarterdeck.providers.azure.client import Client
from quarterdeck.providers.azure.listing import decoded, same_place
from quarterdeck.providers.azure.options import AzureOptions
from quarterdeck.providers.azure.secrets import refused
from quarterdeck.providers.azure.transport import Answer

NAME = re.compile(r"(?P<vault>[A-Za-z0-9-]{3,24})/(?P<path>[A-Za-z0-9-]{1,127}(/[0-9a-f]{32})?)")
PATH = re.compile(r"/secrets/[A-Za-z0-9-]{1,127}(/[0-9a-f]{32})?/?")
VERSION = "api-version=7.4"
NEEDS = "Key Vault Secrets User on the vault"


class Bundle(msgspec.Struct, frozen=True):
    """A secret as the vault sends it."""

    value: str


BUNDLE = msgspec.json.Decoder(Bundle)


def fetch(client: Client, reference: str, options: AzureOptions) -> str:
    """The secret behind ``VAULT/NAME`` or an address; read anew, so a rotation holds.

    Raises CloudFailure; whoever may not read the vault is told which role would do.
    """
    ask = Ask(api=Api.VAULT, url=f"{address(reference, options)}?{VERSION}", needs=NEEDS)
    try:
        return client.read(ask, value)
    except Denied as denied:
        message = f"the platform may not read its secret from the vault: {denied}; grant {NEEDS}"
        raise CloudFailure(
            FailureClass.AUTHENTICATION, message, request_id=denied.request_id
        ) from denied


def address(reference: str, options: AzureOptions) -> str:
    """Where a secret is; a token goes to vaults of the configured domain alone."""
    if named := NAME.fullmatch(reference):
        return f"https://{named['vault']}.{options.vault_domain}/secrets/{named['path']}"
    parts = urlsplit(reference)
    host = (parts.hostname or "").lower()
    ours = host.endswith(f".{options.vault_domain}") or (
        options.vault_endpoint and same_place(reference, options.vault_endpoint)
    )
    if parts.scheme != "https" or not ours or not PATH.fullmatch(parts.path) or "@" in parts.netloc:
        raise refused(
            f"the secret's address must be https://VAULT.{options.vault_domain}/secrets/NAME"
        )
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def value(answer: Answer) -> str:
    """The secret in an answer."""
    return decoded(answer, BUNDLE).value
