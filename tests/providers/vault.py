"""The simulator's vault, and an installation beside it."""

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from functools import partial

from providers.rehearsal import Rehearsal, options_for
from quarterdeck.kernel.clock import utc_now
from quarterdeck.kernel.settings import Settings
from quarterdeck.providers.azure.client import Client
from quarterdeck.providers.azure.clouds import AzureClouds
from quarterdeck.providers.azure.keyvault import KeyVault
from quarterdeck.trail.keys.seal import new_key

NAME = "quarterdeck"
API = {"api-version": "7.4"}


class Vault:
    """The simulator's vault, with a new key of ours, and its levers."""

    def __init__(self, simulator: Rehearsal) -> None:
        self.simulator = simulator
        self.key = f"{NAME}-{new_key().hex()[:8]}"
        self.ask("POST", f"/keys/{self.key}/create")

    @property
    def address(self) -> str:
        return f"{self.simulator.running.url}/keys/{self.key}"

    def ask(self, method: str, path: str, **said: object) -> Mapping[str, Mapping[str, str]]:
        headers = self.simulator.bearer(0, "https://vault.azure.net")
        answer = self.simulator.http.request(
            method, path, params=API, headers=headers, json=said or None
        )
        assert answer.is_success, answer.text
        told: Mapping[str, Mapping[str, str]] = answer.json()
        return told

    def rotate(self) -> None:
        self.ask("POST", f"/keys/{self.key}/rotate")

    def enable(self, version: str, *, enabled: bool) -> None:
        self.ask("PATCH", f"/keys/{self.key}/{version}", attributes={"enabled": enabled})

    def kms(self, tenant: int = 0, **changes: object) -> KeyVault:
        """As the application of a directory; quick to give up."""
        return KeyVault(address=self.address, opened=partial(self.opened, tenant, changes))

    @contextmanager
    def opened(self, tenant: int, changes: Mapping[str, object]) -> Iterator[Client]:
        access = self.simulator.tenant(tenant)
        options: dict[str, object] = {
            "directory": access.tenant_id,
            "client": access.client_id,
            "secret": access.client_secret,
            "vault_endpoint": self.simulator.running.url,
        }
        made = options_for(self.simulator.running, **options | dict(changes))
        with closing(AzureClouds(made, utc_now, {})) as clouds:
            yield clouds.platform()


def settings(simulator: Rehearsal, **more: object) -> Settings:
    """Those of an installation beside the simulator, as an operator writes them."""
    access, running = simulator.tenant(), simulator.running
    told: dict[str, object] = {
        "azure_endpoint": running.url,
        "azure_authority": running.authority,
        "azure_ca": running.ca_file,
        "azure_client_id": access.client_id,
        "azure_client_secret": access.client_secret,
        "azure_managing_tenant": access.tenant_id,
    }
    return Settings(**(told | more))  # type: ignore[arg-type]  # as each field says
