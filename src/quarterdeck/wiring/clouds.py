"""The clouds that are asked, and who signs people in."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from quarterdeck.access.authentication.ports import IdentityProvider
from quarterdeck.kernel.clock import utc_now
from quarterdeck.kernel.settings import Settings

if TYPE_CHECKING:
    from quarterdeck.providers.azure.clouds import AzureClouds
    from quarterdeck.providers.azure.options import AzureOptions
    from quarterdeck.providers.azure.status import AzureStatus


def open_clouds(settings: Settings) -> AzureClouds:
    """The clouds behind connections."""
    # Whoever only answers asks no cloud: 0.7 s and 25 MB.
    from quarterdeck.providers.azure.clouds import AzureClouds  # noqa: PLC0415
    from quarterdeck.providers.azure.recording import RecordingFolder  # noqa: PLC0415

    record = settings.azure_record
    recording = RecordingFolder(Path(record), utc_now) if record else None
    return AzureClouds(azure_options(settings), utc_now, os.environ, recording)


def azure_options(settings: Settings) -> AzureOptions:
    """How Azure is reached."""
    from quarterdeck.providers.azure.options import (  # noqa: PLC0415
        AzureOptions,
        neighbours,
        own_vault,
    )

    graph, status = neighbours(settings.azure_endpoint)
    return AzureOptions(
        endpoint=settings.azure_endpoint,
        authority=settings.azure_authority,
        graph=settings.azure_graph_endpoint or graph,
        status=settings.azure_status_url or status,
        vault_endpoint=own_vault(settings.azure_endpoint),
        ca_file=Path(settings.azure_ca) if settings.azure_ca else None,
        directory=settings.azure_managing_tenant,
        client=settings.azure_client_id,
        secret=settings.azure_client_secret,
        ambient=settings.azure_machine_identity,
        resource_graph=settings.azure_resource_graph,
    )


def cloud_status(settings: Settings) -> AzureStatus:
    """Asks the cloud how it does."""
    from quarterdeck.providers.azure.status import AzureStatus  # noqa: PLC0415

    return AzureStatus(options=azure_options(settings))


def identity_provider(settings: Settings) -> IdentityProvider | None:
    """Who signs people in, where one is set."""
    if not settings.oidc_issuer:
        return None
    from quarterdeck.providers.oidc.provider import OidcProvider  # noqa: PLC0415  where it is set

    client = (settings.oidc_client_id, settings.oidc_client_secret)
    return OidcProvider(settings.oidc_issuer, *client, utc_now)
