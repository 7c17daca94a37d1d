"""A simulated cloud, its levers, and the client that reads it."""

import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx2

from quarterdeck.governance.connections.model import Connection
from quarterdeck.kernel.clock import utc_now
from quarterdeck.kernel.ids import ConnectionId, TenantId
from quarterdeck.providers.azure.cloud import AzureCloud
from quarterdeck.providers.azure.clouds import AzureClouds, Recorder
from quarterdeck.providers.azure.options import AzureOptions, Patience
from quarterdeck.providers.simulator.server import Access, Running

QUICK = Patience(attempts=3, total_s=20, first_wait_s=0.001, longest_wait_s=0.002)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """A running simulator and a client of its levers."""

    running: Running
    http: httpx2.Client

    def tenant(self, number: int = 0) -> Access:
        return self.running.tenants[number]

    def estate(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.http.get("/_simulator/estate").json()
        return found

    def subscription(self, number: int = 0, tenant: int = 0) -> str:
        return str(self.estate()[tenant]["subscriptions"][number]["id"])

    def fault(self, kind: str, **more: object) -> None:
        answer = self.http.post("/_simulator/faults", json={"kind": kind, **more})
        assert answer.status_code == 201, answer.text

    def faults(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.http.get("/_simulator/faults").json()
        return found

    def calm(self) -> None:
        for lever in (
            "faults",
            "lacks",
            "delegations",
            "credentials",
            "incidents",
            "directory",
            "budgets",
        ):
            self.http.delete(f"/_simulator/{lever}")
        self.http.put("/_simulator/quotas", json={"binding": False})

    def lever(self, name: str, method: str = "POST", **said: object) -> dict[str, Any]:
        answer = self.http.request(method, f"/_simulator/{name}", json=said)
        assert answer.is_success, answer.text
        told: dict[str, Any] = answer.json()
        return told

    def get(self, path: str, tenant: int = 0, /, **asked: str) -> httpx2.Response:
        """Read Azure Resource Manager."""
        asked = {"api-version": "any"} | asked
        return self.http.get(path, params=asked, headers=self.bearer(tenant))

    def post(
        self, path: str, body: object = None, tenant: int = 0, /, **asked: str
    ) -> httpx2.Response:
        """Ask Azure Resource Manager."""
        asked = {"api-version": "any"} | asked
        return self.http.post(path, params=asked, json=body, headers=self.bearer(tenant))

    def graph(self, path: str, tenant: int = 0, /, **asked: str) -> httpx2.Response:
        """Read Microsoft Graph."""
        headers = self.bearer(tenant, "https://graph.microsoft.com")
        return self.http.get(f"/v1.0/{path}", params=asked or None, headers=headers)

    def bearer(
        self, tenant: int = 0, resource: str = "https://management.azure.com"
    ) -> Mapping[str, str]:
        one = self.tenant(tenant)
        form = {
            "grant_type": "client_credentials",
            "client_id": one.client_id,
            "client_secret": one.client_secret,
            "scope": f"{resource}/.default",
        }
        answer = self.http.post(f"/{one.tenant_id}/oauth2/v2.0/token", data=form)
        return {"authorization": f"Bearer {answer.json()['access_token']}"}


@contextmanager
def rehearsing(running: Running) -> Iterator[Rehearsal]:
    """Levers for a simulator."""
    trust = ssl.create_default_context(cafile=running.ca_file)
    with httpx2.Client(base_url=running.url, verify=trust, trust_env=False) as http:
        yield Rehearsal(running=running, http=http)


def options_for(running: Running, **changes: Any) -> AzureOptions:  # noqa: ANN401  any option
    """The client's options for a simulator; quick to give up."""
    options = AzureOptions(
        endpoint=running.url,
        authority=running.authority,
        graph=running.url,
        ca_file=Path(running.ca_file),
        patience=QUICK,
    )
    return replace(options, **changes)


@contextmanager
def clouds(
    options: AzureOptions,
    environ: Mapping[str, str] | None = None,
    recording: Recorder | None = None,
) -> Iterator[AzureClouds]:
    """Clouds that are closed at the end."""
    opened = AzureClouds(options, utc_now, environ or {}, recording)
    try:
        yield opened
    finally:
        opened.close()


@contextmanager
def cloud_of(
    rehearsal: Rehearsal,
    tenant: int = 0,
    recording: Recorder | None = None,
    **changes: Any,  # noqa: ANN401  any option
) -> Iterator[AzureCloud]:
    """The cloud of a simulated directory, as its own application."""
    access = rehearsal.tenant(tenant)
    environ = {"SECRET": access.client_secret}
    with clouds(options_for(rehearsal.running, **changes), environ, recording) as opened:
        yield opened.open(connection(access))


def connection(access: Access, reference: str = "env:SECRET", **changes: Any) -> Connection:  # noqa: ANN401  any field
    """A connection to a simulated directory."""
    whole = Connection(
        id=ConnectionId("c1"),
        tenant=TenantId("t1"),
        directory=access.tenant_id,
        name=access.name,
        client=access.client_id,
        secret=reference,
        created_at=utc_now(),
    )
    return replace(whole, **changes)


def everything(cloud: AzureCloud) -> list[bytes]:
    """Every resource of every subscription."""
    pages = (page for one in cloud.subscriptions() for page in cloud.resources(one.id))
    return [item for page in pages for item in page.items]
