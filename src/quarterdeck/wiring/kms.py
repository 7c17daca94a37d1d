"""The KMS that wraps the keys of logs: a vault in Azure, or a file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from quarterdeck.kernel.clock import utc_now
from quarterdeck.kernel.installation import Installation
from quarterdeck.kernel.settings import Settings
from quarterdeck.trail.keys.keyfile import open_key_file
from quarterdeck.trail.keys.keystore import KeyStore
from quarterdeck.trail.keys.ports import Kms, OpenKms
from quarterdeck.wiring.clouds import azure_options

if TYPE_CHECKING:
    from quarterdeck.providers.azure.client import Client
    from quarterdeck.providers.azure.options import AzureOptions

VAULT = "azurekeyvault:"
ATTEMPTS, TOTAL_S, LONGEST_WAIT_S = 3, 20.0, 5.0
CONNECT_S, SILENCE_S = 5.0, 10.0
"""A start waits for the answer, and a check of readiness: neither as long as a sync may."""


def kms_of(settings: Settings) -> OpenKms:
    """The KMS of a name; raises KmsUnknown."""

    def opened(name: str) -> Kms:
        return _vault(settings, name) if name.startswith(VAULT) else open_key_file(name)

    return opened


def key_store(settings: Settings, installation: Installation) -> KeyStore:
    """The keys of an installation; nobody was asked to unwrap anything yet."""
    return KeyStore(installation.keys, utc_now, kms_of(settings))


def _vault(settings: Settings, name: str) -> Kms:
    # Whose KMS is another asks no cloud: 0.7 s and 25 MB.
    from quarterdeck.providers.azure.keyvault import KeyVault, address_of  # noqa: PLC0415

    options = _hasty(azure_options(settings))
    opened = partial(_platform, options, settings.kms_credential)
    return KeyVault(address=address_of(name, options), opened=opened)


@contextmanager
def _platform(options: AzureOptions, credential: str) -> Iterator[Client]:
    from quarterdeck.providers.azure.clouds import AzureClouds  # noqa: PLC0415

    with closing(AzureClouds(options, utc_now, os.environ)) as clouds:
        yield clouds.platform(credential)


def _hasty(options: AzureOptions) -> AzureOptions:
    from quarterdeck.providers.azure.options import Patience  # noqa: PLC0415

    patience = Patience(
        attempts=ATTEMPTS,
        total_s=TOTAL_S,
        longest_wait_s=LONGEST_WAIT_S,
        longest_asked_s=LONGEST_WAIT_S,
    )
    return replace(
        options, patience=patience, connect_s=CONNECT_S, silence_s=SILENCE_S, answer_s=SILENCE_S
    )
